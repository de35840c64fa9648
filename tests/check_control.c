/* SPDX-License-Identifier: ISC */
/* The control service's orders, and which records of a bucket it shows. */
#include "check_control.h"

#include "check_main.h"

#define S(n) "{\"sequence\":" #n ",\"message\":\"m" #n "\"}\n"

/* 12 records, a second each from 2026-11-23T06:31:00Z, of two senders. */
static void
fill(struct world *world)
{
	for (int i = 1; i <= 12; i++) {
		char message[16];

		snprintf(message, sizeof(message), "m%d", i);
		world_add(world,
		    i == 6           ? "netlabd"
			: i % 2 == 0 ? "192.0.2.7:1"
				     : "[2001:db8::7]:2",
		    (1795415460 + i - 1) * INT64_C(1000000000), message);
	}
}

static const struct {
	const char *request;
	const char *body;
} tails[] = {
	{ GET("/buckets/bucket/tail"),
	    S(3) S(4) S(5) S(6) S(7) S(8) S(9) S(10) S(11) S(12) },
	{ GET("/buckets/bucket/tail?n=2"), S(11) S(12) },
	{ GET("/buckets/bucket/tail?n=0"), "" },
	{ GET("/buckets/bucket/tail?n=100&since=2026-11-23T06:31:09Z"),
	    S(10) S(11) S(12) },
	{ GET("/buckets/bucket/tail?since=2026-11-23T06:31:08.5Z"),
	    S(10) S(11) S(12) },
	{ GET("/buckets/bucket/tail?since=2026-11-23T07:31:10%2B01:00"),
	    S(11) S(12) },
	{ GET("/buckets/bucket/tail?since=2026-11-23T05:31:10-0100&n=1"),
	    S(12) },
	{ GET("/buckets/bucket/tail?since=2030-01-01T00:00:00Z"), "" },
	{ GET("/buckets/bucket/tail?since=9999-12-31T23:59:59Z"), "" },
	{ GET("/buckets/bucket/tail?since=2262-06-01T00:00:00Z"), "" },
	/* What netlabd says is shown whoever is asked for. */
	{ GET("/buckets/bucket/tail?from=192.0.2.0/24"),
	    S(2) S(4) S(6) S(8) S(10) S(12) },
	{ GET("/buckets/bucket/tail?from=2001:db8::7&n=2"), S(9) S(11) },
	{ GET("/buckets/bucket/tail?from=10.0.0.0/8"), S(6) },
	{ GET("/buckets/bucket/tail?from=10.0.0.0/8&from=192.0.2.7&n=1"),
	    S(12) },
	{ GET("/buckets/bucket/tail?follow=0&n=1"), S(12) },
	{ GET("/buckets/bucket/tail?match=^m.$&n=3"), S(7) S(8) S(9) },
	{ GET("/buckets/bucket/tail?match=[12]$&from=192.0.2.7"),
	    S(2) S(6) S(12) },
};

START_TEST(test_tails)
{
	struct world world;

	world_open(&world, NULL, NULL);
	fill(&world);
	for (size_t i = 0; i < COUNT(tails); i++)
		ask_expect(&world, tails[i].request, 200, tails[i].body);
	world_close(&world);
}
END_TEST

static const struct {
	const char *query, *why;
} bad[] = {
	{ "n=x", "n: not a number" },
	{ "n=", "n: not a number" },
	{ "n=-1", "n: not a number" },
	{ "n=10000000000", "n: not a number" },
	{ "follow=2", "follow: neither 0 nor 1" },
	{ "follow", "follow: neither 0 nor 1" },
	{ "since=yesterday", "since: not a time (write 2026-11-23T06:31:00Z)" },
	{ "since=2026-11-23T06:31:00",
	    "since: not a time (write 2026-11-23T06:31:00Z)" },
	{ "since=2026-11-23T06:31:00Zx",
	    "since: not a time (write 2026-11-23T06:31:00Z)" },
	{ "since=2026-11-23T06:31:00-25:00",
	    "since: not a time (write 2026-11-23T06:31:00Z)" },
	{ "from=lab", "'lab' is no network (write ADDRESS or ADDRESS/BITS)" },
	{ "match=a&match=b", "match: only one pattern" },
	{ "n=%zz", "not a query, or too long" },
};

START_TEST(test_bad_queries)
{
	struct world world;

	world_open(&world, NULL, NULL);
	for (size_t i = 0; i < COUNT(bad); i++) {
		char request[256], expected[256];

		snprintf(request, sizeof(request),
		    "GET /buckets/bucket/tail?%s HTTP/1.1\r\nHost: x\r\n"
		    "Connection: close\r\n\r\n",
		    bad[i].query);
		snprintf(expected, sizeof(expected), "{\"error\":\"%s\"}\n",
		    bad[i].why);
		ask_expect(&world, request, 400, expected);
	}
	world_close(&world);
}
END_TEST

START_TEST(test_rotate)
{
	struct world world;

	world_open(&world, NULL, NULL);
	ask_expect(
	    &world, POST("/rotate"), 200, "{\"rotated\":[\"bucket\"]}\n");
	ask_expect(&world, POST("/rotate?bucket=bucket"), 200,
	    "{\"rotated\":[\"bucket\"]}\n");
	ck_assert_uint_eq(world.fake->rotated, 2);
	ask_expect(&world, POST("/rotate?bucket=test"), 404,
	    "{\"error\":\"no bucket of that name (there are: bucket)\"}\n");
	world.fake->rotate_fails = "disk full";
	ask_expect(&world, POST("/rotate"), 500,
	    "{\"error\":\"fake 'bucket': disk full\",\"rotated\":[]}\n");
	ck_assert_uint_eq(world.fake->rotated, 2);
	world_close(&world);
}
END_TEST

