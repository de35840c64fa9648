/* SPDX-License-Identifier: ISC */
/* Refusals in the log: the first at once, the others when they are due. */
#include "check_main.h"
#include "check_service.h"

static uint64_t
refuse(struct service *service, unsigned times)
{
	const struct sockaddr_in peer = { .sin_family = AF_INET };

	for (unsigned i = 0; i < times; i++)
		service_refused(service, (const struct sockaddr *)&peer,
		    sizeof(peer), GUARD_PAIR, false);
	return service->refusals.refused[GUARD_PAIR].untold;
}

static void
wake_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Once, however late. */
static void
wait_for_timer(struct served *served)
{
	struct event *timer = &served->service->refusals.event;
	struct timeval due, now_due;

	ck_assert(evtimer_pending(timer, &due));
	do
		ck_assert_int_eq(event_base_loop(served->base, EVLOOP_ONCE), 0);
	while (evtimer_pending(timer, &now_due) &&
	    evutil_timercmp(&due, &now_due, ==));
}

/* A loop that is busy looks at its timers as early as can be. */
START_TEST(test_each_second)
{
	static const struct timeval often = { .tv_usec = 1000 };
	struct served served;
	struct service_refusal *refusal;
	struct event *busy;

	serve(&served, make_service("echo", NULL));
	busy = event_new(served.base, -1, EV_PERSIST, wake_cb, NULL);
	event_add(busy, &often);
	refusal = &served.service->refusals.refused[GUARD_PAIR];
	ck_assert_uint_eq(refuse(served.service, 1), 0);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(refuse(served.service, 3), 3);
		wait_for_timer(&served);
		ck_assert_uint_eq(refusal->untold, 0);
	}
	event_free(busy);
	serve_end(&served);
}
END_TEST

/* When nothing more was refused, the next is told at once again. */
START_TEST(test_silence)
{
	struct served served;

	serve(&served, make_service("echo", NULL));
	ck_assert_uint_eq(refuse(served.service, 1), 0);
	wait_for_timer(&served);
	ck_assert(!evtimer_pending(&served.service->refusals.event, NULL));
	ck_assert_uint_eq(refuse(served.service, 2), 1);
	serve_end(&served);
}
END_TEST

CHECK_MAIN("service_refusal", test_each_second, test_silence)
