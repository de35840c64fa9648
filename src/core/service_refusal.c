/* SPDX-License-Identifier: ISC */
/*
 * Refusals in the log. The first for a reason is told at once, with who it was;
 * those that follow are counted, and told each second, so that a flood costs a
 * line a second.
 */
#include "core/service_private.h"

#include <event2/event.h>

#include "base/clock.h"

#define PERIOD_MS 1000

/* The timer may come some ms early, and then it would take another one. */
#define EARLY_MS 20

static const struct timeval period = { .tv_sec = PERIOD_MS / 1000,
	.tv_usec = EARLY_MS * 1000 };

static void
tell_first(const struct service *service, const struct sockaddr *peer,
    socklen_t peer_len, enum guard_reason reason, bool served)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(text, peer, peer_len);
	log_warning("%s '%s': %s %s: %s", service->type->name, service->name,
	    served ? "would refuse" : "refused", text,
	    guard_reason_name(reason));
}

static void
tell_more(const struct service *service, struct service_refusal *refusal,
    enum guard_reason reason, bool served)
{
	log_warning("%s '%s': %s %llu more: %s", service->type->name,
	    service->name, served ? "would refuse" : "refused",
	    (unsigned long long)refusal->untold, guard_reason_name(reason));
	refusal->untold = 0;
}

void
service_refused(void *owner, const struct sockaddr *peer, socklen_t peer_len,
    enum guard_reason reason, bool served)
{
	struct service *service = owner;
	struct service_refusals *refusals = &service->refusals;
	struct service_refusal *refusal =
	    served ? &refusals->served[reason] : &refusals->refused[reason];

	if (refusal->due_ms != 0) {
		refusal->untold++;
		return;
	}
	tell_first(service, peer, peer_len, reason, served);
	/* Without the timer what follows would never be told as a sum. */
	if (evtimer_pending(&refusals->event, NULL) ||
	    evtimer_add(&refusals->event, &period) == 0)
		refusal->due_ms = clock_monotonic_ms() + PERIOD_MS;
}

/* Tells what is due of one reason; true: more is to be waited for. */
static bool
look_at(const struct service *service, struct service_refusal *refusal,
    enum guard_reason reason, bool served)
{
	int64_t now_ms = clock_monotonic_ms();

	if (refusal->due_ms == 0 || now_ms < refusal->due_ms)
		return refusal->due_ms != 0;
	refusal->due_ms = 0;
	if (refusal->untold == 0)
		return false;
	tell_more(service, refusal, reason, served);
	refusal->due_ms = now_ms + PERIOD_MS;
	return true;
}

static void
refusals_cb(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;
	struct service_refusals *refusals = &service->refusals;
	bool more = false;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < GUARD_REASONS; i++) {
		more |= look_at(service, &refusals->refused[i], i, false);
		more |= look_at(service, &refusals->served[i], i, true);
	}
	/* Out of memory: what is untold is told at the end. */
	if (more)
		(void)evtimer_add(&refusals->event, &period);
}

void
service_refusals_begin(struct service *service, struct event_base *base)
{
	evtimer_assign(&service->refusals.event, base, refusals_cb, service);
	service->refusals.has_loop = true;
}

void
service_refusals_end(struct service *service)
{
	struct service_refusals *refusals = &service->refusals;

	if (!refusals->has_loop)
		return;
	evtimer_del(&refusals->event);
	refusals->has_loop = false;
	for (unsigned i = 0; i < GUARD_REASONS; i++) {
		if (refusals->refused[i].untold > 0)
			tell_more(service, &refusals->refused[i], i, false);
		if (refusals->served[i].untold > 0)
			tell_more(service, &refusals->served[i], i, true);
	}
}
