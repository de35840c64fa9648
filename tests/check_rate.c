/* SPDX-License-Identifier: ISC */
/* Rates a source: what passes, what is one source, and floods of sources. */
#include "base/rate.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "base/clock.h"
#include "check_main.h"
#include "check_peer.h"

#define SOURCES 1000000

static struct rate *
make(size_t size, uint64_t per_second, uint64_t burst)
{
	struct rate_config config = { size, per_second, burst, SOURCE_PREFIX4,
		SOURCE_PREFIX6 };
	struct rate *rate = rate_new(&config);

	ck_assert_ptr_nonnull(rate);
	return rate;
}

static void
expect(struct rate *rate, const char *peer, int64_t now_ms, bool passes,
    uint64_t suppressed)
{
	uint64_t got = 4711;

	ck_assert_int_eq(rate_take(rate, peer_of(peer), now_ms, &got), passes);
	if (passes)
		ck_assert_uint_eq(got, suppressed);
}

/* Ten a second, three at once. */
START_TEST(test_bucket)
{
	static const struct {
		int64_t now_ms;
		bool passes;
		uint64_t suppressed;
	} table[] = {
		{ 5000, true, 0 },
		{ 5000, true, 0 },
		{ 5001, true, 0 },
		{ 5001, false, 0 },
		{ 5099, false, 0 },
		{ 5100, true, 2 },
		{ 5199, false, 0 },
		{ 5200, true, 1 },
		{ 5300, true, 0 },
		{ 5550, true, 0 },
		{ 5550, true, 0 },
		{ 5550, false, 0 },
		{ 9000, true, 1 },
		{ 9000, true, 0 },
		{ 9000, true, 0 },
		{ 9000, false, 0 },
	};
	struct rate *rate = make(100, 10, 3);

	for (size_t i = 0; i < COUNT(table); i++)
		expect(rate, "192.0.2.1", table[i].now_ms, table[i].passes,
		    table[i].suppressed);
	rate_free(rate);
	rate_free(NULL);
}
END_TEST

/* Over a long time it is the rate, whatever the burst. */
START_TEST(test_long_run)
{
	static const uint64_t rates[] = { 1, 3, 100, 999 };

	for (size_t i = 0; i < COUNT(rates); i++) {
		struct rate *rate = make(1, rates[i], 5);
		uint64_t passed = 0, said = 0, suppressed;

		for (int64_t now_ms = 0; now_ms < 100000; now_ms++)
			if (rate_take(
				rate, peer_of("::1"), now_ms, &suppressed)) {
				passed++;
				said += suppressed;
			}
		ck_assert_uint_ge(passed, rates[i] * 100);
		ck_assert_uint_le(passed, rates[i] * 100 + 5 + 1);
		ck_assert_uint_le(said, 100000 - passed);
		ck_assert_uint_ge(said, 100000 - passed - 1000 / rates[i]);
		rate_free(rate);
	}
}
END_TEST

/* Whether the second may still pass when the first did. */
START_TEST(test_sources)
{
	static const struct {
		const char *first, *second;
		unsigned prefix4, prefix6;
		bool same;
	} table[] = {
		{ "192.0.2.1", "192.0.2.1", 32, 64, true },
		{ "192.0.2.1", "192.0.2.2", 32, 64, false },
		{ "192.0.2.1", "192.0.2.254", 24, 64, true },
		{ "192.0.2.1", "192.0.3.1", 24, 64, false },
		{ "192.0.2.1", "10.9.8.7", 0, 64, true },
		{ "192.0.2.1", "::ffff:192.0.2.1", 32, 64, true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", 32, 64, false },
		{ "2001:db8::1", "2001:db8::ffff:1", 32, 64, true },
		{ "2001:db8::1", "2001:db8:0:1::1", 32, 64, false },
		{ "2001:db8::1", "2001:db8:0:ff::1", 32, 56, true },
		{ "2001:db8::1", "2001:db8::2", 32, 128, false },
		{ "192.0.2.1", "2001:db8::1", 0, 0, false },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct rate_config config = { 1024, 1, 1, table[i].prefix4,
			table[i].prefix6 };
		struct rate *rate = rate_new(&config);

		expect(rate, table[i].first, 1000, true, 0);
		expect(rate, table[i].second, 1000, !table[i].same, 0);
		rate_free(rate);
	}
}
END_TEST

START_TEST(test_unix)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/tmp/a" };
	struct rate *rate = make(16, 1, 2);
	uint64_t suppressed;

	ck_assert(rate_take(rate, (struct sockaddr *)&un, 1000, &suppressed));
	un.sun_path[5] = 'b';
	ck_assert(rate_take(rate, (struct sockaddr *)&un, 1000, &suppressed));
	ck_assert(!rate_take(rate, NULL, 1000, &suppressed));
	expect(rate, "192.0.2.1", 1000, true, 0);
	rate_free(rate);
}
END_TEST

