/* SPDX-License-Identifier: ISC */
/*
 * Services that a reload changed or removed: they listen no more, and their
 * connections go on under the old settings until they end or their grace does.
 * So does what they have in hand and could not hand over to their successors.
 */
#ifndef DAEMON_RETIRE_H
#define DAEMON_RETIRE_H

#include "core/service.h"

struct event;
struct event_base;

struct retirees {
	struct event *timer;
	struct retiree {
		struct service *service; /* owned */
		int64_t deadline_ms;     /* of clock_monotonic_ms() */
	} * items;
	size_t count;
};

/* Makes ready; -1: out of memory. */
int retirees_init(struct retirees *retirees, struct event_base *base);

/* Makes room for so many more; -1: out of memory. */
int retirees_reserve(struct retirees *retirees, size_t count);

/*
 * Takes over a service, for which there is room, and ends its listening; `left`
 * as for service_retire(). successor (NULL: none) has its name now.
 */
void retirees_add(struct retirees *retirees, struct service *service,
    struct service *successor, const struct shelf *left, uint64_t grace_ms);

/*
 * Ends the connections of those who are denied by now, as by
 * service_follow_access().
 */
void retirees_review(
    struct retirees *retirees, struct network_set *networks, bool log_only);

/* Connections that they still have. */
size_t retirees_connections(const struct retirees *retirees);

/* Ends their connections when their output is sent. */
void retirees_stop(struct retirees *retirees);

/* Ends them all; their successors still run. */
void retirees_free(struct retirees *retirees);

#endif
