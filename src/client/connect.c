/* SPDX-License-Identifier: ISC */
/* Sockets that never wait longer than a deadline. */
#include "client/connect.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* How soon a full queue of a unix socket is tried again. */
#define RETRY_MS 10

short
connect_wait(int fd, short events, int64_t deadline_ms)
{
	struct pollfd ready = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline_ms == DEADLINE_NEVER
		    ? -1
		    : deadline_ms - clock_monotonic_ms();

		if (left < 0 && deadline_ms != DEADLINE_NEVER)
			left = 0;
		if (left > INT32_MAX)
			left = INT32_MAX;
		if (poll(&ready, 1, (int)left) > 0)
			return ready.revents;
		if (left == 0)
			return 0;
	}
}

/* Waits for a connection under way. Returns 0 or its error. */
static int
finish_connect(int fd, int64_t deadline_ms)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect_wait(fd, POLLOUT, deadline_ms) == 0)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

/* Returns 0 or an error. A unix socket tells EAGAIN while its queue is full. */
static int
try_connect(int fd, const struct address *address, int64_t deadline_ms)
{
	while (connect(fd, &address->u.sa, address->len) == -1) {
		if (errno == EINPROGRESS || errno == EINTR)
			return finish_connect(fd, deadline_ms);
		if (errno != EAGAIN)
			return errno;
		if (clock_monotonic_ms() >= deadline_ms)
			return ETIMEDOUT;
		poll(NULL, 0, RETRY_MS);
	}
	return 0;
}

int
connect_address(const struct address *address, int64_t deadline_ms)
{
	bool is_stream = (address->transport & TRANSPORTS_STREAM) != 0;
	sa_family_t unnamed = AF_UNIX; /* alone: the system makes a name */
	int type = (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
	int fd = socket(address->u.sa.sa_family, type | SOCK_NONBLOCK, 0);
	int error = 0;

	if (fd == -1)
		return -1;
	if (address->transport == TRANSPORT_UNIXGRAM &&
	    bind(fd, (struct sockaddr *)&unnamed, sizeof(unnamed)) == -1)
		error = errno;
	if (error == 0)
		error = try_connect(fd, address, deadline_ms);
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/* How much an error tells of the server. */
static int
weight(int error)
{
	switch (error) {
	case 0:
		return 0;
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return 1; /* of this machine alone: it has no IPv6, say */
	case ECONNREFUSED:
		return 2; /* it may be another machine's refusal */
	default:
		return 3;
	}
}

int
connect_choose_error(int before, int now)
{
	return weight(now) > weight(before) ? now : before;
}

static size_t
count_streams(const struct target *target)
{
	size_t count = 0;

	for (size_t i = 0; i < target->list.count; i++)
		count +=
		    (target->list.items[i].transport & TRANSPORTS_STREAM) != 0;
	return count;
}

int
connect_stream(const struct target *target, int timeout_ms)
{
	int64_t end_ms = clock_monotonic_ms() + timeout_ms;
	size_t left = count_streams(target);
	int error = 0;

	for (size_t i = 0; left > 0; i++) {
		const struct address *address = &target->list.items[i];
		int64_t now_ms = clock_monotonic_ms();
		int fd;

		if ((address->transport & TRANSPORTS_STREAM) == 0)
			continue;
		fd = connect_address(
		    address, now_ms + (end_ms - now_ms) / (int64_t)left--);
		if (fd != -1)
			return fd;
		error = connect_choose_error(error, errno);
	}
	errno = error;
	return -1;
}

/* What went wrong, and what to do about it. */
static const struct reason {
	int error;
	const char *text;
} reasons[] = {
	{ ECONNREFUSED, "connection refused (is the server running there?)" },
	{ ECONNRESET,
	    "cut off: the server reset the connection (does it refuse "
	    "this machine, or so many?)" },
	{ EPIPE, "cut off: the server closed the connection" },
	{ ENETUNREACH, "no route to that network (see ip route)" },
	{ EHOSTUNREACH, "host unreachable (is it up, on this network?)" },
	{ ENOENT, "no such socket (is the server running?)" },
	{ EACCES, "permission denied (see the socket's mode, or a firewall)" },
	{ EPERM, "not permitted (see this machine's firewall)" },
	{ EMSGSIZE, "too long for one datagram" },
	{ EPROTOTYPE,
	    "the socket is of the other type (try unix: or unixgram:)" },
};

/* Any other address than those that a service on localhost listens on. */
static bool
is_beyond_localhost(const struct target *target)
{
	for (size_t i = 0; i < target->list.count; i++) {
		const struct address *address = &target->list.items[i];

		if (address->u.sa.sa_family == AF_INET
			? address->u.in.sin_addr.s_addr !=
			    htonl(INADDR_LOOPBACK)
			: address->u.sa.sa_family == AF_INET6 &&
			    !IN6_IS_ADDR_LOOPBACK(&address->u.in6.sin6_addr))
			return true;
	}
	return false;
}

void
connect_format_error(char text[CONNECT_ERROR_SIZE], const struct target *target,
    int error, int timeout_ms)
{
	const char *reason = strerror(error);

	if (error == ETIMEDOUT) {
		snprintf(text, CONNECT_ERROR_SIZE,
		    "no answer in %g s (is a server there, or a firewall "
		    "between? -t waits longer)",
		    timeout_ms / 1000.0);
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].error == error)
			reason = reasons[i].text;
	if (error == ECONNREFUSED && is_beyond_localhost(target))
		reason = "connection refused (is the server running there, and "
			 "not for its own localhost alone?)";
	snprintf(text, CONNECT_ERROR_SIZE, "%s", reason);
}

enum status
connect_complain(
    const struct target *target, unsigned transport, int error, int timeout_ms)
{
	char text[CONNECT_ERROR_SIZE];

	connect_format_error(text, target, error, timeout_ms);
	return target_complain(target, transport, "%s", text);
}
