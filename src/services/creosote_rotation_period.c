/* SPDX-License-Identifier: ISC */
/* The time in which a file is filled, by a wall clock that people set. */
#include "services/creosote_rotation.h"

#include <time.h>

#include "base/clock.h"

#define DAY_S (24 * 60 * 60)

static int64_t
floor_to(int64_t value, int64_t unit)
{
	int64_t rest = value % unit;

	return value - (rest < 0 ? rest + unit : rest);
}

/* The days since 1970-01-01 of a local time. */
static int64_t
day_of(const struct tm *tm)
{
	struct tm date = { .tm_year = tm->tm_year,
		.tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday };

	return timegm(&date) / DAY_S;
}

/*
 * When so many days after tm begin. Where the clock is put forward at midnight,
 * there is none, and mktime() finds a time close to it.
 */
static int64_t
midnight(const struct tm *tm, int64_t days)
{
	struct tm date = { .tm_year = tm->tm_year,
		.tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday + (int)days,
		.tm_isdst = -1 };

	return mktime(&date);
}

/* Whole days begin at local midnight, seven of them on a Monday. */
static void
begin_days(struct rotation_period *period, int64_t days, int64_t now_s)
{
	time_t time_s = (time_t)now_s;
	struct tm tm;
	int64_t day;

	localtime_r(&time_s, &tm);
	day = day_of(&tm) + 3; /* the first day was a Thursday */
	day -= floor_to(day, days);
	period->begin_s = midnight(&tm, -day);
	period->end_s = midnight(&tm, days - day);
	if (period->end_s <= now_s)
		period->end_s = now_s + 60 * 60;
}

void
rotation_begin(
    struct rotation_period *period, uint64_t interval_ms, int64_t now_ns)
{
	int64_t now_s = floor_to(now_ns, CLOCK_NS_PER_S) / CLOCK_NS_PER_S;
	int64_t length_s = (int64_t)(interval_ms / 1000);

	if (length_s % DAY_S == 0) {
		begin_days(period, length_s / DAY_S, now_s);
		return;
	}
	period->begin_s = floor_to(now_s, length_s);
	period->end_s = period->begin_s + length_s;
}

bool
rotation_is_over(struct rotation_period *period, uint64_t interval_ms,
    int64_t since_ns, int64_t now_ns)
{
	int64_t interval_ns;

	if (interval_ms == 0)
		return false;
	interval_ns = (int64_t)interval_ms * 1000000;
	if (period->end_s == 0)
		rotation_begin(
		    period, interval_ms, since_ns < now_ns ? since_ns : now_ns);
	if (now_ns < period->begin_s * CLOCK_NS_PER_S - interval_ns)
		rotation_begin(period, interval_ms, now_ns);
	return now_ns >= period->end_s * CLOCK_NS_PER_S;
}
