/* SPDX-License-Identifier: ISC */
/* Patterns by PCRE2, interpreted, with a bound on what a match may cost. */
#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/*
 * No just-in-time compiler, whose memory is both written and run. Callouts
 * before each item of the pattern are what stops a match: PCRE2 counts its
 * steps anew at each place where a match may begin, so that its limits bound
 * one place, and a long record has many.
 */
#define OPTIONS                                                     \
	(PCRE2_AUTO_CALLOUT | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | \
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP)

#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 20000
#define HEAP_KIB    4096 /* kept for the next match */

/* Between two looks at the clock: items, and bytes that they may have read. */
#define LOOK_ITEMS 64
#define LOOK_BYTES (256 << 10)

/* What changes by matching. */
struct work {
	int64_t budget_ns;
	int64_t deadline_ns; /* of this match, 0: not looked yet */
	unsigned look_every; /* items */
	unsigned items;      /* since it was looked last */
	uint64_t stopped;
};

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	struct work *work;
};

/* CPU time: others who run meanwhile make no difference to what matches. */
static int64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

/* Before each item of the pattern. */
static int
stop_late_cb(pcre2_callout_block *block, void *arg)
{
	struct work *work = arg;
	int64_t now_ns;

	(void)block;
	if (++work->items < work->look_every)
		return 0;
	work->items = 0;
	now_ns = cpu_ns();
	if (work->deadline_ns == 0)
		work->deadline_ns = now_ns + work->budget_ns;
	return now_ns > work->deadline_ns ? PCRE2_ERROR_CALLOUT : 0;
}

static int
explain(char why[WHY_SIZE], int error, size_t offset)
{
	char message[120];

	if (error == PCRE2_ERROR_HEAP_FAILED)
		return why_set(why, "out of memory");
	if (pcre2_get_error_message(
		error, (unsigned char *)message, sizeof(message)) < 0)
		strcpy(message, "not a pattern");
	return why_set(why,
	    "at character %zu of the pattern: %s (write \\ before each of "
	    ". ^ $ * + ? ( ) [ { | \\ that is meant as it is)",
	    offset + 1, message);
}

static int
compile(struct pattern *pattern, const char *text, char why[WHY_SIZE])
{
	PCRE2_SIZE offset;
	int error;

	if (strlen(text) > PATTERN_MAX_LEN)
		return why_set(why,
		    "the pattern is longer than %d bytes (shorten it)",
		    PATTERN_MAX_LEN);
	pattern->code = pcre2_compile((const unsigned char *)text, strlen(text),
	    OPTIONS, &error, &offset, NULL);
	return pattern->code != NULL ? 0 : explain(why, error, offset);
}

static int
prepare(struct pattern *pattern)
{
	pattern->match = pcre2_match_data_create(1, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	pattern->work = calloc(1, sizeof(*pattern->work));
	if (pattern->match == NULL || pattern->context == NULL ||
	    pattern->work == NULL)
		return -1;
	pattern->work->budget_ns = PATTERN_TIME_NS;
	pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(pattern->context, HEAP_KIB);
	pcre2_set_callout(pattern->context, stop_late_cb, pattern->work);
	return 0;
}

struct pattern *
pattern_new(const char *text, char why[WHY_SIZE])
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));

	why_set(why, "out of memory");
	if (pattern == NULL || prepare(pattern) == -1 ||
	    compile(pattern, text, why) == -1) {
		pattern_free(pattern);
		return NULL;
	}
	return pattern;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	pcre2_match_data_free(pattern->match);
	pcre2_match_context_free(pattern->context);
	free(pattern->work);
	free(pattern);
}

static void
begin_work(struct work *work, size_t len)
{
	size_t items = len > 0 ? LOOK_BYTES / len : LOOK_ITEMS;

	work->look_every = items > LOOK_ITEMS ? LOOK_ITEMS
	    : items > 0                       ? (unsigned)items
					      : 1;
	work->deadline_ns = 0;
	work->items = 0;
}

/*
 * A sender who knows the pattern can send what it is slow on again and again:
 * half as much time for the next after each that is stopped, a little more
 * after each that is not.
 */
static void
end_work(struct work *work, bool stopped)
{
	if (stopped) {
		work->stopped++;
		work->budget_ns /= 2;
	} else {
		work->budget_ns += PATTERN_TIME_LEAST_NS;
	}
	if (work->budget_ns > PATTERN_TIME_NS)
		work->budget_ns = PATTERN_TIME_NS;
	if (work->budget_ns < PATTERN_TIME_LEAST_NS)
		work->budget_ns = PATTERN_TIME_LEAST_NS;
}

bool
pattern_matches(const struct pattern *pattern, const char *data, size_t len)
{
	int result;

	begin_work(pattern->work, len);
	result = pcre2_match(pattern->code,
	    (const unsigned char *)(len > 0 ? data : ""), len, 0, 0,
	    pattern->match, pattern->context);
	end_work(pattern->work, result < PCRE2_ERROR_NOMATCH);
	return result >= 0;
}

uint64_t
pattern_stopped(const struct pattern *pattern)
{
	return pattern->work->stopped;
}