/* However many there are, the answer is short. */
START_TEST(test_many_names)
{
	struct world world;
	struct service *services[40];
	char name[32];

	world_open(&world, NULL, NULL);
	memcpy(services, world.services, sizeof(world.services));
	for (size_t i = 2; i < COUNT(services); i++) {
		snprintf(name, sizeof(name), "service-%zu", i);
		services[i] = service_new(&fake_type, name);
	}
	world.config.services = services;
	world.config.service_count = COUNT(services);
	ask_expect(&world, POST("/rotate?bucket=x"), 404,
	    "{\"error\":\"no bucket of that name (there are: bucket, "
	    "service-2, service-3, service-4, service-5, service-6, service-7, "
	    "service-8, service-9, service-10, service-11, ...)\"}\n");
	world.config.services = world.services;
	world.config.service_count = 2;
	for (size_t i = 2; i < COUNT(services); i++)
		service_free(services[i]);
	world_close(&world);
}
END_TEST

START_TEST(test_no_names)
{
	struct world world;

	world_open(&world, NULL, NULL);
	history_free(world.fake->history);
	service_free(world.services[1]);
	world.config.service_count = 1;
	ask_expect(&world, POST("/rotate?bucket=x"), 404,
	    "{\"error\":\"no bucket is served (a creosote section makes "
	    "one)\"}\n");
	world_close(&world);
}
END_TEST

/* It is asked for by who may write anything: it is told what is wrong. */
START_TEST(test_bad_pattern)
{
	struct world world;
	char *body;

	world_open(&world, NULL, NULL);
	ck_assert_uint_eq(
	    ask(&world, GET("/buckets/bucket/tail?match=("), &body), 400);
	ck_assert_ptr_nonnull(strstr(body, "{\"error\":\""));
	free(body);
	world_close(&world);
}
END_TEST

/* What a type says of itself becomes JSON whatever its bytes are. */
START_TEST(test_state)
{
	struct world world;
	char *body;

	world_open(&world, NULL, NULL);
	ck_assert_uint_eq(ask(&world, GET("/services/bucket"), &body), 200);
	ck_assert_ptr_nonnull(strstr(
	    body, "\"state\":{\"waiting\":7,\"file\":\"/tmp/\\\\xff\\\"x\"}"));
	free(body);
	world_close(&world);
}
END_TEST

START_TEST(test_reload)
{
	struct world world;
	struct outcome *outcome;

	world_open(&world, NULL, NULL);
	outcome = &world.daemon.last_reload;
	outcome->done = true;
	outcome->changed = 3;
	ask_expect(&world, POST("/reload"), 200,
	    "{\"outcome\":\"reloaded\",\"time\":\"1970-01-01T00:00:00."
	    "000000Z\",\"kept\":0,\"changed\":3,\"started\":0,\"stopped\":0,"
	    "\"errors\":[]}\n");
	outcome_free(outcome);
	outcome_fail(outcome, "netlabd.conf:3: %s", "\xff is wrong");
	for (int i = 0; i < 70; i++)
		outcome_fail(outcome, "%s", "");
	ck_assert_uint_eq(outcome->error_count, OUTCOME_ERRORS);
	while (outcome->error_count > 1)
		free(outcome->errors[--outcome->error_count]);
	ask_expect(&world, POST("/reload"), 409,
	    "{\"outcome\":\"refused\",\"time\":\"1970-01-01T00:00:00."
	    "000000Z\",\"kept\":0,\"changed\":0,\"started\":0,\"stopped\":0,"
	    "\"errors\":[\"netlabd.conf:3: \\\\xff is wrong\",\"and 7 "
	    "more\"]}\n");
	world.daemon.stopping = true;
	ask_expect(&world, POST("/reload"), 503,
	    "{\"error\":\"netlabd is stopping\"}\n");
	outcome_free(outcome);
	world_close(&world);
}
END_TEST

/* The daemon stops between the question and the reload, which is then none. */
START_TEST(test_stop_before_reload)
{
	for (int half_closed = 0; half_closed <= 1; half_closed++) {
		struct world world;
		struct viewer viewer;

		world_open(&world, NULL, NULL);
		event_free(world.daemon.reload_event);
		world.daemon.reload_event =
		    evtimer_new(world.daemon.base, world_no_reload_cb, &world);
		viewer_open(&viewer, &world, POST("/reload"));
		if (half_closed)
			shutdown(viewer.fd, SHUT_WR);
		UNTIL(&world, &viewer, 1, world.daemon.stopping);
		service_stop_listening(world.services[0], false);
		UNTIL(&world, &viewer, 1, viewer.at_end);
		ck_assert(viewer.is_complete);
		ck_assert_uint_eq(viewer.status, 503);
		viewer_close(&viewer);
		world_close(&world);
	}
}
END_TEST

CHECK_MAIN("control", test_tails, test_bad_queries, test_bad_pattern,
    test_rotate, test_many_names, test_no_names, test_state, test_reload,
    test_stop_before_reload)
