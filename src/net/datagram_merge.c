/* SPDX-License-Identifier: ISC */
/* When datagrams are asked for merged. */
#include "net/datagram_merge.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "net/datagram_batch.h"

/*
 * Of runs of 64 as many datagrams as of single ones; newer kernels make runs of
 * 128. Once after a while without, 64 of them may come before it is known.
 */
#define RUNS_AT_ONCE 4

/* Calls without a run after which none is expected. */
#define WARY_CALLS 64

/* They look like a run when so many wait, and the first of them are alike. */
#define ALIKE_WAITING 8
#define ALIKE_FIRST   4

void
merge_open(struct merge *merge, int fd, bool wanted)
{
	int value = 0;
	socklen_t len = sizeof(value);
	bool is_known = getsockopt(fd, SOL_UDP, UDP_GRO, &value, &len) == 0;

	/* Who had the socket before may have asked. */
	merge->is_seen = is_known && value != 0;
	merge->is_possible = is_known && wanted && !merge->is_seen;
	merge->wary = merge->is_seen ? WARY_CALLS : 0;
}

unsigned
merge_limit(const struct merge *merge)
{
	return merge->wary > 0 && !merge->is_last ? RUNS_AT_ONCE : BATCH_SIZE;
}

static bool
are_alike(unsigned a, unsigned b)
{
	const struct msghdr *one = batch_header(a), *other = batch_header(b);

	return batch_wire_len(a) == batch_wire_len(b) &&
	    one->msg_namelen == other->msg_namelen &&
	    memcmp(one->msg_name, other->msg_name, one->msg_namelen) == 0;
}

static bool
is_like_a_run(unsigned messages)
{
	if (messages < ALIKE_WAITING || batch_wire_len(0) == 0)
		return false;
	for (unsigned i = 1; i < ALIKE_FIRST; i++)
		if (!are_alike(0, i))
			return false;
	return true;
}

static void
turn_on(struct merge *merge, int fd)
{
	int value = 1;

	merge->is_possible = false; /* tried once */
	(void)setsockopt(fd, SOL_UDP, UDP_GRO, &value, sizeof(value));
	merge->wary = WARY_CALLS;
}

void
merge_note(struct merge *merge, int fd, unsigned messages, unsigned datagrams)
{
	if (datagrams > messages) {
		merge->is_seen = true;
		merge->wary = WARY_CALLS;
	} else if (merge->wary > 0) {
		merge->wary--;
	}
	if (merge->is_possible && is_like_a_run(messages))
		turn_on(merge, fd);
}
