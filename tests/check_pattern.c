/* SPDX-License-Identifier: ISC */
/* Patterns: what matches, what is said of mistakes, and what is stopped. */
#include "base/pattern.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check_main.h"

#define NS_PER_MS  1000000
#define RECORD_LEN 65507

/* Slower than any machine that is to pass: sanitizers, valgrind. */
#define SLOW_MS 60

static int64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static struct pattern *
new_pattern(const char *text)
{
	char why[WHY_SIZE];
	struct pattern *pattern = pattern_new(text, why);

	ck_assert_msg(pattern != NULL, "'%s': %s", text, why);
	return pattern;
}

struct row {
	const char *pattern;
	const char *record;
	size_t len; /* 0: up to the NUL */
	bool matches;
};

static const struct row rows[] = {
	{ "", "", 0, true },
	{ "", "x", 0, true },
	{ "x", "", 0, false },
	{ "err", "an error", 0, true },
	{ "err", "an Error", 0, false },
	{ "(?i)ERR", "an error", 0, true },
	{ "^an", "an error", 0, true },
	{ "^error", "an error", 0, false },
	{ "error$", "an error", 0, true },
	{ "error$", "an error\n", 0, false },
	{ "e|w", "warn", 0, true },
	{ "usb \\d+-\\d+: .*number", "usb 1-12: new device number 4", 0, true },
	{ "(?<!no )error", "no error", 0, false },
	{ "a.b", "a\nb", 0, true },
	{ "^a.b$", "a\0b", 3, true },
	{ "\\x00", "a\0b", 3, true },
	{ "b", "a\0b", 3, true },
	{ "b", "ab", 1, false },
	/* bytes, not characters */
	{ "\xc3\xbc", "gr\xc3\xbcn", 0, true },
	{ "^gr..n$", "gr\xc3\xbcn", 0, true },
	{ "^.$", "\xff", 0, true },
	{ "\\xff", "\xff", 0, true },
	{ "(?i)\xc3\x9c", "\xc3\xbc", 0, false },
	{ "\\w", "\xfc", 0, false },
};

START_TEST(test_matches)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len =
		    rows[i].len != 0 ? rows[i].len : strlen(rows[i].record);
		struct pattern *pattern = new_pattern(rows[i].pattern);
		char *copy = malloc(len); /* exactly, for the sanitizer */

		memcpy(copy, rows[i].record, len);
		ck_assert_msg(
		    pattern_matches(pattern, copy, len) == rows[i].matches,
		    "'%s' and '%s'", rows[i].pattern, rows[i].record);
		ck_assert_uint_eq(pattern_stopped(pattern), 0);
		free(copy);
		pattern_free(pattern);
	}
}
END_TEST

START_TEST(test_null)
{
	struct pattern *pattern = new_pattern("^$");

	ck_assert(pattern_matches(pattern, NULL, 0));
	pattern_free(pattern);
	pattern_free(NULL);
}
END_TEST

#define MEANT                                                               \
	" (write \\ before each of . ^ $ * + ? ( ) [ { | \\ that is meant " \
	"as it is)"

static const struct {
	const char *pattern, *why;
} mistakes[] = {
	{ "(ab",
	    "at character 4 of the pattern: missing closing "
	    "parenthesis" MEANT },
	{ "a[b",
	    "at character 4 of the pattern: missing terminating ] for "
	    "character class" MEANT },
	{ "*a",
	    "at character 1 of the pattern: quantifier does not follow a "
	    "repeatable item" MEANT },
	{ "a\\", "at character 3 of the pattern: \\ at end of pattern" MEANT },
	{ "(*UTF)a",
	    "at character 7 of the pattern: using UTF is disabled by the "
	    "application" MEANT },
	{ "(((a{200}){200}){200}){200}",
	    "at character 28 of the pattern: regular expression is too "
	    "large" MEANT },
};

START_TEST(test_mistakes)
{
	char why[WHY_SIZE];

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		ck_assert_ptr_null(pattern_new(mistakes[i].pattern, why));
		ck_assert_str_eq(why, mistakes[i].why);
	}
}
END_TEST

START_TEST(test_length)
{
	char text[PATTERN_MAX_LEN + 2], why[WHY_SIZE];

	memset(text, 'a', sizeof(text));
	text[PATTERN_MAX_LEN] = '\0';
	pattern_free(new_pattern(text));
	text[PATTERN_MAX_LEN] = 'a';
	text[PATTERN_MAX_LEN + 1] = '\0';
	ck_assert_ptr_null(pattern_new(text, why));
	ck_assert_str_eq(
	    why, "the pattern is longer than 1024 bytes (shorten it)");
}
END_TEST

/*
 * Each is slow in a way of its own: exponential, quadratic, one long step at
 * each place, deep, by recursion, by going back.
 */
static const char *const hostile[] = {
	"(a+)+$",
	"(a+)+[bc]",
	"^(a|aa)+[bc]",
	"(?:a?){16}[bc]",
	"a*+[bc]",
	"[^b]*+[bc]",
	"(a*)\\1[bc]",
	"(?:a{60000})[bc]",
	"(?:(?=a*+[bc])|a)+[bc]",
	"(?:ab?)*[cd]",
	"(a(?1)?)+[bc]",
	"^(?:(a)|a)*[bc]",
	"(?:a.*?){8}[bc]",
	"(?<=a{200})[bc]",
};

/* A byte at the end that none of them wants, so that all is tried. */
START_TEST(test_hostile)
{
	static char record[RECORD_LEN];

	memset(record, 'a', sizeof(record));
	record[sizeof(record) - 1] = '!';
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct pattern *pattern = new_pattern(hostile[i]);

		for (size_t len = 32; len <= sizeof(record); len *= 2) {
			const char *end = record + sizeof(record) - len;
			int64_t begin = cpu_ns();

			ck_assert(!pattern_matches(pattern, end, len));
			ck_assert_msg(cpu_ns() - begin < SLOW_MS * NS_PER_MS,
			    "'%s' took %lld ns for %zu bytes", hostile[i],
			    (long long)(cpu_ns() - begin), len);
		}
		pattern_free(pattern);
	}
}
END_TEST

/* What is stopped is counted; a flood of it costs less and less. */
START_TEST(test_stopped)
{
	struct pattern *pattern = new_pattern("(a+)+[bc]");
	char record[2000];
	int64_t begin = cpu_ns();

	memset(record, 'a', sizeof(record));
	for (unsigned i = 1; i <= 200; i++) {
		ck_assert(!pattern_matches(pattern, record, sizeof(record)));
		ck_assert_uint_eq(pattern_stopped(pattern), i);
	}
	ck_assert_int_lt(cpu_ns() - begin, 200 * 2 * NS_PER_MS);
	/* and does not keep others from matching */
	ck_assert(pattern_matches(pattern, "aab", 3));
	ck_assert_uint_eq(pattern_stopped(pattern), 200);
	pattern_free(pattern);
}
END_TEST

/* PCRE2 counts steps for each place alone: all of them are bounded. */
START_TEST(test_many_places)
{
	static char record[RECORD_LEN];
	struct pattern *pattern = new_pattern("(?:a?){12}[bc]");

	memset(record, 'a', sizeof(record));
	ck_assert(!pattern_matches(pattern, record, sizeof(record)));
	ck_assert_uint_eq(pattern_stopped(pattern), 1);
	pattern_free(pattern);
}
END_TEST

CHECK_MAIN("pattern", test_matches, test_null, test_mistakes, test_length,
    test_hostile, test_stopped, test_many_places)
