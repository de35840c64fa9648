/* SPDX-License-Identifier: ISC */
/* The time of day and its texts; the text of a second is made once. */
#include "base/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/* The text of one second, made again when the second changes. */
struct cached_second {
	time_t second;
	size_t len; /* 0: not made yet */
	char text[CLOCK_TEXT_SIZE];
};

static int64_t
clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t
clock_now_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ms(void)
{
	return clock_read_ns(CLOCK_MONOTONIC) / 1000000;
}

/* The second that a time lies in, before 1970 too; *ns is what is over. */
static time_t
split_second(int64_t now_ns, long *ns)
{
	time_t second = now_ns / CLOCK_NS_PER_S;

	*ns = (long)(now_ns % CLOCK_NS_PER_S);
	if (*ns < 0) {
		*ns += CLOCK_NS_PER_S;
		second--;
	}
	return second;
}

/* Breaks a second that is not in the cache down; false when it is. */
static bool
is_new_second(const struct cached_second *cache, time_t second, struct tm *tm,
    struct tm *(*breakdown)(const time_t *, struct tm *))
{
	if (cache->len != 0 && cache->second == second)
		return false;
	breakdown(&second, tm);
	return true;
}

size_t
clock_format_iso8601(char text[CLOCK_TEXT_SIZE], int64_t now_ns)
{
	static struct cached_second cache;
	long ns, micros;
	time_t second = split_second(now_ns, &ns);
	struct tm tm;

	if (is_new_second(&cache, second, &tm, gmtime_r)) {
		cache.second = second;
		cache.len = strftime(cache.text, sizeof(cache.text),
		    "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
	}
	memcpy(text, cache.text, cache.len + 1);
	micros = ns / 1000;
	for (size_t digit = cache.len - 2; micros > 0; digit--, micros /= 10)
		text[digit] = (char)('0' + micros % 10);
	return cache.len;
}

size_t
clock_format_ctime(char text[CLOCK_TEXT_SIZE], int64_t now_ns)
{
	static struct cached_second cache;
	long ns;
	time_t second = split_second(now_ns, &ns);
	struct tm tm;

	if (is_new_second(&cache, second, &tm, localtime_r)) {
		cache.second = second;
		cache.len = strftime(cache.text, sizeof(cache.text),
		    "%a %b %e %H:%M:%S %Y", &tm);
	}
	memcpy(text, cache.text, cache.len + 1);
	return cache.len;
}
