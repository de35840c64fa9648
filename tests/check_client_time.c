/* SPDX-License-Identifier: ISC */
/* The formats in which services tell the time. */
#include "client/time_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"

#define SECOND 1000000000LL
#define MICRO  1000LL

/* 2026-11-23 07:31:00 UTC; the tests run an hour east of it. */
#define NOW 1795419060LL

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *answer;
	size_t len;
	bool is_rfc868;
	const char *format; /* NULL: no time */
	int64_t ns, resolution_ns;
	bool is_zone_assumed;
} answers[] = {
	{ BYTES("Mon Nov 23 08:31:00 2026"), false, "ctime", NOW *SECOND,
	    SECOND, true },
	{ BYTES("Mon Nov 23 08:31:00 2026\n"), false, "ctime", NOW *SECOND,
	    SECOND, true },
	{ BYTES("Mon Nov 23 08:31:00 2026\r\n"), false, "daytime", NOW *SECOND,
	    SECOND, true },
	{ BYTES("Sun Apr  6 12:34:56 2013"), false, "ctime",
	    1365248096 * SECOND, SECOND, true },
	{ BYTES("1795419060"), false, "unix", NOW *SECOND, SECOND, false },
	{ BYTES("1795419060\n"), false, "unix", NOW *SECOND, SECOND, false },
	{ BYTES("1795419060.25\n"), false, "unix", NOW *SECOND + 250000 * MICRO,
	    10000 * MICRO, false },
	{ BYTES("0"), false, "unix", 0, SECOND, false },
	{ BYTES("2026-11-23T07:31:00.123456Z"), false, "iso8601",
	    NOW *SECOND + 123456 * MICRO, MICRO, false },
	{ BYTES("2026-11-23T07:31:00Z\r\n"), false, "iso8601", NOW *SECOND,
	    SECOND, false },
	{ BYTES("2026-11-23T09:31:00+02:00"), false, "iso8601", NOW *SECOND,
	    SECOND, false },
	{ BYTES("2026-11-23 02:01:00.5-0530"), false, "iso8601",
	    NOW *SECOND + SECOND / 2, SECOND / 10, false },
	{ BYTES("2026-11-23T08:31:00"), false, "iso8601", NOW *SECOND, SECOND,
	    true },
	/* NOW + 2208988800 = 4004407860 = 0xeeae6a34 */
	{ BYTES("\xee\xae\x6a\x34"), false, "rfc868", NOW *SECOND, SECOND,
	    false },
	/* The counter began anew on 2036-02-07 06:28:16 UTC. */
	{ BYTES("\0\0\0\x01"), false, "rfc868", 2085978497 * SECOND, SECOND,
	    false },
	/* Four characters are text, but not from the port of RFC 868. */
	{ BYTES("1234"), false, "unix", 1234 * SECOND, SECOND, false },
	{ BYTES("\xee\x31\x32\x33"), true, "rfc868",
	    (0xee313233LL - 2208988800LL) * SECOND, SECOND, false },
	{ BYTES("1234"), true, "rfc868",
	    (0x31323334LL - 2208988800LL + (1LL << 32)) * SECOND, SECOND,
	    false },
	{ BYTES(""), false, NULL, 0, 0, false },
	{ BYTES(""), true, NULL, 0, 0, false },
	{ BYTES("\n"), false, NULL, 0, 0, false },
	{ BYTES("\x01\x02\x03"), false, NULL, 0, 0, false },
	{ BYTES("\xee\xae\x6a\x34\x00"), true, NULL, 0, 0, false },
	{ BYTES("hello"), false, NULL, 0, 0, false },
	{ BYTES("Mon Nov 23 08:31:00 2026 x"), false, NULL, 0, 0, false },
	{ BYTES("Mon Nov 23 08:31:00"), false, NULL, 0, 0, false },
	{ BYTES("Mon Nov 23 08:31:00 9999"), false, NULL, 0, 0, false },
	{ BYTES("Mon Nov 23 08:31:00 1700"), false, NULL, 0, 0, false },
	{ BYTES("1823-10-23T07:31:00Z"), false, NULL, 0, 0, false },
	{ BYTES("1824-11-23T07:31:00Z"), false, "iso8601", -4579086540 * SECOND,
	    SECOND, false },
	{ BYTES("2026-13-23T07:31:00Z"), false, NULL, 0, 0, false },
	{ BYTES("2026-11-23"), false, NULL, 0, 0, false },
	{ BYTES("2026-11-23T07:31:00."), false, NULL, 0, 0, false },
	{ BYTES("2026-11-23T07:31:00.1234567890Z"), false, NULL, 0, 0, false },
	{ BYTES("2026-11-23T07:31:00Zulu"), false, NULL, 0, 0, false },
	{ BYTES("1969-12-31T23:59:59.5Z"), false, NULL, 0, 0, false },
	{ BYTES("12345678901"), false, NULL, 0, 0, false },
	{ BYTES("9999999999"), false, NULL, 0, 0, false },
	{ BYTES("-5"), false, NULL, 0, 0, false },
	{ BYTES("1795419060 "), false, NULL, 0, 0, false },
	{ BYTES("1795419060\0"), false, NULL, 0, 0, false },
};

