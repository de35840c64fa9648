/* SPDX-License-Identifier: ISC */
/* What systemd is told, and what it hands over. */
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define TEXT_SIZE 1024

/* How long a message that matters may wait for its reader. */
#define PATIENCE_MS 1000

/* The address of $NOTIFY_SOCKET: a path, or @name in the abstract space. */
static socklen_t
notify_address(struct sockaddr_un *un)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path != NULL ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(un->sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return 0;
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(un->sun_path, path, len);
	if (path[0] == '@')
		un->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool
notify_is_wanted(void)
{
	struct sockaddr_un un;

	return notify_address(&un) != 0;
}

/* When a reader that is slow is waited for. */
enum weight {
	SAID_AGAIN, /* never, as it soon is */
	MATTERS,    /* unless it was in vain before: there may be many */
	DECIDES     /* always: systemd waits for it */
};

/* A signal ends a wait that has a limit, so that it is begun again. */
static ssize_t
send_patiently(int fd, const struct msghdr *message)
{
	static const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;
	ssize_t sent;

	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	do
		sent = sendmsg(fd, message, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR && clock_monotonic_ms() < end_ms);
	return sent;
}

/* Whoever supervises us sees what is missing; there is no one else to tell. */
static bool
send_message(const struct msghdr *message, enum weight weight)
{
	static bool is_stuck; /* it did not read in time: wait no more */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool wait = weight == DECIDES || (weight == MATTERS && !is_stuck);
	ssize_t sent;

	if (fd == -1)
		return false;
	sent = wait ? send_patiently(fd, message)
		    : sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent != -1)
		is_stuck = false;
	else if (wait && errno == EAGAIN)
		is_stuck = true;
	close(fd);
	return sent != -1;
}

/* Sends the text, with a copy of fd unless it is -1. */
static bool
send_text(const char *text, size_t len, int fd, enum weight weight)
{
	struct sockaddr_un un;
	struct iovec data = { (void *)text, len };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = { .msg_name = &un,
		.msg_namelen = notify_address(&un),
		.msg_iov = &data,
		.msg_iovlen = 1 };

	if (message.msg_namelen == 0)
		return false;
	if (fd != -1) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	return send_message(&message, weight);
}

static void send_format(enum weight weight, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
send_format(enum weight weight, const char *format, va_list ap)
{
	char text[TEXT_SIZE];
	int len = vsnprintf(text, sizeof(text), format, ap);

	if (len > 0)
		(void)send_text(text, strnlen(text, sizeof(text)), -1, weight);
}

void
notify_send(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	send_format(MATTERS, format, ap);
	va_end(ap);
}

void
notify_try(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	send_format(SAID_AGAIN, format, ap);
	va_end(ap);
}

void
notify_ready(void)
{
	static const char text[] = "READY=1";

	(void)send_text(text, strlen(text), -1, DECIDES);
}

void
notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

bool
notify_store(int fd, const char *name)
{
	char text[TEXT_SIZE];
	int len = snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);

	return len > 0 && (size_t)len < sizeof(text) &&
	    send_text(text, (size_t)len, fd, MATTERS);
}

void
notify_remove(const char *name)
{
	notify_send("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

/* True when the other end was closed within so many ms, signals or not. */
static bool
await_close(int fd, int64_t ms)
{
	struct pollfd closed = { .fd = fd };
	int64_t end_ms = clock_monotonic_ms() + ms;
	int result;

	do {
		result = poll(&closed, 1, (int)ms);
		ms = end_ms - clock_monotonic_ms();
	} while (result == -1 && errno == EINTR && ms > 0);
	return result == 1;
}

/*
 * The manager closes the descriptor that comes with it when it has read this
 * far (sd_notify_barrier(3)); one too old for it closes it, too. True when it
 * has in time; where it is stuck, as it did not before, it is waited for no
 * more.
 */
static bool
pass_barrier(bool *is_stuck)
{
	static const char text[] = "BARRIER=1";
	bool sent;
	int ends[2];

	if (!notify_is_wanted() || pipe2(ends, O_CLOEXEC) == -1)
		return false;
	sent = send_text(text, strlen(text), ends[1], MATTERS);
	close(ends[1]);
	*is_stuck = !await_close(ends[0], *is_stuck ? 0 : PATIENCE_MS);
	close(ends[0]);
	return sent && !*is_stuck;
}

void
notify_barrier(void)
{
	static bool is_stuck;

	(void)pass_barrier(&is_stuck);
}

/*
 * A manager whose store is closed has closed what it was sent by the time that
 * it comes to the barrier. $FDSTORE would tell, but systemd 252 has none. One
 * that is slow while the machine starts is waited for later all the same.
 */
bool
notify_refuses_to_store(void)
{
	static const char name[] = "probe";
	bool refuses, is_stuck = false;
	int ends[2];

	if (!notify_is_wanted() || pipe2(ends, O_CLOEXEC) == -1)
		return false;
	refuses = notify_store(ends[1], name);
	close(ends[1]);
	refuses = pass_barrier(&is_stuck) && refuses && await_close(ends[0], 0);
	if (!refuses)
		notify_remove(name);
	close(ends[0]);
	return refuses;
}

/* The number in a variable: decimal digits and nothing else, or 0. */
static uint64_t
number(const char *variable)
{
	const char *text = getenv(variable);
	unsigned long long value;
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : 0;
}

uint64_t
notify_watchdog_ms(void)
{
	bool ours = getenv("WATCHDOG_PID") == NULL ||
	    number("WATCHDOG_PID") == (uint64_t)getpid();

	return ours ? number("WATCHDOG_USEC") / 1000 : 0;
}

int
notify_listen_count(void)
{
	uint64_t count = number("LISTEN_FDS");
	bool ours = number("LISTEN_PID") == (uint64_t)getpid();

	return ours && count < 65536 ? (int)count : 0;
}

const char *
notify_listen_names(void)
{
	const char *names = getenv("LISTEN_FDNAMES");

	return names != NULL ? names : "";
}
