/* SPDX-License-Identifier: ISC */
/* A connection to the control socket, and what failed about it, in words. */
#include "client/control_private.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/connect.h"

/* Room for the longest question: a path and some headers. */
#define QUESTION_SIZE 4096

/* Read at a time; what comes in one piece is written in one piece too. */
#define PIECE_SIZE 65536

int
control_fail(char why[CONTROL_WHY_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, CONTROL_WHY_SIZE, format, ap);
	va_end(ap);
	return -1;
}

/* Who may use a socket that this user may not. */
static int
fail_denied(const struct address *address, char why[CONTROL_WHY_SIZE])
{
	const struct group *group;
	struct stat status;

	if (address->transport != TRANSPORT_UNIX ||
	    stat(address->u.un.sun_path, &status) == -1)
		return control_fail(why,
		    "permission denied to look for it "
		    "(see the modes of its directories)");
	group = getgrgid(status.st_gid);
	if ((status.st_mode & S_IWGRP) == 0 || group == NULL)
		return control_fail(why,
		    "permission denied (its owner alone "
		    "may use it: try sudo, or set socket-mode and "
		    "socket-group in the control section)");
	return control_fail(why,
	    "permission denied (the group %s may use it: "
	    "as root, adduser USER %s, then log in anew)",
	    group->gr_name, group->gr_name);
}

static int
fail(const struct control *control, int error, char why[CONTROL_WHY_SIZE])
{
	const struct address *address = &control->target.list.items[0];
	char text[CONNECT_ERROR_SIZE];

	if (error == EACCES)
		return fail_denied(address, why);
	if (error == ENOENT)
		return control_fail(why,
		    "no such socket (is netlabd running, "
		    "with a control section in its "
		    "configuration?)");
	if (error == ECONNREFUSED && address->transport == TRANSPORT_UNIX)
		return control_fail(why,
		    "connection refused (nobody serves "
		    "it any more: is netlabd running?)");
	if (error == ETIMEDOUT)
		return control_fail(why,
		    "no answer in %g s (netlabd is busy "
		    "or stopped; -t waits longer)",
		    control->timeout_ms / 1000.0);
	connect_format_error(
	    text, &control->target, error, control->timeout_ms);
	return control_fail(why, "%s", text);
}

/* Waits for the socket; false: the deadline is over, or it shall stop. */
static bool
wait_for(const struct control *control, int fd, short events,
    int64_t deadline_ms, bool *is_stopped)
{
	struct pollfd ready[] = {
		{ .fd = fd, .events = events },
		{ .fd = control->stop_fd, .events = POLLIN },
		{ .fd = control->reader_fd },
	};

	for (;;) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		int wait_ms = deadline_ms == DEADLINE_NEVER ? -1
		    : left < 0                              ? 0
							    : (int)left;
		int n = poll(ready, 3, wait_ms);

		*is_stopped =
		    n > 0 && (ready[1].revents | ready[2].revents) != 0;
		if (*is_stopped || n == 0)
			return false;
		if (n > 0)
			return true;
	}
}

/* A server may refuse what it has not read, so an answer is read anyway. */
static int
send_question(int fd, const struct control *control, const char *method,
    const char *path, int64_t deadline_ms)
{
	char question[QUESTION_SIZE];
	bool is_stopped;
	int len = snprintf(question, sizeof(question),
	    "%s %s HTTP/1.1\r\nHost: netlabd\r\nUser-Agent: netlab/%s\r\n"
	    "Accept: application/json, application/x-ndjson\r\n"
	    "Connection: close\r\n%s\r\n",
	    method, path, PACKAGE_VERSION,
	    strcmp(method, "POST") == 0 ? "Content-Length: 0\r\n" : "");

	if (len < 0 || (size_t)len >= sizeof(question)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (int sent = 0; sent < len;) {
		ssize_t n = send(
		    fd, question + sent, (size_t)(len - sent), MSG_NOSIGNAL);

		if (n >= 0)
			sent += (int)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		else if (errno != EAGAIN && errno != EINTR)
			return -1;
		else if (!wait_for(
			     control, fd, POLLOUT, deadline_ms, &is_stopped)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

/* What follows from a piece of the response, or its end. 1: all has come. */
static int
take(struct response *response, const char *data, size_t len,
    const struct control_sink *sink, char why[CONTROL_WHY_SIZE])
{
	bool is_good = len == 0 ? response_end(response)
				: response_take(response, data, len);

	if (sink->pause != NULL && !sink->pause(sink->arg))
		return 1;
	if (is_good)
		return len == 0 || response->is_complete || response->is_enough;
	if (len > 0)
		return control_fail(
		    why, "no answer of HTTP %s", CONTROL_NOT_NETLABD);
	if (response->status != 0)
		return control_fail(why,
		    "cut off in the midst of the answer (has netlabd "
		    "ended?)");
	return control_fail(
	    why, "closed without an answer %s", CONTROL_NOT_NETLABD);
}

static int
receive(const struct control *control, int fd, struct response *response,
    const struct control_sink *sink, bool is_endless, int64_t deadline_ms,
    char why[CONTROL_WHY_SIZE])
{
	static char piece[PIECE_SIZE];
	bool is_stopped;
	int result = 0;

	while (result == 0) {
		bool waits_for_ever = is_endless && response->status == 200;
		ssize_t n;

		if (!wait_for(control, fd, POLLIN,
			waits_for_ever ? DEADLINE_NEVER : deadline_ms,
			&is_stopped))
			return is_stopped ? 0 : fail(control, ETIMEDOUT, why);
		n = recv(fd, piece, sizeof(piece), 0);
		if (n >= 0)
			result = take(response, piece, (size_t)n, sink, why);
		else if (errno == ECONNRESET)
			result = take(response, piece, 0, sink, why);
		else if (errno != EAGAIN && errno != EINTR)
			result = fail(control, errno, why);
	}
	return result == 1 ? 0 : -1;
}

int
control_talk(const struct control *control, const char *method,
    const char *path, struct response *response,
    const struct control_sink *sink, bool is_endless,
    char why[CONTROL_WHY_SIZE])
{
	int64_t deadline_ms = clock_monotonic_ms() + control->timeout_ms;
	int fd = connect_stream(&control->target, control->timeout_ms);
	int result;

	if (fd == -1)
		return fail(control, errno, why);
	if (send_question(fd, control, method, path, deadline_ms) == -1)
		result = fail(control, errno, why);
	else
		result = receive(
		    control, fd, response, sink, is_endless, deadline_ms, why);
	close(fd);
	return result;
}
