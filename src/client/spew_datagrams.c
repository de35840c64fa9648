/* SPDX-License-Identifier: ISC */
/* netlab spew by datagrams, of which nobody confirms any. */
#include "client/spew.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/connect.h"
#include "client/utf8.h"

/* Bytes a datagram, without -s. */
#define SIZE_DEFAULT 1024

/* A send may report that an earlier one was refused, and do nothing else. */
#define SEND_TRIES 4

/* Connects to the next address there is, if any. */
static void
open_next(struct spew *spew)
{
	const struct address_list *list = &spew->target.list;

	if (spew->fd != -1)
		close(spew->fd);
	spew->fd = -1;
	while (spew->fd == -1 && spew->next < list->count) {
		spew->fd = connect_address(&list->items[spew->next++], 0);
		if (spew->fd == -1)
			spew->error = connect_choose_error(spew->error, errno);
	}
}

static void
open_first(struct spew *spew)
{
	spew->next = 0;
	open_next(spew);
}

/* Says why the first one was lost. */
static void
note_lost(struct spew *spew, int error, unsigned count)
{
	if (spew->lost == 0)
		spew_complain(spew, error, SPEW_MOMENT_MS);
	spew->lost += count;
}

/* Waits a moment for a refusal, and returns it or 0. */
static int
take_refusal(struct spew *spew)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect_wait(spew->fd, 0, clock_monotonic_ms() + SPEW_MOMENT_MS) !=
	    0)
		getsockopt(spew->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	spew->is_settled = true;
	return error;
}

static bool
is_udp(const struct spew *spew)
{
	return spew->target.transports == TRANSPORT_UDP;
}

/*
 * Returns 0 when the datagram left, or why it did not. The queue of a unix
 * socket is the receiver's own: while it is full, waiting loses nothing.
 */
static int
send_once(struct spew *spew, const char *data, size_t len)
{
	int64_t end_ms = is_udp(spew) ? clock_monotonic_ms() + SPEW_MOMENT_MS
				      : DEADLINE_NEVER;

	spew->is_settled = !is_udp(spew);
	while (send(spew->fd, data, len, MSG_NOSIGNAL) == -1) {
		if (errno != EAGAIN)
			return errno;
		if (connect_wait(spew->fd, POLLOUT, end_ms) == 0)
			return ENOBUFS;
	}
	return 0;
}

/*
 * Of a name with several addresses, localhost for one, the first datagram finds
 * the one that does not refuse. If all do, the first is as good as any.
 */
static void
send_first(struct spew *spew, const char *data, size_t len)
{
	while (spew->fd != -1) {
		int now = send_once(spew, data, len);

		if (now == 0)
			now = take_refusal(spew);
		if (now == 0)
			return;
		spew->error = connect_choose_error(spew->error, now);
		open_next(spew);
	}
	note_lost(spew, spew->error, 1);
	open_first(spew);
}

/* A path may have got another socket, as of a netlabd that was restarted. */
static int
send_again(struct spew *spew, const char *data, size_t len)
{
	if (!is_udp(spew))
		open_first(spew);
	return spew->fd == -1 ? spew->error : send_once(spew, data, len);
}

static void
send_piece(struct spew *spew, const char *data, size_t len)
{
	const struct address_list *list = &spew->target.list;
	unsigned tries = 1;
	int error, last = 0;

	if (spew->fd == -1)
		open_first(spew);
	if (spew->sent++ == 0 && list->count > 1) {
		send_first(spew, data, len);
		return;
	}
	if (spew->fd == -1) {
		if (list->count > 0) /* or it is told that there is no host */
			note_lost(spew, spew->error, 1);
		return;
	}
	error = send_once(spew, data, len);
	for (; error != 0 && tries < SEND_TRIES; tries++) {
		last = error;
		error = send_again(spew, data, len);
	}
	if (error != 0)
		note_lost(spew, error, 1);
	else if (tries > 1 && is_udp(spew))
		note_lost(spew, last, tries - 1); /* so many before it */
}

void
spew_datagrams(struct spew *spew, struct input *input)
{
	size_t size = spew->arguments->size, piece, taken;

	if (size == 0)
		size = SIZE_DEFAULT;
	while (utf8_cut_line(
	    input->data, input->len, input->end, size, &piece, &taken)) {
		send_piece(spew, input->data, piece);
		input_take(input, taken);
	}
}

void
spew_datagrams_end(struct spew *spew)
{
	int error = spew->fd != -1 && !spew->is_settled && spew->sent > 0
	    ? take_refusal(spew)
	    : 0;

	if (error != 0)
		note_lost(spew, error, 1);
}
