/* SPDX-License-Identifier: ISC */
/* The datagram engine over a socket of the test, with a handler of the test. */
#ifndef CHECK_DATAGRAM_H
#define CHECK_DATAGRAM_H

#include <event2/event.h>

#include "check_net.h"
#include "net/datagram.h"

#define SEEN_MAX 4096

/* What an engine's handler saw. */
struct seen {
	size_t calls, batches, losses;
	size_t len, size, wire_len; /* of the last call */
	socklen_t peer_len;
	int64_t received_ns;
	uint64_t lost;
	size_t calls_before_loss; /* the last one */
	char local[ADDRESS_TEXT_SIZE];
	unsigned char first[SEEN_MAX]; /* byte of each datagram */
};

/* A server and what it saw; answers all that it gets. */
struct lab {
	struct event_base *base;
	struct datagram_counters counters;
	struct datagram_socket *sock;
	struct seen seen;
	int fd;
	/* May be set before lab_open(). */
	bool kernel_time;
	uint64_t gather_ms;
	bool waits; /* what it was told is not safe yet */
	enum pair_rule pair_rule;
	size_t add; /* its answers are so much longer */
};

static inline bool
lab_datagram(void *owner, struct datagram *datagram)
{
	struct seen *seen = &((struct lab *)owner)->seen;

	if (seen->calls < SEEN_MAX && datagram->len > 0)
		seen->first[seen->calls] = (unsigned char)datagram->data[0];
	seen->calls++;
	seen->len = datagram->len;
	seen->size = datagram->size;
	seen->wire_len = datagram->wire_len;
	seen->peer_len = datagram->peer_len;
	seen->received_ns = datagram->received_ns;
	ck_assert_int_gt(datagram->received_ns, 0);
	datagram->len += ((struct lab *)owner)->add;
	if (datagram->len <= datagram->size)
		memset(
		    datagram->data + seen->len, '+', datagram->len - seen->len);
	return true;
}

static inline void
lab_lost(void *owner, const char *local, uint64_t count)
{
	struct seen *seen = &((struct lab *)owner)->seen;

	seen->losses++;
	seen->lost += count;
	seen->calls_before_loss = seen->calls;
	strcpy(seen->local, local);
}

static inline void
lab_batch_end(void *owner)
{
	((struct lab *)owner)->seen.batches++;
}

static inline bool
lab_waits(void *owner)
{
	return ((struct lab *)owner)->waits;
}

/* A one-way one never answers, whatever its handler says. */
static const struct datagram_handler lab_handler = {
	.datagram = lab_datagram,
	.lost = lab_lost,
	.batch_end = lab_batch_end,
	.waits = lab_waits,
};

/* Serves an address; the first lab makes the loop, the others share it. */
static inline void
lab_open(struct lab *lab, const char *text, uint64_t receive_buffer,
    bool answers, unsigned amplification)
{
	struct datagram_config config = {
		.handler = &lab_handler,
		.owner = lab,
		.counters = &lab->counters,
		.answers = answers,
		.amplification = amplification,
		.merges = true,
		.pair_rule = lab->pair_rule,
		.kernel_time = lab->kernel_time,
		.gather_ms = lab->gather_ms,
	};

	if (lab->base == NULL)
		lab->base = event_base_new();
	ck_assert_ptr_nonnull(lab->base);
	lab->fd = net_open(text, receive_buffer);
	lab->sock = datagram_open(lab->base, lab->fd, &config);
	ck_assert_ptr_nonnull(lab->sock);
	ck_assert_int_eq(datagram_fd(lab->sock), lab->fd);
}

static inline void
lab_close(struct lab *lab)
{
	datagram_close(lab->sock, true);
	event_base_free(lab->base);
}

/* Serves what waits, once; waits for the first when none does. */
static inline void
lab_wake(struct lab *lab)
{
	ck_assert_int_eq(event_base_loop(lab->base, EVLOOP_ONCE), 0);
}

/* Serves all that waits now; on loopback that is all that was sent. */
static inline void
lab_drain(struct lab *lab)
{
	for (int i = 0; i < 100; i++)
		event_base_loop(lab->base, EVLOOP_NONBLOCK);
}

#endif
