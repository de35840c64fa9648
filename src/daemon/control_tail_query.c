/* SPDX-License-Identifier: ISC */
/* Which records of a bucket somebody wants to see. */
#include "daemon/control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Records are of a time whose nanoseconds can be counted. */
#define TIME_MAX_S (INT64_MAX / CLOCK_NS_PER_S - 1)

/* Without n and since: so many as tail(1) shows. */
#define LAST 10

/* The source of what netlabd itself says in a bucket. */
#define OWN_SOURCE "netlabd"

/* Decimal digits, and nothing else, up to a billion. */
static bool
parse_number(const char *text, uint64_t *number)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 9 || text[len] != '\0')
		return false;
	*number = strtoull(text, NULL, 10);
	return true;
}

/* ".123" as nanoseconds; returns what follows. */
static const char *
parse_fraction(const char *text, int64_t *ns)
{
	int64_t unit = CLOCK_NS_PER_S;

	*ns = 0;
	if (*text != '.' && *text != ',')
		return text;
	for (text++; *text >= '0' && *text <= '9'; text++) {
		unit /= 10;
		*ns += (*text - '0') * unit;
	}
	return text;
}

/* "Z", "+01:00" or "-0130" as seconds east of UTC. */
static bool
parse_zone(const char *text, long *seconds)
{
	int hours, minutes, end = -1;

	*seconds = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-' && *text != ' ')
		return false;
	(void)sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end);
	if (end == -1)
		(void)sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &end);
	if (end == -1 || text[1 + end] != '\0' || hours < 0 || hours > 23 ||
	    minutes < 0 || minutes > 59)
		return false;
	/* A + that was not encoded is a blank. */
	*seconds = (hours * 60L + minutes) * 60 * (*text == '-' ? -1 : 1);
	return true;
}

/* ISO 8601, date, time and zone. A time past all bounds is at the bound. */
static bool
parse_time(const char *text, int64_t *ns)
{
	struct tm parts = { .tm_isdst = 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t fraction, seconds;
	long zone;

	if (rest == NULL)
		return false;
	rest = parse_fraction(rest, &fraction);
	if (!parse_zone(rest, &zone))
		return false;
	seconds = timegm(&parts) - zone;
	if (seconds > TIME_MAX_S)
		seconds = TIME_MAX_S;
	if (seconds < -TIME_MAX_S)
		seconds = -TIME_MAX_S;
	*ns = seconds * CLOCK_NS_PER_S + fraction;
	return true;
}

static int
add_network(struct control_query *query, const char *value, char why[WHY_SIZE])
{
	if (query->network_count == CONTROL_NETWORKS)
		return why_set(
		    why, "from: more than %d networks", CONTROL_NETWORKS);
	return network_parse(
	    &query->networks[query->network_count++], value, why);
}

static int
set_pattern(struct control_query *query, const char *value, char why[WHY_SIZE])
{
	if (query->pattern != NULL)
		return why_set(why, "match: only one pattern");
	query->pattern = pattern_new(value, why);
	return query->pattern == NULL ? -1 : 0;
}

static int
set_parameter(struct control_query *query, const char *name, const char *value,
    char why[WHY_SIZE])
{
	uint64_t number;

	if (strcmp(name, "from") == 0)
		return add_network(query, value, why);
	if (strcmp(name, "match") == 0)
		return set_pattern(query, value, why);
	if (strcmp(name, "since") == 0)
		return parse_time(value, &query->since_ns)
		    ? 0
		    : why_set(why,
			  "since: not a time (write 2026-11-23T06:31:00Z)");
	if (strcmp(name, "n") == 0)
		return parse_number(value, &query->last)
		    ? 0
		    : why_set(why, "n: not a number");
	if (strcmp(name, "follow") != 0)
		return why_set(why,
		    "unknown parameter (possible: n, since, from, match, "
		    "follow)");
	if (!parse_number(value, &number) || number > 1)
		return why_set(why, "follow: neither 0 nor 1");
	query->follows = number == 1;
	return 0;
}

int
control_query_parse(
    struct control_query *query, const char *text, char why[WHY_SIZE])
{
	char name[HTTP_VALUE_SIZE], value[HTTP_VALUE_SIZE];
	int result;

	*query =
	    (struct control_query){ .last = UINT64_MAX, .since_ns = INT64_MIN };
	while ((result = http_query_next(&text, name, value)) == 1)
		if (set_parameter(query, name, value, why) == -1)
			return -1;
	if (result == -1)
		return why_set(why, "not a query, or too long");
	if (query->last == UINT64_MAX && query->since_ns == INT64_MIN)
		query->last = LAST;
	return 0;
}

void
control_query_free(struct control_query *query)
{
	pattern_free(query->pattern);
}

static bool
is_from(const struct control_query *query, struct slice source)
{
	for (size_t i = 0; i < query->network_count; i++)
		if (network_has(&query->networks[i], source))
			return true;
	return query->network_count == 0;
}

bool
control_query_wants(
    const struct control_query *query, const struct history_item *item)
{
	const struct slice *source = &item->source;

	if (item->time_ns < query->since_ns)
		return false;
	if (source->len == strlen(OWN_SOURCE) &&
	    memcmp(source->data, OWN_SOURCE, source->len) == 0)
		return true;
	return is_from(query, *source) &&
	    (query->pattern == NULL ||
		pattern_matches(
		    query->pattern, item->message.data, item->message.len));
}
