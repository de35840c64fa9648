/* SPDX-License-Identifier: ISC */
/* Following a bucket: live, slowly, by many, over its end, until a stop. */
#include "base/clock.h"
#include "check_control.h"
#include "check_main.h"

#define TAIL(query) GET("/buckets/bucket/tail" query)
#define S(n)        "{\"sequence\":" #n ",\"message\":\"x\"}\n"

static void
add(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		world_add(world, "192.0.2.7:1", 0, "x");
	history_wake(world->fake->history);
}

static bool
ends_in(const struct viewer *viewer, const char *text)
{
	size_t len = strlen(text);

	return viewer->len >= len &&
	    strcmp(viewer->body + viewer->len - len, text) == 0;
}

START_TEST(test_follow)
{
	struct world world;
	struct viewer viewer;

	world_open(&world, "idle-timeout", "50ms");
	add(&world, 3);
	viewer_open(&viewer, &world, TAIL("?n=1&follow=1"));
	UNTIL(&world, &viewer, 1, ends_in(&viewer, S(3)));
	ck_assert_str_eq(viewer.body, S(3));
	add(&world, 1);
	UNTIL(&world, &viewer, 1, ends_in(&viewer, S(4)));
	add(&world, 1);
	add(&world, 1);
	UNTIL(&world, &viewer, 1, ends_in(&viewer, S(6)));
	ck_assert_str_eq(viewer.body, S(3) S(4) S(5) S(6));
	usleep(100000); /* silence does not end it */
	for (int i = 0; i < 10; i++)
		event_base_loop(world.daemon.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(service_connections(world.services[0]), 1);
	close(viewer.fd);
	viewer.sleeps = true;
	add(&world, 1);
	UNTIL(&world, &viewer, 1, service_connections(world.services[0]) == 0);
	viewer.fd = -1;
	viewer_close(&viewer);
	world_close(&world);
}
END_TEST

/* Counts what was seen and what was told to be missed, in order. */
static uint64_t
count_all(const char *body, uint64_t *missed)
{
	static const char word[] = "{\"missed\":", record[] = "{\"sequence\":";
	uint64_t next = 0, n;

	*missed = 0;
	for (const char *line = body; *line != '\0';
	     line = strchr(line, '\n') + 1) {
		if (strncmp(line, word, strlen(word)) == 0) {
			n = strtoull(line + strlen(word), NULL, 10);
			*missed += n;
			next += n;
			continue;
		}
		ck_assert(strncmp(line, record, strlen(record)) == 0);
		n = strtoull(line + strlen(record), NULL, 10);
		ck_assert_uint_eq(n, ++next);
	}
	return next;
}

/* Exactly what it did not see is told, and it costs one block. */
START_TEST(test_slow)
{
	struct world world;
	struct viewer viewer;
	uint64_t missed;

	world_open(&world, NULL, NULL);
	viewer_open(&viewer, &world, TAIL("?n=0&follow=1"));
	UNTIL(&world, &viewer, 1, viewer.status == 200);
	viewer.sleeps = true;
	for (int i = 0; i < 1000; i++) {
		add(&world, 100);
		event_base_loop(world.daemon.base, EVLOOP_NONBLOCK);
	}
	viewer.sleeps = false;
	UNTIL(&world, &viewer, 1, ends_in(&viewer, S(100000)));
	ck_assert_uint_eq(count_all(viewer.body, &missed), 100000);
	ck_assert_uint_gt(missed, 50000);
	ck_assert_uint_lt(missed, 99000);
	viewer_close(&viewer);
	world_close(&world);
}
END_TEST

/* Nine see all, while the tenth does not read, and two are killed. */
START_TEST(test_many)
{
	struct world world;
	struct viewer viewers[12];
	uint64_t missed;

	world_open(&world, NULL, NULL);
	for (size_t i = 0; i < COUNT(viewers); i++)
		viewer_open(&viewers[i], &world, TAIL("?n=0&follow=1"));
	UNTIL(&world, viewers, COUNT(viewers),
	    viewers[0].status == 200 && viewers[11].status == 200);
	viewers[9].sleeps = true;
	for (unsigned i = 1; i <= 25; i++) {
		char last[64];

		add(&world, 1500);
		snprintf(last, sizeof(last),
		    "{\"sequence\":%u,\"message\":\"x\"}\n", i * 1500);
		UNTIL(&world, viewers, 9,
		    ends_in(&viewers[0], last) && ends_in(&viewers[8], last));
		if (i == 12) {
			viewer_close(&viewers[10]);
			viewer_close(&viewers[11]);
		}
	}
	for (size_t i = 0; i < 9; i++) {
		ck_assert_uint_eq(count_all(viewers[i].body, &missed), 37500);
		ck_assert_uint_eq(missed, 0);
	}
	UNTIL(&world, viewers, 9, service_connections(world.services[0]) == 10);
	for (size_t i = 0; i < 10; i++)
		viewer_close(&viewers[i]);
	world_close(&world);
}
END_TEST

START_TEST(test_record_that_does_not_fit)
{
	struct world world;

	world_open(&world, NULL, NULL);
	world.fake->too_long = 4;
	world_add(&world, "a", 0, "x");
	world_add(&world, "a", 0, "long");
	world_add(&world, "a", 0, "long");
	world_add(&world, "a", 0, "x");
	world_add(&world, "a", 0, "long");
	ask_expect(&world, TAIL(""), 200,
	    S(1) "{\"missed\":2}\n" S(4) "{\"missed\":1}\n");
	world_close(&world);
}
END_TEST

/* A record far longer than a block, and than what may wait for a viewer. */
START_TEST(test_long_record)
{
	struct world world;
	char *message = calloc(1, 200001), *body;

	memset(message, 'y', 200000);
	world_open(&world, "max-output", "64K");
	for (int i = 0; i < 2; i++)
		world_add(&world, "a", 0, message);
	ck_assert_uint_eq(ask(&world, TAIL(""), &body), 200);
	ck_assert_uint_gt(strlen(body), 200000);
	ck_assert_str_eq(body + strlen(body) - 4, "y\"}\n");
	free(body);
	free(message);
	world_close(&world);
}
END_TEST

/* HTTP/1.0 knows no chunks, HEAD no body. */
START_TEST(test_old)
{
	struct world world;
	struct viewer viewer;

	world_open(&world, NULL, NULL);
	add(&world, 2);
	ask_expect(&world, "GET /buckets/bucket/tail HTTP/1.0\r\n\r\n", 200,
	    S(1) S(2));
	viewer_open(&viewer, &world,
	    "HEAD /buckets/bucket/tail?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	UNTIL(&world, &viewer, 1, viewer.at_end);
	ck_assert_uint_eq(viewer.status, 200);
	ck_assert_uint_eq(viewer.len, 0);
	viewer_close(&viewer);
	world_close(&world);
}
END_TEST

/* The bucket ends while viewers follow: what it still had comes, and then what
 * its successor has, or the end. */
static void
check_gone(bool has_successor)
{
	struct world world;
	struct viewer viewer;
	struct service *old;
	struct history *history;

	world_open(&world, NULL, NULL);
	add(&world, 1);
	viewer_open(&viewer, &world, TAIL("?follow=1"));
	UNTIL(&world, &viewer, 1, ends_in(&viewer, S(1)));
	add(&world, 2);
	old = world.services[1];
	history = world.fake->history;
	world.services[1] = service_new(&fake_type, "bucket");
	world.fake = service_state(world.services[1]);
	if (has_successor) {
		world.fake->history = history_new(0);
		add(&world, 1); /* before anybody has seen it */
	}
	history_free(history);
	service_free(old);
	if (has_successor) {
		UNTIL(&world, &viewer, 1, ends_in(&viewer, S(3) S(1)));
	} else {
		UNTIL(&world, &viewer, 1, viewer.is_complete);
	}
	ck_assert_str_eq(
	    viewer.body, has_successor ? S(1) S(2) S(3) S(1) : S(1) S(2) S(3));
	viewer_close(&viewer);
	world_close(&world);
}

START_TEST(test_gone)
{
	check_gone(true);
	check_gone(false);
}
END_TEST

/* A viewer that sends no more gets what there is. */
START_TEST(test_half_closed)
{
	struct world world;
	struct viewer viewer;

	world_open(&world, NULL, NULL);
	add(&world, 5000);
	viewer_open(&viewer, &world, TAIL("?n=5000&follow=1"));
	shutdown(viewer.fd, SHUT_WR);
	UNTIL(&world, &viewer, 1, viewer.at_end);
	ck_assert(viewer.is_complete);
	ck_assert(ends_in(&viewer, S(5000)));
	viewer_close(&viewer);
	world_close(&world);
}
END_TEST

/* At a stop a viewer is told that it has all there was. */
START_TEST(test_stop)
{
	struct world world;
	struct viewer viewer;

	world_open(&world, NULL, NULL);
	viewer_open(&viewer, &world, TAIL("?follow=1"));
	UNTIL(&world, &viewer, 1, viewer.status == 200);
	add(&world, 2);
	service_stop_listening(world.services[0], false);
	UNTIL(&world, &viewer, 1, viewer.at_end);
	ck_assert(viewer.is_complete);
	ck_assert_str_eq(viewer.body, S(1) S(2));
	viewer_close(&viewer);
	world_close(&world);
}
END_TEST

/* A stop finds a viewer that rests, with records that it has not been told. */
START_TEST(test_stop_while_it_rests)
{
	struct world world;
	struct viewer viewer;

	world_open(&world, NULL, NULL);
	viewer_open(&viewer, &world, TAIL("?follow=1"));
	UNTIL(&world, &viewer, 1, viewer.status == 200);
	service_stop_listening(world.services[0], false);
	add(&world, 1);
	UNTIL(&world, &viewer, 1, ends_in(&viewer, S(1)));
	usleep(30000); /* the moment of silence is over */
	add(&world, 2);
	UNTIL(&world, &viewer, 1, viewer.at_end);
	ck_assert(viewer.is_complete);
	ck_assert_str_eq(viewer.body, S(1) S(2) S(3));
	viewer_close(&viewer);
	world_close(&world);
}
END_TEST

/* One turn of the loop; the time it took, in ms. */
static int64_t
turn(struct world *world)
{
	int64_t began_ms = clock_monotonic_ms();

	event_base_loop(world->daemon.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	return clock_monotonic_ms() - began_ms;
}

/*
 * Patterns that take their time hold up the others no longer the more there
 * are, and when their viewers go, they are over.
 */
START_TEST(test_hungry)
{
	struct world world;
	struct viewer viewers[100];
	char message[2001];
	unsigned slow = 0;
	int64_t end_ms;

	memset(message, 'a', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	world_open(&world, NULL, NULL);
	for (int i = 0; i < 1000; i++)
		world_add(&world, "a", 0, message);
	for (size_t i = 0; i < COUNT(viewers); i++)
		viewer_open(&viewers[i], &world,
		    TAIL("?n=1000&match=(a|aa|a*)*[b-z]$"));
	while (service_connections(world.services[0]) < COUNT(viewers))
		(void)turn(&world);
	for (int i = 0; i < 3; i++) /* nearly each has had its first */
		(void)turn(&world);
	for (int i = 0; i < 5; i++)
		slow += turn(&world) > 100;
	ck_assert_uint_lt(slow, 3);
	for (size_t i = 0; i < COUNT(viewers); i++)
		viewer_close(&viewers[i]);
	for (end_ms = clock_monotonic_ms() + 1000;
	     service_connections(world.services[0]) > 0;) {
		ck_assert_int_lt(clock_monotonic_ms(), end_ms);
		(void)turn(&world);
	}
	world_close(&world);
}
END_TEST

CHECK_MAIN("control_tail", test_follow, test_slow, test_many,
    test_record_that_does_not_fit, test_long_record, test_old, test_gone,
    test_half_closed, test_stop, test_stop_while_it_rests, test_hungry)
