/* SPDX-License-Identifier: ISC */
/* When a file is old enough, by a clock that is set, and in odd time zones. */
#include <stdlib.h>
#include <time.h>

#include "services/creosote_rotation.h"

#include "check_main.h"

#define NS     1000000000LL
#define HOUR   3600LL
#define DAY    (24 * HOUR)
#define DAY_MS (24 * 3600 * 1000ULL)

static void
set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* Local times, each with the times between which its period lies. */
static const struct {
	const char *zone;
	uint64_t interval_ms;
	int64_t now_s, begin_s, end_s;
} table[] = {
	/* 2026-11-25 21:30:00 UTC is 1795642200 */
	{ "UTC0", DAY_MS, 1795642200, 1795564800, 1795651200 },
	{ "UTC0", DAY_MS, 1795651199, 1795564800, 1795651200 },
	{ "UTC0", DAY_MS, 1795651200, 1795651200, 1795737600 },
	{ "UTC0", 6 * HOUR * 1000, 1795642200, 1795629600, 1795651200 },
	{ "UTC0", HOUR * 1000, 1795642200, 1795640400, 1795644000 },
	{ "UTC0", 1000, 1795642200, 1795642200, 1795642201 },
	/* a Wednesday: the week began on Monday, 2026-11-23 */
	{ "UTC0", 7 * DAY_MS, 1795642200, 1795392000, 1795996800 },
	{ "CET-1", DAY_MS, 1795642200, 1795561200, 1795647600 },
	/* 25 and 23 hours: 2026-10-25 and 2026-03-29 in Berlin */
	{ "CET-1CEST,M3.5.0,M10.5.0/3", DAY_MS, 1792922400, 1792879200,
	    1792969200 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", DAY_MS, 1774778400, 1774738800,
	    1774821600 },
	/* forward at midnight, as in Cuba: 2026-03-08 begins at 01:00 */
	{ "CST5CDT,M3.2.0/0,M11.1.0/1", DAY_MS, 1772960400, 1772946000,
	    1773028800 },
};

START_TEST(test_periods)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		struct rotation_period period = { 0 };

		set_zone(table[i].zone);
		rotation_begin(
		    &period, table[i].interval_ms, table[i].now_s * NS);
		ck_assert_msg(period.begin_s == table[i].begin_s &&
			period.end_s == table[i].end_s,
		    "row %zu: %lld to %lld", i, (long long)period.begin_s,
		    (long long)period.end_s);
	}
}
END_TEST

/* In every zone and at every hour of some years, time goes on. */
START_TEST(test_always_ahead)
{
	static const char *const zones[] = { "UTC0",
		"CET-1CEST,M3.5.0,M10.5.0/3", "CST5CDT,M3.2.0/0,M11.1.0/1",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "<-12>12" };

	for (size_t i = 0; i < COUNT(zones); i++) {
		set_zone(zones[i]);
		for (int64_t now = 1767225600; now < 1767225600 + 800 * DAY;
		     now += HOUR) {
			struct rotation_period period = { 0 };

			rotation_begin(&period, DAY_MS, now * NS);
			ck_assert(period.end_s > now);
			ck_assert(period.begin_s <= now + HOUR);
			ck_assert(period.end_s - period.begin_s <= 25 * HOUR);
		}
	}
}
END_TEST

#define T0 (1795642200 * NS)

START_TEST(test_over)
{
	struct rotation_period period = { 0 };

	set_zone("UTC0");
	ck_assert(!rotation_is_over(&period, 0, T0, T0 + 9 * DAY * NS));
	ck_assert(!rotation_is_over(&period, HOUR * 1000, T0, T0));
	ck_assert(
	    !rotation_is_over(&period, HOUR * 1000, T0, T0 + 1800 * NS - 1));
	ck_assert(rotation_is_over(&period, HOUR * 1000, T0, T0 + 1800 * NS));
	ck_assert(rotation_is_over(&period, HOUR * 1000, T0, T0 + 1801 * NS));
	rotation_begin(&period, HOUR * 1000, T0 + 1801 * NS);
	ck_assert(!rotation_is_over(&period, HOUR * 1000, T0, T0 + 1802 * NS));
}
END_TEST

/* A file that was last written yesterday is over at once, after a start. */
START_TEST(test_since)
{
	struct rotation_period period = { 0 }, other = { 0 };

	set_zone("UTC0");
	ck_assert(rotation_is_over(&period, DAY_MS, T0 - DAY * NS, T0));
	ck_assert(!rotation_is_over(&other, DAY_MS, T0 - HOUR * NS, T0));
}
END_TEST

START_TEST(test_set_clock)
{
	struct rotation_period period = { 0 };

	set_zone("UTC0");
	ck_assert(!rotation_is_over(&period, DAY_MS, T0, T0));
	/* a little back over midnight: nothing */
	rotation_begin(&period, DAY_MS, 1795651200 * NS);
	ck_assert(!rotation_is_over(&period, DAY_MS, T0, 1795651199 * NS));
	ck_assert(!rotation_is_over(&period, DAY_MS, T0, 1795651200 * NS));
	ck_assert_int_eq(period.begin_s, 1795651200);
	/* years ahead: over, once */
	ck_assert(rotation_is_over(&period, DAY_MS, T0, T0 + 2000 * DAY * NS));
	rotation_begin(&period, DAY_MS, T0 + 2000 * DAY * NS);
	ck_assert(!rotation_is_over(&period, DAY_MS, T0, T0 + 2000 * DAY * NS));
	/* and back: not over now, but this midnight */
	ck_assert(!rotation_is_over(&period, DAY_MS, T0, T0));
	ck_assert(rotation_is_over(&period, DAY_MS, T0, 1795651200 * NS));
	/* since a time that has not come yet */
	period = (struct rotation_period){ 0 };
	ck_assert(!rotation_is_over(&period, DAY_MS, T0 + 2000 * DAY * NS, T0));
	ck_assert(rotation_is_over(&period, DAY_MS, T0, 1795651200 * NS));
}
END_TEST

CHECK_MAIN("creosote_rotation_period", test_periods, test_always_ahead,
    test_over, test_since, test_set_clock)
