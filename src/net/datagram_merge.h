/* SPDX-License-Identifier: ISC */
/*
 * Datagrams that come in merged (UDP_GRO, udp(7)): a run of one sender's, of
 * one size but for the last, that passed the kernel as one message, because
 * its sender or a network card put it together. To receive it as one costs a
 * fraction of receiving its datagrams. The kernel counts it as one where it is
 * dropped, so that runs are asked for only once datagrams come that look like
 * some; and from then on, as what waits merged would be taken for one datagram
 * by a socket that did not ask.
 */
#ifndef NET_DATAGRAM_MERGE_H
#define NET_DATAGRAM_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* What is known of merging on a socket. */
struct merge {
	bool is_possible; /* it may be asked for, and was not yet */
	bool is_seen;     /* some came: drops may be of runs */
	bool is_last;     /* all that waits is taken, whatever it costs */
	unsigned wary;    /* calls in which few messages are taken, for runs */
};

/* Looks whether it is on; wanted: it may be turned on. */
void merge_open(struct merge *merge, int fd, bool wanted);

/* How many messages to receive at once, so that no wake-up lasts too long. */
unsigned merge_limit(const struct merge *merge);

/*
 * Notes that a call brought so many messages with so many datagrams, still in
 * the batch; turns merging on where that seems to pay.
 */
void
merge_note(struct merge *merge, int fd, unsigned messages, unsigned datagrams);

#endif