static void
check_parse(size_t i)
{
	struct time_reading reading;
	bool is_time = time_format_parse(answers[i].answer, answers[i].len,
	    answers[i].is_rfc868, NOW * SECOND, &reading);

	ck_assert_int_eq(is_time, answers[i].format != NULL);
	if (!is_time)
		return;
	ck_assert_str_eq(reading.format, answers[i].format);
	ck_assert_int_eq(reading.ns, answers[i].ns);
	ck_assert_int_eq(reading.resolution_ns, answers[i].resolution_ns);
	ck_assert_int_eq(reading.is_zone_assumed, answers[i].is_zone_assumed);
}

START_TEST(test_parse)
{
	setenv("TZ", "EAST-1", 1);
	for (size_t i = 0; i < COUNT(answers); i++)
		check_parse(i);
}
END_TEST

/* All in ms. */
static const struct {
	int64_t time, resolution, asked, come, offset, error;
} offsets[] = {
	{ 5000, 1000, 5500, 5500, 0, 500 },
	{ 5000, 1000, 5000, 5000, 500, 500 },
	{ 5000, 1000, 5999, 5999, -499, 500 },
	{ 5000, 0, 4900, 5100, 0, 100 },
	{ 9000, 0, 4900, 5100, 4000, 100 },
	{ 1000, 1000, 4900, 5100, -3500, 600 },
};

static void
check_offset(size_t i)
{
	struct time_reading reading = {
		.ns = offsets[i].time * 1000000,
		.resolution_ns = offsets[i].resolution * 1000000,
	};
	int64_t error;

	ck_assert_int_eq(
	    time_format_offset(&reading, offsets[i].asked * 1000000,
		offsets[i].come * 1000000, &error),
	    offsets[i].offset * 1000000);
	ck_assert_int_eq(error, offsets[i].error * 1000000);
}

START_TEST(test_offset)
{
	for (size_t i = 0; i < COUNT(offsets); i++)
		check_offset(i);
}
END_TEST

/* Seconds, and the minutes between two zones. */
static const struct {
	double offset_s;
	int minutes;
} zones[] = {
	{ 0, 0 },
	{ 4.9, 0 },
	{ 21599.7, 360 },
	{ -21599.7, -360 },
	{ 20705, 345 },
	{ -20695, -345 },
	{ 895, 15 },
	{ 894.9, 0 },
	{ 905, 15 },
	{ 905.1, 0 },
	{ -3605.1, 0 },
	{ 1350, 0 },
	{ 93600, 1560 },
	{ 93605, 1560 },
	{ 94500, 0 },
	{ -94500, 0 },
	{ 9e9, 0 },
	{ -9e9, 0 },
};

START_TEST(test_zone)
{
	for (size_t i = 0; i < COUNT(zones); i++)
		ck_assert_int_eq(
		    time_format_zone_minutes(
			(int64_t)(zones[i].offset_s * 10) * (SECOND / 10)),
		    zones[i].minutes);
}
END_TEST

CHECK_MAIN("client/time_format", test_parse, test_offset, test_zone)
