/* SPDX-License-Identifier: ISC */
/* The texts of a time: digits, changes of the second, time zones. */
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check_main.h"

#define NS(second, ns) ((second)*CLOCK_NS_PER_S + (ns))

struct row {
	int64_t now_ns;
	const char *text;
};

static void
check_rows(
    size_t (*format)(char *, int64_t), const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[CLOCK_TEXT_SIZE];
		size_t len;

		memset(text, '#', sizeof(text));
		len = format(text, rows[i].now_ns);
		ck_assert_str_eq(text, rows[i].text);
		ck_assert_uint_eq(len, strlen(rows[i].text));
	}
}

/* In this order: the cached second serves, changes, and changes back. */
static const struct row iso8601_rows[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 999, "1970-01-01T00:00:00.000000Z" },
	{ 1000, "1970-01-01T00:00:00.000001Z" },
	{ 1999, "1970-01-01T00:00:00.000001Z" },
	{ 10000, "1970-01-01T00:00:00.000010Z" },
	{ 120000, "1970-01-01T00:00:00.000120Z" },
	{ 1234000, "1970-01-01T00:00:00.001234Z" },
	{ 12345000, "1970-01-01T00:00:00.012345Z" },
	{ 123456789, "1970-01-01T00:00:00.123456Z" },
	{ 999999999, "1970-01-01T00:00:00.999999Z" },
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ NS(1, 0), "1970-01-01T00:00:01.000000Z" },
	{ 5000, "1970-01-01T00:00:00.000005Z" },
	{ NS(951827696, 500000000), "2000-02-29T12:34:56.500000Z" },
	{ NS(1795415460, 123456000), "2026-11-23T06:31:00.123456Z" },
	{ NS(1795415460, 123457000), "2026-11-23T06:31:00.123457Z" },
	{ NS(1795415461, 0), "2026-11-23T06:31:01.000000Z" },
	{ NS(2147483647, 999999999), "2038-01-19T03:14:07.999999Z" },
	{ NS(2147483648, 0), "2038-01-19T03:14:08.000000Z" },
	{ INT64_MAX, "2262-04-11T23:47:16.854775Z" },
};

START_TEST(test_iso8601)
{
	check_rows(clock_format_iso8601, iso8601_rows, COUNT(iso8601_rows));
}
END_TEST

/* UTC stays UTC where people live elsewhere. */
START_TEST(test_iso8601_zone)
{
	setenv("TZ", "XXX-05:30", 1);
	tzset();
	check_rows(clock_format_iso8601, iso8601_rows, COUNT(iso8601_rows));
}
END_TEST

static const struct row utc_rows[] = {
	{ 0, "Thu Jan  1 00:00:00 1970" },
	{ NS(1365251696, 0), "Sat Apr  6 12:34:56 2013" },
	{ NS(1365251696, 999999999), "Sat Apr  6 12:34:56 2013" },
	{ NS(1365251697, 0), "Sat Apr  6 12:34:57 2013" },
	{ NS(1795415460, 0), "Mon Nov 23 06:31:00 2026" },
	{ INT64_MAX, "Fri Apr 11 23:47:16 2262" },
};

START_TEST(test_ctime_utc)
{
	setenv("TZ", "UTC0", 1);
	tzset();
	check_rows(clock_format_ctime, utc_rows, COUNT(utc_rows));
}
END_TEST

/* Across the two changes of the clock in one year. */
static const struct row berlin_rows[] = {
	{ NS(1364691599, 0), "Sun Mar 31 01:59:59 2013" },
	{ NS(1364691600, 0), "Sun Mar 31 03:00:00 2013" },
	{ NS(1365244496, 0), "Sat Apr  6 12:34:56 2013" },
	{ NS(1382835599, 0), "Sun Oct 27 02:59:59 2013" },
	{ NS(1382835600, 0), "Sun Oct 27 02:00:00 2013" },
};

START_TEST(test_ctime_zone)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	check_rows(clock_format_ctime, berlin_rows, COUNT(berlin_rows));
}
END_TEST

/* What ctime(3) itself says, without its newline. */
START_TEST(test_ctime_libc)
{
	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	tzset();
	for (time_t second = 0; second < 4000000000; second += 12345677) {
		char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];

		ctime_r(&second, expected);
		expected[strcspn(expected, "\n")] = '\0';
		clock_format_ctime(text, NS(second, 1));
		ck_assert_str_eq(text, expected);
	}
}
END_TEST

START_TEST(test_now)
{
	int64_t before = clock_monotonic_ms();
	time_t second = time(NULL);
	int64_t now = clock_now_ns() / CLOCK_NS_PER_S;

	ck_assert_int_ge(now, second - 1);
	ck_assert_int_le(now, time(NULL) + 1);
	ck_assert_int_ge(clock_monotonic_ms(), before);
	ck_assert_int_gt(before, 0);
}
END_TEST

static const struct row before_rows[] = {
	{ -1, "1969-12-31T23:59:59.999999Z" },
	{ -1000, "1969-12-31T23:59:59.999999Z" },
	{ -1001, "1969-12-31T23:59:59.999998Z" },
	{ NS(-1, 0), "1969-12-31T23:59:59.000000Z" },
	{ NS(-1, -1), "1969-12-31T23:59:58.999999Z" },
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ INT64_MIN, "1677-09-21T00:12:43.145224Z" },
};

/* A board without a battery may think anything of the time. */
START_TEST(test_iso8601_before)
{
	check_rows(clock_format_iso8601, before_rows, COUNT(before_rows));
}
END_TEST

START_TEST(test_ctime_before)
{
	char text[CLOCK_TEXT_SIZE];

	setenv("TZ", "UTC0", 1);
	tzset();
	clock_format_ctime(text, -1);
	ck_assert_str_eq(text, "Wed Dec 31 23:59:59 1969");
	clock_format_ctime(text, 0);
	ck_assert_str_eq(text, "Thu Jan  1 00:00:00 1970");
	clock_format_ctime(text, INT64_MIN);
	ck_assert_str_eq(text, "Tue Sep 21 00:12:43 1677");
}
END_TEST

CHECK_MAIN("clock", test_iso8601, test_iso8601_zone, test_ctime_utc,
    test_ctime_zone, test_ctime_libc, test_now, test_iso8601_before,
    test_ctime_before)
