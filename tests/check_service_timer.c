/* SPDX-License-Identifier: ISC */
/* The timer of a service: whichever of starting and listening comes first, and
 * until it stops.
 */
#include "core/service.h"

#include "base/clock.h"
#include "check_main.h"
#include "check_service.h"

static struct stream_pool pool = { .max = 100 };

struct ticks {
	unsigned count;
	int64_t last_ms;
};

/* What the next slots do. */
static struct {
	int64_t at_start, at_tick, at_stop; /* ms; -1: no timer */
} plan;

static int
tick_start(struct service *service, char why[WHY_SIZE])
{
	(void)why;
	service_set_timer(service, plan.at_start);
	return 0;
}

static void
tick_timer(struct service *service)
{
	struct ticks *ticks = service_state(service);

	ticks->count++;
	ticks->last_ms = clock_monotonic_ms();
	if (plan.at_tick >= 0)
		service_set_timer(service, plan.at_tick);
}

static void
tick_stop(struct service *service)
{
	service_set_timer(service, plan.at_stop);
}

static bool
tick_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	(void)datagram;
	return false;
}

static const struct service_type ticking = {
	.name = "ticking",
	.summary = "for a test",
	.state_size = sizeof(struct ticks),
	.start = tick_start,
	.stop = tick_stop,
	.timer = tick_timer,
	.datagram = tick_datagram,
	.one_way = true,
};

static struct service *
make_ticking(const char *listen)
{
	struct service *service = service_new(&ticking, "test");

	ck_assert_ptr_nonnull(service);
	set_option(service, "listen", listen);
	return service;
}

static void
listen_on(struct service *service, struct event_base *base)
{
	struct shelf shelf = { .places = NULL };
	char why[WHY_SIZE] = "";

	ck_assert_msg(
	    service_listen(service, base, &pool, &shelf, why) == 0, "%s", why);
}

static void
start(struct service *service)
{
	char why[WHY_SIZE];

	ck_assert_int_eq(service_start(service, why), 0);
}

static unsigned
ticks_of(struct service *service)
{
	return ((struct ticks *)service_state(service))->count;
}

/* Runs the loop until the time has come for certain, were there one. */
static void
run_for(struct event_base *base, int ms)
{
	struct timeval time = { .tv_usec = ms * 1000 };

	ck_assert_int_eq(event_base_loopexit(base, &time), 0);
	event_base_dispatch(base);
}

/* The order of the start, and that of a reload. */
START_TEST(test_both_orders)
{
	for (int listens_first = 0; listens_first <= 1; listens_first++) {
		struct event_base *base = event_base_new();
		struct service *service = make_ticking("127.0.0.1:0/udp");
		struct ticks *ticks = service_state(service);
		int64_t begin_ms = clock_monotonic_ms();

		plan = (typeof(plan)){ 50, -1, -1 };
		if (listens_first)
			listen_on(service, base);
		start(service);
		if (!listens_first)
			listen_on(service, base);
		while (ticks->count == 0)
			event_base_loop(base, EVLOOP_ONCE);
		/* The loop's clock is coarse. */
		ck_assert_int_ge(ticks->last_ms - begin_ms, 40);
		run_for(base, 100);
		ck_assert_uint_eq(ticks->count, 1);
		service_free(service);
		event_base_free(base);
	}
}
END_TEST

/* A later call replaces an earlier one, and a negative one ends it. */
START_TEST(test_replaced)
{
	struct event_base *base = event_base_new();
	struct service *service = make_ticking("127.0.0.1:0/udp");

	plan = (typeof(plan)){ 3600 * 1000, -1, -1 };
	listen_on(service, base);
	start(service);
	service_set_timer(service, 0);
	while (ticks_of(service) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	service_set_timer(service, 1);
	service_set_timer(service, -1);
	run_for(base, 50);
	ck_assert_uint_eq(ticks_of(service), 1);
	service_set_timer(service, 1);
	service_set_timer(service, INT64_MAX);
	run_for(base, 50);
	ck_assert_uint_eq(ticks_of(service), 1);
	service_free(service);
	event_base_free(base);
}
END_TEST

START_TEST(test_set_by_itself)
{
	struct event_base *base = event_base_new();
	struct service *service = make_ticking("127.0.0.1:0/udp");

	plan = (typeof(plan)){ 0, 1, -1 };
	listen_on(service, base);
	start(service);
	while (ticks_of(service) < 5)
		event_base_loop(base, EVLOOP_ONCE);
	service_free(service);
	event_base_free(base);
}
END_TEST

/* However it ends, also when its stop slot sets it again. */
START_TEST(test_ends)
{
	for (int cancels = 0; cancels <= 1; cancels++) {
		struct event_base *base = event_base_new();
		struct service *service = make_ticking("127.0.0.1:0/udp");

		plan = (typeof(plan)){ 1, 1, 1 };
		listen_on(service, base);
		start(service);
		if (cancels)
			service_cancel(service);
		else
			service_stop(service);
		run_for(base, 30);
		ck_assert_uint_eq(ticks_of(service), 0);
		/* And begins anew with the next start. */
		start(service);
		listen_on(service, base);
		while (ticks_of(service) == 0)
			event_base_loop(base, EVLOOP_ONCE);
		service_free(service);
		event_base_free(base);
	}
}
END_TEST

/* What could not listen is not called. */
START_TEST(test_failed_listen)
{
	struct event_base *base = event_base_new();
	struct shelf shelf = { .places = NULL };
	int taken = net_open("127.0.0.1:0/udp", 0);
	char text[64], why[WHY_SIZE];
	struct service *service;

	snprintf(text, sizeof(text), "127.0.0.1:%u/udp", net_port(taken));
	service = make_ticking(text);
	plan = (typeof(plan)){ 0, 0, 0 };
	start(service);
	ck_assert_int_eq(service_listen(service, base, &pool, &shelf, why), -1);
	run_for(base, 30);
	ck_assert_uint_eq(ticks_of(service), 0);
	service_free(service);
	socket_close(taken);
	event_base_free(base);
}
END_TEST

/* Who does not listen any more still has to flush. */
START_TEST(test_retired)
{
	struct event_base *base = event_base_new();
	struct shelf shelf = { .places = NULL };
	struct service *service = make_ticking("127.0.0.1:0/udp");

	plan = (typeof(plan)){ 1, -1, -1 };
	listen_on(service, base);
	start(service);
	service_retire(service, &shelf);
	while (ticks_of(service) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	service_stop_listening(service, false);
	service_set_timer(service, 1);
	while (ticks_of(service) == 1)
		event_base_loop(base, EVLOOP_ONCE);
	service_free(service);
	event_base_free(base);
}
END_TEST

/* Without a loop it is only remembered; types without the slot have none. */
START_TEST(test_without_loop)
{
	struct service *service = make_ticking("127.0.0.1:0/udp");
	struct service *other = make_service("echo", "listen", "7", NULL);

	service_set_timer(service, 10);
	ck_assert(service->timer.is_set);
	service_set_timer(service, -1);
	ck_assert(!service->timer.is_set);
	service_set_timer(other, 10);
	service_free(service);
	service_free(other);
}
END_TEST

CHECK_MAIN("service_timer", test_both_orders, test_replaced, test_set_by_itself,
    test_ends, test_failed_listen, test_retired, test_without_loop)
