/* SPDX-License-Identifier: ISC */
/* What system calls are left: each is tried in a process of its own. */
#include "daemon/syscalls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "check_main.h"

/* What the process ended with: a signal, or an exit status. */
#define SIGNALLED 1000

static int
end_of(void (*attempt)(void))
{
	char why[WHY_SIZE];
	pid_t child = fork();
	int status;

	ck_assert_int_ne(child, -1);
	if (child == 0) {
		if (syscalls_limit(why) == -1) {
			dprintf(STDERR_FILENO, "%s\n", why);
			_exit(99);
		}
		attempt();
		_exit(98);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* Ends with the error of a call that fails; 0: it did not. */
static void
end_with(long result)
{
	_exit(result == -1 ? errno : 0);
}

/* --- What ends the process */

static void
run_program(void)
{
	execl("/bin/true", "true", NULL);
}

static void
run_descriptor(void)
{
	char *const none[] = { NULL };

	fexecve(open("/bin/true", O_RDONLY), none, none);
}

static void
make_process(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
make_process_by_call(void)
{
	syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static void
run_shell(void)
{
	(void)!system("true");
}

static void
trace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
leave_namespace(void)
{
	unshare(CLONE_NEWUSER);
}

static void
load_program(void)
{
	syscall(SYS_bpf, 0, NULL, 0);
}

static void
make_ring(void)
{
	syscall(SYS_io_uring_setup, 1, NULL);
}

static void (*const deadly[])(void) = { run_program, run_descriptor,
	make_process, make_process_by_call, run_shell, trace, leave_namespace,
	load_program, make_ring };

START_TEST(test_deadly)
{
	for (size_t i = 0; i < COUNT(deadly); i++)
		ck_assert_msg(end_of(deadly[i]) == SIGNALLED + SIGSYS,
		    "deadly %zu: %d", i, end_of(deadly[i]));
}
END_TEST

/* --- What is not there */

static void
open_packets(void)
{
	end_with(socket(AF_PACKET, SOCK_RAW, 0));
}

static void
open_audit(void)
{
	end_with(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT));
}

static void
signal_parent(void)
{
	end_with(kill(getppid(), 0));
}

static void
signal_thread_of_parent(void)
{
	end_with(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static void
limit_parent(void)
{
	struct rlimit limit;

	end_with(prlimit(getppid(), RLIMIT_CORE, NULL, &limit));
}

static void
type_into_terminal(void)
{
	end_with(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static void
map_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	end_with(memory == MAP_FAILED ? -1 : 0);
}

static void
make_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	end_with(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static void
become_user(void)
{
	end_with(syscall(SYS_setresuid, getuid(), getuid(), getuid()));
}

static void
make_directory(void)
{
	end_with(mkdir("/tmp", 0700));
}

static void (*const missing[])(void) = { open_packets, open_audit,
	signal_parent, signal_thread_of_parent, limit_parent,
	type_into_terminal, map_code, make_code, become_user, make_directory };

START_TEST(test_missing)
{
	/* Strict, whatever is not listed is deadly. */
	for (size_t i = 0; i < COUNT(missing); i++) {
		int end = end_of(missing[i]);

		ck_assert_msg(end == ENOSYS || end == SIGNALLED + SIGSYS,
		    "missing %zu: %d", i, end);
	}
}
END_TEST

/* --- What is left */

static void
look_up(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct gaicb request = { .ar_name = "localhost", .ar_request = &hints };
	struct gaicb *list[] = { &request };

	_exit(getaddrinfo_a(GAI_WAIT, list, 1, NULL) != 0);
}

static void
ask_interface(void)
{
	_exit(if_nametoindex("lo") == 0);
}

static void
give_up(void)
{
	abort();
}

static void
open_sockets(void)
{
	static const int families[] = { AF_UNIX, AF_INET };

	for (size_t i = 0; i < COUNT(families); i++)
		if (socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1)
			end_with(-1);
	_exit(socket(AF_INET6, SOCK_DGRAM, 0) == -1 && errno == ENOSYS);
}

static void
raise_own_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		end_with(-1);
	end_with(setrlimit(RLIMIT_NOFILE, &limit));
}

START_TEST(test_left)
{
	ck_assert_int_eq(end_of(look_up), 0);
	ck_assert_int_eq(end_of(ask_interface), 0);
	ck_assert_int_eq(end_of(open_sockets), 0);
	ck_assert_int_eq(end_of(raise_own_limit), 0);
	ck_assert_int_eq(end_of(give_up), SIGNALLED + SIGABRT);
}
END_TEST

CHECK_MAIN("syscalls", test_deadly, test_missing, test_left)
