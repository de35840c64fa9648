/* SPDX-License-Identifier: ISC */
/* Times in the past, as people type them. */
#include "client/since.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "check_main.h"

/* 2026-11-23 09:02:10.5 UTC, a Monday. */
#define NOW_S  1795424530LL
#define NOW_NS ((int64_t)(NOW_S * 1000000000LL + 500000000))

static const struct {
	const char *text, *zone;
	int64_t before_ms; /* how long before now it is */
} times[] = {
	{ "0s", "UTC", 0 },
	{ "90s", "UTC", 90000 },
	{ "5m", "UTC", 300000 },
	{ "1h30m", "UTC", 5400000 },
	{ "2d", "UTC", 2 * 86400000LL },
	{ "1w1d1h1m1s", "UTC", (8 * 86400 + 3661) * 1000LL },
	{ "09:02", "UTC", 10500 },
	{ "9:02", "UTC", 10500 },
	{ "09:02:10", "UTC", 500 },
	{ "00:00", "UTC", (9 * 3600 + 130) * 1000LL + 500 },
	/* Still to come today: yesterday is meant. */
	{ "09:03", "UTC", (86400 - 50) * 1000LL + 500 },
	{ "23:59:59", "UTC", (9 * 3600 + 131) * 1000LL + 500 },
	/* An hour ahead of UTC. */
	{ "10:02", "CET-1", 10500 },
	{ "10:03", "CET-1", (86400 - 50) * 1000LL + 500 },
	{ "2026-11-23", "UTC", (9 * 3600 + 130) * 1000LL + 500 },
	{ "2026-11-23", "CET-1", (10 * 3600 + 130) * 1000LL + 500 },
	{ "2026-11-23T09:02", "UTC", 10500 },
	{ "2026-11-23 09:02", "UTC", 10500 },
	{ "2026-11-23T09:02:10", "UTC", 500 },
	{ "2026-11-23T09:02:10.25", "UTC", 250 },
	{ "2026-11-23T09:02:10Z", "CET-1", 500 },
	{ "2026-11-23T10:02:10+01:00", "UTC", 500 },
	{ "2026-11-23T10:02:10", "CET-1", 500 },
	/* The future is for whoever asks for it. */
	{ "2026-11-23T09:02:11Z", "UTC", -500 },
};

static void
check_time(size_t i)
{
	int64_t ns;

	setenv("TZ", times[i].zone, 1);
	tzset();
	ck_assert_msg(since_parse(times[i].text, NOW_NS, &ns) == 0,
	    "%s is no time", times[i].text);
	ck_assert_msg((int64_t)(NOW_NS - ns) / 1000000 == times[i].before_ms,
	    "%s is %" PRId64 " ms ago, not %" PRId64, times[i].text,
	    (int64_t)(NOW_NS - ns) / 1000000, times[i].before_ms);
}

START_TEST(test_times)
{
	for (size_t i = 0; i < COUNT(times); i++)
		check_time(i);
}
END_TEST

/* Where clocks went back by an hour, a day has 25 of them. */
START_TEST(test_daylight_saving)
{
	int64_t ns;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	/* 2026-10-25 12:00 CET is 11:00 UTC. */
	ck_assert_int_eq(
	    since_parse("01:00", 1792926000LL * 1000000000, &ns), 0);
	/* 01:00 CEST is 23:00 UTC of the day before. */
	ck_assert_int_eq(ns / 1000000000, 1792926000LL - 12 * 3600);
}
END_TEST

static const char *const wrong[] = {
	"",
	" ",
	"5",
	"m",
	"5x",
	"5m3",
	"-5m",
	"5 m",
	"1e3s",
	"0x5m",
	"99999999999s",
	"999999999w",
	"24:01:99",
	"12:60",
	"noon",
	"1:2:3:4",
	"2026-13-01",
	"2026-11-23T",
	"2026-11-23T09",
	"2026-11-23T09:02:10X",
	"1795424530",
	"Mon Nov 23 09:02:10 2026",
	"\x1b[2J",
	"2026-11-23T09:02:10.0000000000000000000000000000000000000000000000000",
};

START_TEST(test_wrong)
{
	int64_t ns;

	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert_msg(since_parse(wrong[i], NOW_NS, &ns) == -1,
		    "'%s' is taken for a time", wrong[i]);
}
END_TEST

CHECK_MAIN("client/since", test_times, test_daylight_saving, test_wrong)
