/* SPDX-License-Identifier: ISC */
/* Waiting until systemd has read what it was told. */
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "check_manager.h"

/* A manager that reads a barrier and then lets go of it, in a process. */
static pid_t
start_reader(int manager, atomic_bool *seen)
{
	struct pollfd ready = { .fd = manager, .events = POLLIN };
	pid_t pid = fork();
	char text[TEXT_SIZE];

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	(void)poll(&ready, 1, 10000);
	(void)receive(manager, text); /* closed by the exit */
	*seen = strcmp(text, "BARRIER=1") == 0;
	_exit(0);
}

/* It waits until the manager has read so far. */
START_TEST(test_barrier)
{
	char path[NET_PATH_SIZE];
	atomic_bool *seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int manager = open_manager(net_path(path, "", "notify"));
	unsigned before = net_count_descriptors();
	pid_t pid;

	ck_assert_ptr_ne(seen, MAP_FAILED);
	pid = start_reader(manager, seen);
	notify_barrier();
	ck_assert(*seen);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(net_count_descriptors(), before);
	close(manager);
}
END_TEST

/* Nobody reads: it is waited for once, a second, and then no more. */
START_TEST(test_barrier_stuck)
{
	char path[NET_PATH_SIZE], text[TEXT_SIZE];
	int manager = open_manager(net_path(path, "", "notify"));
	int64_t begin_ms = clock_monotonic_ms(), once_ms;
	int fd;

	notify_barrier();
	once_ms = clock_monotonic_ms() - begin_ms;
	ck_assert_int_ge(once_ms, 900);
	for (int i = 0; i < 5; i++)
		notify_barrier();
	ck_assert_int_lt(clock_monotonic_ms() - begin_ms, 5 * once_ms);
	for (int i = 0; i < 6; i++) {
		fd = receive(manager, text);
		ck_assert_int_ne(fd, -1);
		close(fd);
		ck_assert_str_eq(text, "BARRIER=1");
	}
	close(manager);
}
END_TEST

/* Fills the queue that nobody reads; returns once nothing more fits. */
static void
fill_queue(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, getenv("NOTIFY_SOCKET"));
	while (sendto(fd, "X=1", 3, MSG_DONTWAIT, (struct sockaddr *)&un,
		   sizeof(un)) == 3)
		continue;
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
}

/* A reader that begins only when its parent waits; true: READY=1 came. */
static pid_t
start_late_reader(int manager)
{
	char path[64], text[TEXT_SIZE], state = 'R';
	pid_t parent = getpid(), pid = fork();
	ssize_t len;

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)parent);
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		ck_assert_int_eq(fscanf(file, "%*d %*s %c", &state), 1);
		fclose(file);
	}
	while (
	    (len = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[len] = '\0';
		if (strcmp(text, "READY=1") == 0)
			_exit(0);
		(void)poll(&(struct pollfd){ manager, POLLIN, 0 }, 1, 2000);
	}
	_exit(1);
}

/* Who did not read in time before is waited for all the same. */
START_TEST(test_ready_after_stuck)
{
	char path[NET_PATH_SIZE];
	int manager = open_manager(net_path(path, "", "notify")), status;
	int64_t begin_ms = clock_monotonic_ms();
	pid_t pid;

	fill_queue();
	notify_send("STATUS=in vain");
	ck_assert_int_ge(clock_monotonic_ms() - begin_ms, 900);
	pid = start_late_reader(manager);
	notify_ready();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(manager);
}
END_TEST

static void
do_nothing(int number)
{
	(void)number;
}

/* A signal amid a reload is no reason to go on too early. */
START_TEST(test_barrier_interrupted)
{
	struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	char path[NET_PATH_SIZE];
	int manager = open_manager(net_path(path, "", "notify"));
	int64_t begin_ms = clock_monotonic_ms();

	signal(SIGALRM, do_nothing);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	notify_barrier();
	ck_assert_int_ge(clock_monotonic_ms() - begin_ms, 900);
	close(manager);
}
END_TEST

/* A signal amid the wait for room is no reason to give up, either. */
START_TEST(test_ready_interrupted)
{
	struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	char path[NET_PATH_SIZE];
	int manager = open_manager(net_path(path, "", "notify"));
	int64_t begin_ms = clock_monotonic_ms();

	fill_queue();
	signal(SIGALRM, do_nothing);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	notify_ready();
	ck_assert_int_ge(clock_monotonic_ms() - begin_ms, 900);
	close(manager);
}
END_TEST

CHECK_MAIN("notify_barrier", test_barrier, test_barrier_stuck,
    test_barrier_interrupted, test_ready_after_stuck, test_ready_interrupted)
