/* SPDX-License-Identifier: ISC */
/* The formats in which a service tells the time (RFC 867, RFC 868, ISO 8601).
 */
#include "client/time_format.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Seconds from 1900-01-01, where RFC 868 begins, to 1970-01-01. */
#define RFC868_EPOCH 2208988800LL
#define RFC868_WRAP  (1LL << 32)

/* The last whole second that int64_t nanoseconds can tell: in 2262. */
#define SECONDS_MAX (INT64_MAX / CLOCK_NS_PER_S - 1)

/* In 1823; the time from then to any now is int64_t nanoseconds too. */
#define SECONDS_MIN (-SECONDS_MAX / 2)

#define TEXT_SIZE 64

/* Zones differ by quarters of an hour, from -12 to +14 hours. */
#define ZONE_STEP_MIN   15
#define ZONES_APART_MIN (26 * 60)

/* How far the clocks themselves may be apart when zones are suspected. */
#define ZONE_SLACK_S 5

static bool
set_seconds(struct time_reading *reading, int64_t seconds)
{
	if (seconds < SECONDS_MIN || seconds > SECONDS_MAX)
		return false;
	reading->ns = seconds * CLOCK_NS_PER_S;
	reading->resolution_ns = CLOCK_NS_PER_S;
	return true;
}

/* Reads ".123456", if it is there, and returns what follows; NULL: wrong. */
static const char *
parse_fraction(const char *text, struct time_reading *reading)
{
	if (*text != '.')
		return text;
	if (reading->ns < 0 || text[1] < '0' || text[1] > '9')
		return NULL;
	for (text++; *text >= '0' && *text <= '9'; text++) {
		reading->resolution_ns /= 10;
		reading->ns += (*text - '0') * reading->resolution_ns;
		if (reading->resolution_ns == 0)
			return NULL;
	}
	return text;
}

static bool
parse_rfc868(
    const unsigned char *byte, int64_t now_ns, struct time_reading *reading)
{
	int64_t seconds =
	    ((int64_t)byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3]) -
	    RFC868_EPOCH;
	int64_t now = now_ns / CLOCK_NS_PER_S;

	while (now - seconds > RFC868_WRAP / 2)
		seconds += RFC868_WRAP;
	reading->format = "rfc868";
	return set_seconds(reading, seconds);
}

static bool
parse_unix(const char *text, struct time_reading *reading)
{
	int64_t seconds = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 10)
		return false;
	for (size_t i = 0; i < digits; i++)
		seconds = seconds * 10 + (text[i] - '0');
	reading->format = "unix";
	if (!set_seconds(reading, seconds))
		return false;
	text = parse_fraction(text + digits, reading);
	return text != NULL && *text == '\0';
}

static bool
parse_ctime(const char *text, struct time_reading *reading)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%a %b %e %H:%M:%S %Y", &tm);

	if (end == NULL || *end != '\0')
		return false;
	reading->is_zone_assumed = true;
	return set_seconds(reading, mktime(&tm));
}

/* Z, +01:00 or +0100; strptime(3)'s %z reads them all. None: a local time. */
static bool
apply_zone(const char *zone, struct tm *tm, struct time_reading *reading)
{
	int64_t fraction_ns = reading->ns, step_ns = reading->resolution_ns;
	struct tm offset = { 0 };
	time_t seconds;

	if (*zone == '\0') {
		tm->tm_isdst = -1;
		seconds = mktime(tm);
	} else {
		const char *end = strptime(zone, "%z", &offset);

		if (end == NULL || *end != '\0')
			return false;
		seconds = timegm(tm) - offset.tm_gmtoff;
	}
	reading->is_zone_assumed = *zone == '\0';
	if (!set_seconds(reading, seconds) ||
	    (fraction_ns > 0 && reading->ns < 0))
		return false;
	reading->ns += fraction_ns;
	reading->resolution_ns = step_ns;
	return true;
}

static bool
parse_iso8601(const char *text, struct time_reading *reading)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%d", &tm);

	if (rest == NULL || (*rest != 'T' && *rest != ' '))
		return false;
	rest = strptime(rest + 1, "%H:%M:%S", &tm);
	if (rest == NULL)
		return false;
	reading->format = "iso8601";
	set_seconds(reading, 0);
	rest = parse_fraction(rest, reading);
	return rest != NULL && apply_zone(rest, &tm, reading);
}

/* Copies a text without its line end; false: it is none, or too long. */
static bool
copy_line(char text[TEXT_SIZE], const char *answer, size_t len, bool *has_cr)
{
	*has_cr = false;
	if (len > 0 && answer[len - 1] == '\n')
		len--;
	if (len > 0 && answer[len - 1] == '\r') {
		*has_cr = true;
		len--;
	}
	if (len == 0 || len >= TEXT_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (answer[i] < 0x20 || answer[i] > 0x7e)
			return false;
	*(char *)mempcpy(text, answer, len) = '\0';
	return true;
}

bool
time_format_parse(const char *answer, size_t len, bool is_rfc868,
    int64_t now_ns, struct time_reading *reading)
{
	char text[TEXT_SIZE];
	bool has_cr, is_text = copy_line(text, answer, len, &has_cr);

	*reading = (struct time_reading){ 0 };
	if (len == 4 && (is_rfc868 || !is_text))
		return parse_rfc868((const void *)answer, now_ns, reading);
	if (!is_text)
		return false;
	if (parse_unix(text, reading) || parse_iso8601(text, reading))
		return true;
	reading->format = has_cr ? "daytime" : "ctime";
	return parse_ctime(text, reading);
}

int64_t
time_format_offset(const struct time_reading *reading, int64_t asked_ns,
    int64_t come_ns, int64_t *error_ns)
{
	int64_t trip_ns = come_ns - asked_ns;

	*error_ns = (reading->resolution_ns + trip_ns) / 2;
	return reading->ns + reading->resolution_ns / 2 -
	    (asked_ns + trip_ns / 2);
}

int
time_format_zone_minutes(int64_t offset_ns)
{
	const int64_t step_ns = ZONE_STEP_MIN * 60 * CLOCK_NS_PER_S;
	int64_t half_ns = offset_ns < 0 ? -step_ns / 2 : step_ns / 2;
	int64_t steps = (offset_ns + half_ns) / step_ns;
	int64_t rest_ns = offset_ns - steps * step_ns;

	if (llabs(steps) * ZONE_STEP_MIN > ZONES_APART_MIN ||
	    llabs(rest_ns) > ZONE_SLACK_S * CLOCK_NS_PER_S)
		return 0;
	return (int)steps * ZONE_STEP_MIN;
}
