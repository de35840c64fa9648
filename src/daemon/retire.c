/* SPDX-License-Identifier: ISC */
/* Services that a reload changed or removed. */
#include "daemon/retire.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/announce.h"

/* How often it is looked whether one is done. */
#define LOOK_MS 100

/* What a connection may take longer than the grace to get what it is owed. */
#define LAST_MS 5000

static void
look_again(struct retirees *retirees)
{
	struct timeval look = { .tv_usec = LOOK_MS * 1000 };

	if (retirees->count > 0)
		(void)evtimer_add(retirees->timer, &look);
}

/* True when nothing is left of it, or it had its time. */
static bool
is_done(const struct retiree *retiree, int64_t now_ms)
{
	if (service_connections(retiree->service) > 0)
		return now_ms >= retiree->deadline_ms + LAST_MS;
	return !service_waits(retiree->service) ||
	    now_ms >= retiree->deadline_ms;
}

/* Its figures are complete once it has stopped. */
static void
end(struct service *service)
{
	service_stop(service);
	announce_retired(service);
	service_free(service);
}

static void
look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct retirees *retirees = arg;
	int64_t now_ms = clock_monotonic_ms();

	(void)fd;
	(void)what;
	for (size_t i = retirees->count; i-- > 0;) {
		struct retiree *retiree = &retirees->items[i];

		if (now_ms >= retiree->deadline_ms)
			service_stop_listening(retiree->service, false);
		if (!is_done(retiree, now_ms))
			continue;
		end(retiree->service);
		*retiree = retirees->items[--retirees->count];
	}
	look_again(retirees);
}

int
retirees_init(struct retirees *retirees, struct event_base *base)
{
	retirees->timer = evtimer_new(base, look_cb, retirees);
	return retirees->timer == NULL ? -1 : 0;
}

int
retirees_reserve(struct retirees *retirees, size_t count)
{
	struct retiree *items = reallocarray(retirees->items,
	    retirees->count + count + 1, sizeof(*retirees->items));

	if (items == NULL)
		return -1;
	retirees->items = items;
	return 0;
}

void
retirees_add(struct retirees *retirees, struct service *service,
    struct service *successor, const struct shelf *left, uint64_t grace_ms)
{
	service_retire(service, left);
	for (size_t i = 0; i < retirees->count; i++)
		if (service_successor(retirees->items[i].service) == service)
			service_set_successor(
			    retirees->items[i].service, successor);
	service_set_successor(service, successor);
	retirees->items[retirees->count++] = (struct retiree){ service,
		clock_monotonic_ms() + (int64_t)grace_ms };
	look_cb(-1, 0, retirees);
}

void
retirees_review(
    struct retirees *retirees, struct network_set *networks, bool log_only)
{
	for (size_t i = 0; i < retirees->count; i++)
		service_follow_access(
		    retirees->items[i].service, networks, log_only);
}

size_t
retirees_connections(const struct retirees *retirees)
{
	size_t count = 0;

	for (size_t i = 0; i < retirees->count; i++)
		count += service_connections(retirees->items[i].service);
	return count;
}

void
retirees_stop(struct retirees *retirees)
{
	for (size_t i = 0; i < retirees->count; i++)
		service_stop_listening(retirees->items[i].service, false);
}

void
retirees_free(struct retirees *retirees)
{
	for (size_t i = 0; i < retirees->count; i++)
		end(retirees->items[i].service);
	free(retirees->items);
	if (retirees->timer != NULL)
		event_free(retirees->timer);
}