/* What is out of bounds means the nearest that is not. */
START_TEST(test_bounds)
{
	struct rate *rate = make(0, 0, 0);

	expect(rate, "192.0.2.1", 0, true, 0);
	expect(rate, "192.0.2.1", 999, false, 0);
	expect(rate, "192.0.2.1", 1000, true, 1);
	rate_free(rate);
	rate = make(0, UINT64_MAX, UINT64_MAX);
	for (int i = 0; i < 10000; i++)
		expect(rate, "192.0.2.1", 0, true, 0);
	rate_free(rate);
}
END_TEST

/* As many as there is room for do not disturb each other, but for few. */
START_TEST(test_room)
{
	struct rate *rate = make(4096, 1, 1);
	uint64_t suppressed;
	unsigned passed = 0;

	for (uint32_t i = 0; i < 2048; i++)
		passed += rate_take(rate, numbered_peer(i), 1000, &suppressed);
	ck_assert_uint_gt(passed, 1850);
	passed = 0;
	for (uint32_t i = 0; i < 2048; i++)
		passed += rate_take(rate, numbered_peer(i), 1000, &suppressed);
	ck_assert_uint_eq(passed, 0);
	rate_free(rate);
}
END_TEST

/*
 * A million spoofed sources, and among them one that sends ten times what it
 * may: the memory stays, what passes is bounded, and every message that might
 * not is told in the end.
 */
START_TEST(test_flood)
{
	struct rate *rate = make(4096, 100, 10);
	size_t memory = mallinfo2().uordblks + mallinfo2().hblkhd;
	uint64_t passed = 0, greedy = 0, denied = 0, told = 0, suppressed;
	int64_t begin_ms = clock_monotonic_ms(), now_ms = 0;

	for (uint32_t i = 0; i < SOURCES; i++) {
		now_ms = 1000 + i / 100; /* 100,000 a second */
		if (rate_take(rate, numbered_peer(i), now_ms, &suppressed)) {
			passed++;
			told += suppressed;
		} else {
			denied++;
		}
		if (i % 100 != 0)
			continue;
		if (rate_take(
			rate, peer_of("192.0.2.1"), now_ms, &suppressed)) {
			greedy++;
			told += suppressed;
		} else {
			denied++;
		}
	}
	ck_assert_uint_eq(mallinfo2().uordblks + mallinfo2().hblkhd, memory);
	/* In ten seconds: a hundred a second for each that is remembered. */
	ck_assert_uint_le(passed, 4096 * (100 * 10 + 10));
	ck_assert_uint_ge(greedy, 900);
	ck_assert_uint_le(greedy, 100 * 10 + 10 + 1);
	told += rate_take_forgotten(rate);
	/* Those that are remembered still may be told. */
	ck_assert_uint_le(told, denied);
	ck_assert_uint_le(denied - told, 20);
	ck_assert_uint_eq(rate_take_forgotten(rate), 0);
	/* In time that does not grow: a second is plenty, also for tools. */
	ck_assert_int_lt(clock_monotonic_ms() - begin_ms, 20000);
	rate_free(rate);
}
END_TEST

/*
 * More than all buckets together hold does not pass, whoever says he is new,
 * and is told but for the one that each bucket may remember.
 */
START_TEST(test_flood_is_limited)
{
	struct rate *rate = make(1024, 10, 10);
	uint64_t passed = 0, told = 0, suppressed;

	for (uint32_t i = 0; i < SOURCES; i++)
		if (rate_take(
			rate, numbered_peer(i), 1000 + i / 1000, &suppressed)) {
			passed++;
			told += suppressed;
		}
	ck_assert_uint_le(passed, 1024 * (10 + 10 + 1));
	told += rate_take_forgotten(rate);
	ck_assert_uint_le(passed + told, SOURCES);
	ck_assert_uint_ge(passed + told, SOURCES - 1024);
	rate_free(rate);
}
END_TEST

/* More than one a millisecond, and less at once than that: the rate holds. */
START_TEST(test_fine)
{
	struct rate *rate = make(100, 5000, 1);
	uint64_t passed = 0, suppressed;

	for (int64_t now_ms = 1000; now_ms < 2000; now_ms++)
		for (int i = 0; i < 10; i++)
			passed += rate_take(
			    rate, peer_of("192.0.2.7"), now_ms, &suppressed);
	ck_assert_uint_ge(passed, 5000);
	ck_assert_uint_le(passed, 5005);
	rate_free(rate);
}
END_TEST

CHECK_MAIN("rate", test_bucket, test_long_run, test_fine, test_sources,
    test_unix, test_bounds, test_room, test_flood, test_flood_is_limited)
