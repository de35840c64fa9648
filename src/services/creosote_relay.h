/* SPDX-License-Identifier: ISC */
/*
 * Messages on their way from a bucket to a peer, a datagram each: they gather,
 * are sent in batches, and wait in a bounded queue while the peer is slow. A
 * peer that is away costs losses, which are counted by reason.
 */
#ifndef SERVICES_CREOSOTE_RELAY_H
#define SERVICES_CREOSOTE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct relay;

/* Why messages were lost. */
enum relay_reason {
	RELAY_FULL,     /* the peer is slow, and the queue full */
	RELAY_TOO_LONG, /* for a datagram */
	RELAY_NOBODY,   /* nobody takes them there, or no way leads there */
	RELAY_LOOP,     /* they would come back to netlabd */
	RELAY_REASONS
};

struct relay_counters {
	uint64_t sent; /* as far as is known */
	uint64_t lost[RELAY_REASONS];
};

/* What there is to tell of the peer, once. */
enum relay_news {
	RELAY_NO_NEWS,
	RELAY_FAILS, /* messages are lost now */
	RELAY_WORKS  /* and not any more, for a second */
};

/*
 * A relay to the address (udp or unixgram). With files, messages that are too
 * long for a datagram go as files in memory (unixgram). NULL: out of memory.
 */
struct relay *relay_new(const struct address *address, bool files);

/* What still waits counts as lost, the peer being slow: how much it was. */
size_t relay_give_up(struct relay *relay);

void relay_free(struct relay *relay);

/* True while messages wait. */
bool relay_waits(const struct relay *relay);

/* True when both send the same way to the same peer. */
bool relay_is_equal(const struct relay *a, const struct relay *b);

/*
 * Takes over what waits in the other one, behind what waits here. What finds no
 * room is counted as lost here; where nothing waits here, all of it does.
 */
void relay_take_over(struct relay *relay, struct relay *other);

/*
 * Room for a message of up to len bytes, until relay_commit() says how long it
 * is. NULL: there is none, and the message was counted as lost.
 */
char *relay_reserve(struct relay *relay, size_t len);
void relay_commit(struct relay *relay, size_t len);

/*
 * Sends what waits, as far as it is taken: after each batch, and by a timer.
 * Returns ms until it is to be called again; -1: nothing waits.
 */
int64_t relay_flush(struct relay *relay);

/* What is new since it was asked last, in why a text for the log. */
enum relay_news relay_take_news(struct relay *relay, char why[WHY_SIZE]);

const struct relay_counters *relay_counters(const struct relay *relay);

/* "queue-full", "too-long", "nobody-there" or "loop". */
const char *relay_reason_name(enum relay_reason reason);

#endif
