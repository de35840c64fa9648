/* SPDX-License-Identifier: ISC */
/*
 * netlab spew over a connection. It loses nothing as long as it lasts; where it
 * breaks, the line that was cut off is lost, and what was under way may be.
 */
#include "client/spew.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/connect.h"

/*
 * How soon a connection is opened anew, so that a server that is full is not
 * stormed, nor a program held up for one that is not there.
 */
#define RETRY_MS        100
#define RETRY_FAILED_MS 1000

/* In place of an error: the other side has closed, as it may. */
#define CLOSED ESHUTDOWN

/* Lines that end here, and with `is_last` one that does without a newline. */
static uint64_t
count_lines(const char *data, const char *end, bool is_last)
{
	uint64_t count = is_last && data < end && end[-1] != '\n';

	while ((data = memchr(data, '\n', (size_t)(end - data))) != NULL) {
		data++;
		count++;
	}
	return count;
}

/* Says why the first ones were lost. */
static void
lose(struct spew *spew, uint64_t count)
{
	if (spew->lost == 0 && count > 0)
		spew_complain(spew, spew->error, spew->waited_ms);
	spew->lost += count;
}

/* The first attempt may last as long as the user says, others a moment. */
static bool
is_open(struct spew *spew)
{
	if (spew->fd != -1)
		return true;
	if (clock_monotonic_ms() < spew->retry_ms)
		return false;
	spew->waited_ms =
	    spew->waited_ms == 0 ? spew->arguments->timeout_ms : SPEW_MOMENT_MS;
	spew->fd = connect_stream(&spew->target, spew->waited_ms);
	if (spew->fd == -1)
		spew->error = errno;
	spew->retry_ms = clock_monotonic_ms() +
	    (spew->fd == -1 ? RETRY_FAILED_MS : RETRY_MS);
	return spew->fd != -1;
}

/*
 * Takes what the other side says, which nobody wants, but which would fill the
 * connection. Returns 0, an error or CLOSED.
 */
static int
hear(const struct spew *spew)
{
	char unwanted[4096];
	ssize_t n = recv(spew->fd, unwanted, sizeof(unwanted), 0);

	if (n == 0)
		return CLOSED;
	return n == -1 && errno != EAGAIN && errno != EINTR ? errno : 0;
}

/* Sends some, waiting as long as it takes. Returns 0, an error or CLOSED. */
static int
send_some(const struct spew *spew, const char *data, size_t len, size_t *sent)
{
	for (;;) {
		int error = hear(spew);
		ssize_t n;

		if (error != 0)
			return error;
		n = send(spew->fd, data, len, MSG_NOSIGNAL);
		if (n > 0) {
			*sent = (size_t)n;
			return 0;
		}
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		connect_wait(spew->fd, POLLIN | POLLOUT, DEADLINE_NEVER);
	}
}

/*
 * A server that closes between two lines, as after its idle-timeout, has taken
 * all before; otherwise the line that it closed in, or the last one, is lost.
 */
static void
break_off(struct spew *spew, int error)
{
	close(spew->fd);
	spew->fd = -1;
	spew->is_skipping = spew->is_mid_line;
	spew->is_mid_line = false;
	spew->error = error == CLOSED ? EPIPE : error;
	if (error != CLOSED || spew->is_skipping)
		lose(spew, 1);
}

/* Passes over the rest of a line of which the beginning was cut off. */
static const char *
skip(struct spew *spew, const char *data, const char *end)
{
	const char *newline = memchr(data, '\n', (size_t)(end - data));

	if (!spew->is_skipping)
		return data;
	spew->is_skipping = newline == NULL;
	return newline == NULL ? end : newline + 1;
}

/* With `is_last` nothing follows. */
static void
send_all(struct spew *spew, const char *data, const char *end, bool is_last)
{
	spew->sent += count_lines(data, end, is_last);
	data = skip(spew, data, end);
	while (data < end && is_open(spew)) {
		size_t sent = 0;
		int error = send_some(spew, data, (size_t)(end - data), &sent);

		data += sent;
		if (sent > 0)
			spew->is_mid_line = data[-1] != '\n';
		if (error != 0) {
			break_off(spew, error);
			data = skip(spew, data, end);
		}
	}
	if (data == end)
		return;
	lose(spew, count_lines(data, end, is_last));
	spew->is_skipping = end[-1] != '\n';
}

void
spew_lines(struct spew *spew, struct input *input)
{
	const char *newline =
	    input->len > 0 ? memrchr(input->data, '\n', input->len) : NULL;
	size_t len = input->len;

	/* The beginning of a line waits for the rest, unless it has no room. */
	if (!input->end && (newline != NULL || input_has_room(input)))
		len = newline == NULL ? 0 : (size_t)(newline + 1 - input->data);
	if (len > 0 && spew->target.list.count > 0) /* or that is told */
		send_all(spew, input->data, input->data + len, input->end);
	input_take(input, len);
}

void
spew_lines_end(struct spew *spew)
{
	int64_t end_ms = clock_monotonic_ms() + spew->arguments->timeout_ms;
	int error = 0;

	if (spew->fd == -1)
		return;
	shutdown(spew->fd, SHUT_WR);
	while (error == 0 && clock_monotonic_ms() < end_ms &&
	    connect_wait(spew->fd, POLLIN, end_ms) != 0)
		error = hear(spew);
	spew->is_mid_line = false; /* the last line needs no newline */
	if (error != 0)
		break_off(spew, error);
}
