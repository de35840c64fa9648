/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes patterns: neither reading nor matching takes long, whatever they are
 * and whatever they are held against. Letters alone match where they stand.
 */
#include "base/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

#define NS_PER_MS 1000000
#define SLOW_MS   150 /* with sanitizers */
#define LONG      20000

static int64_t
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text < 'a' || *text > 'z') && *text != ' ')
			return false;
	return true;
}

static void
match(struct pattern *pattern, const char *text, const char *data, size_t size)
{
	uint64_t stopped = pattern_stopped(pattern);
	int64_t begin = cpu_ms();
	bool matches = pattern_matches(pattern, data, size);

	REQUIRE(cpu_ms() - begin < SLOW_MS);
	stopped = pattern_stopped(pattern) - stopped;
	REQUIRE(stopped <= 1);
	REQUIRE(!matches || stopped == 0);
	if (is_plain(text) && stopped == 0)
		REQUIRE(matches ==
		    (memmem(data, size, text, strlen(text)) != NULL));
}

/* The record again and again, up to a great length. */
static void
match_long(
    struct pattern *pattern, const char *text, const char *data, size_t size)
{
	static char record[LONG];

	if (size == 0)
		return;
	for (size_t i = 0; i < LONG; i++)
		record[i] = data[i % size];
	match(pattern, text, record, LONG);
}

/* The pattern up to a newline, then the record. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *record = size > 0 ? memchr(data, '\n', size) : NULL;
	char *text, why[WHY_SIZE] = "";
	struct pattern *pattern;
	int64_t begin = cpu_ms();

	if (record == NULL)
		return 0;
	text =
	    strndup((const char *)data, (size_t)(record - (const char *)data));
	record++;
	size -= (size_t)(record - (const char *)data);
	pattern = pattern_new(text, why);
	REQUIRE(cpu_ms() - begin < SLOW_MS);
	if (pattern == NULL) {
		REQUIRE(strlen(why) > 0 && strlen(why) < WHY_SIZE);
	} else {
		match(pattern, text, record, size);
		match_long(pattern, text, record, size);
	}
	pattern_free(pattern);
	free(text);
	return 0;
}
