/* SPDX-License-Identifier: ISC */
/*
 * A service's timer. A service may be started before it listens (at a reload)
 * or after (at the start): only listening brings the loop, so a time that is
 * set before is remembered until then.
 */
#include "core/service.h"

#include <event2/event.h>

#include "base/clock.h"
#include "core/service_private.h"

/* Longer than any machine runs, and no sum of it overflows. */
#define MAX_MS (INT64_C(1) << 48)

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;

	(void)fd;
	(void)what;
	service->timer.is_set = false;
	service->type->timer(service);
	service_note_drops(service);
}

/* Out of memory: it does not come; the next one set may. */
static void
arm(struct service *service)
{
	int64_t left = service->timer.deadline_ms - clock_monotonic_ms();
	struct timeval time = { .tv_sec = 0 };

	if (left > 0) {
		time.tv_sec = (time_t)(left / 1000);
		time.tv_usec = (suseconds_t)(left % 1000 * 1000);
	}
	(void)evtimer_add(&service->timer.event, &time);
}

void
service_timer_begin(struct service *service, struct event_base *base)
{
	if (service->type->timer == NULL)
		return;
	evtimer_assign(&service->timer.event, base, timer_cb, service);
	service->timer.has_loop = true;
	if (service->timer.is_set)
		arm(service);
}

void
service_timer_end(struct service *service)
{
	if (service->timer.has_loop)
		evtimer_del(&service->timer.event);
	service->timer.has_loop = false;
	service->timer.is_set = false;
}

void
service_set_timer(struct service *service, int64_t ms)
{
	struct service_timer *timer = &service->timer;

	timer->is_set = ms >= 0;
	timer->deadline_ms = clock_monotonic_ms() + (ms < MAX_MS ? ms : MAX_MS);
	if (!timer->has_loop)
		return;
	if (timer->is_set)
		arm(service);
	else
		evtimer_del(&timer->event);
}
