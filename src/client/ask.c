/* SPDX-License-Identifier: ISC */
/* Questions by datagram, with one answer each. */
#include "client/ask.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/connect.h"

void
ask_open(struct ask *ask, const struct target *target, int timeout_ms)
{
	*ask = (struct ask){
		.target = target, .timeout_ms = timeout_ms, .fd = -1
	};
}

void
ask_close(struct ask *ask)
{
	if (ask->fd != -1)
		close(ask->fd);
	ask->fd = -1;
}

/* Connects to the next address; -1 when there is none, and errno as it was. */
static int
connect_next(struct ask *ask, int64_t deadline_ms)
{
	const struct address_list *list = &ask->target->list;
	int error = errno;

	ask_close(ask);
	while (ask->fd == -1 && ask->next < list->count) {
		const struct address *address = &list->items[ask->next++];

		if ((address->transport & TRANSPORTS_DATAGRAM) == 0)
			continue;
		ask->transport = address->transport;
		ask->fd = connect_address(address, deadline_ms);
		if (ask->fd == -1)
			error = connect_choose_error(error, errno);
	}
	errno = error;
	return ask->fd == -1 ? -1 : 0;
}

/* A unix socket's queue may be full, for which poll(2) does wait. */
static int
send_question(
    const struct ask *ask, const char *question, size_t len, int64_t deadline)
{
	while (send(ask->fd, question, len, MSG_NOSIGNAL) == -1) {
		if (errno != EAGAIN)
			return -1;
		if (connect_wait(ask->fd, POLLOUT, deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

static ssize_t
receive_answer(
    const struct ask *ask, char *answer, size_t size, int64_t deadline_ms)
{
	ssize_t n;

	do {
		if (connect_wait(ask->fd, POLLIN, deadline_ms) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = recv(ask->fd, answer, size, 0);
	} while (n == -1 && errno == EAGAIN); /* the checksum was wrong */
	return n;
}

ssize_t
ask_datagram(struct ask *ask, const char *question, size_t len, char *answer,
    size_t size)
{
	int64_t deadline_ms = clock_monotonic_ms() + ask->timeout_ms;
	ssize_t n = -1;

	errno = 0;
	if (ask->fd == -1 && connect_next(ask, deadline_ms) == -1)
		return -1;
	for (;;) {
		ask->delivered =
		    send_question(ask, question, len, deadline_ms) == 0;
		if (ask->delivered)
			n = receive_answer(ask, answer, size, deadline_ms);
		if (n >= 0)
			ask->answered = true;
		if (n >= 0 || ask->answered || errno == ETIMEDOUT ||
		    errno == EMSGSIZE)
			return n;
		if (connect_next(ask, deadline_ms) == -1)
			return -1;
	}
}
