/* SPDX-License-Identifier: ISC */
/* A time in the past, as people type it. */
#include "client/since.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/time_format.h"

#define TEXT_SIZE 64

/* A span is at most so long, so that no sum overflows. */
#define SPAN_MAX_S (200LL * 365 * 86400)

static int64_t
unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

/* 1h30m; false: it is no span. */
static bool
parse_span(const char *text, int64_t *seconds)
{
	int64_t sum = 0;

	if (*text == '\0')
		return false;
	while (*text != '\0') {
		size_t digits = strspn(text, "0123456789");
		int64_t number = 0, unit;

		if (digits == 0 || digits > 9)
			return false;
		for (size_t i = 0; i < digits; i++)
			number = number * 10 + (text[i] - '0');
		unit = unit_seconds(text[digits]);
		if (unit == 0 || number > SPAN_MAX_S / unit)
			return false;
		sum += number * unit;
		if (sum > SPAN_MAX_S)
			return false;
		text += digits + 1;
	}
	*seconds = sum;
	return true;
}

/* 14:30 and 14:30:05: today, or if that is still to come, yesterday. */
static bool
parse_time_of_day(const char *text, int64_t now_ns, int64_t *ns)
{
	time_t now = now_ns / CLOCK_NS_PER_S, then;
	struct tm tm, typed = { 0 };
	const char *end = strptime(text, "%H:%M:%S", &typed);

	if (end == NULL || *end != '\0') {
		typed = (struct tm){ 0 };
		end = strptime(text, "%H:%M", &typed);
	}
	if (end == NULL || *end != '\0')
		return false;
	for (int days = 0; days < 2; days++) {
		localtime_r(&now, &tm);
		tm.tm_mday -= days;
		tm.tm_hour = typed.tm_hour;
		tm.tm_min = typed.tm_min;
		tm.tm_sec = typed.tm_sec;
		tm.tm_isdst = -1;
		then = mktime(&tm);
		if (then <= now)
			break;
	}
	*ns = then * CLOCK_NS_PER_S;
	return true;
}

/* Completes a date, or a date and hours and minutes, to what is read below. */
static bool
parse_date(const char *text, int64_t now_ns, int64_t *ns)
{
	static const char *const ends[] = { "", ":00", "T00:00:00" };
	struct time_reading reading;
	char whole[TEXT_SIZE];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		int len = snprintf(whole, sizeof(whole), "%s%s", text, ends[i]);

		if (len < 0 || (size_t)len >= sizeof(whole))
			return false;
		if (time_format_parse(
			whole, (size_t)len, false, now_ns, &reading) &&
		    strcmp(reading.format, "iso8601") == 0) {
			*ns = reading.ns;
			return true;
		}
	}
	return false;
}

int
since_parse(const char *text, int64_t now_ns, int64_t *ns)
{
	int64_t seconds;

	if (parse_span(text, &seconds)) {
		*ns = now_ns - seconds * CLOCK_NS_PER_S;
		return 0;
	}
	if (parse_time_of_day(text, now_ns, ns) || parse_date(text, now_ns, ns))
		return 0;
	return -1;
}
