/* SPDX-License-Identifier: ISC */
/*
 * The last messages, in memory of a fixed size: a new one makes the oldest give
 * way. Whoever reads remembers the number of the next message and asks for it
 * whenever it likes, so that a slow reader costs nothing and finds out by the
 * numbers what it has missed.
 */
#ifndef BASE_HISTORY_H
#define BASE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"

struct history;

struct history_item {
	uint64_t sequence;    /* 1, 2, 3 and so on, given by the history */
	int64_t time_ns;      /* when it was received */
	struct slice source;  /* the sender's address as text */
	struct slice message; /* its bytes */
	struct slice extra;   /* means something to who added it alone */
};

/* Wants to know of new messages. It lives in the struct of who watches. */
struct history_watcher {
	/* There are new ones. May watch, unwatch and find, but not add. */
	void (*wake)(struct history_watcher *watcher);
	/* The history ends: the last chance to find. It is unwatched already.
	 */
	void (*gone)(struct history_watcher *watcher);
	LIST_ENTRY(history_watcher) entry; /* the history's own */
};

/* The least memory, in which the longest datagram finds room. */
#define HISTORY_MIN_SIZE (256UL << 10)

/*
 * A history that takes so many bytes in all, at least HISTORY_MIN_SIZE and at
 * most 4 GiB. The system gives it the memory as it fills. NULL: out of memory.
 */
struct history *history_new(size_t bytes);

/* Tells those who watch that it is gone. */
void history_free(struct history *history);

/*
 * Copies a message, whose sequence is not looked at, and returns its number.
 * One that is longer than all the memory leaves no room for any, itself
 * included.
 */
uint64_t history_add(struct history *history, const struct history_item *item);

/*
 * Finds the first message with that number or a later one; what it points to
 * stays until the next one is added. false: there is none yet.
 */
bool history_find(const struct history *history, uint64_t sequence,
    struct history_item *item);

/* The numbers of the oldest that is kept, and of the next to come. */
uint64_t history_first(const struct history *history);
uint64_t history_next(const struct history *history);

/* Begins and ends watching; either may be done while watchers are called. */
void history_watch(struct history *history, struct history_watcher *watcher);
void history_unwatch(struct history *history, struct history_watcher *watcher);

/* Tells all who watch that there are new messages, once for a batch of them. */
void history_wake(struct history *history);

#endif
