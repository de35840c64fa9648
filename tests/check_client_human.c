/* SPDX-License-Identifier: ISC */
/* Numbers as people read them, and lines out of pieces of a stream. */
#include "client/human.h"

#include <math.h>
#include <string.h>

#include "check_main.h"
#include "client/lines.h"
#include "client/plain.h"

static const struct {
	double number;
	const char *count, *bytes;
} numbers[] = {
	{ 0, "0", "0" },
	{ 7, "7", "7" },
	{ 0.04, "0.1", "0.1" },
	{ 0.3, "0.3", "0.3" },
	{ 9.94, "9.9", "9.9" },
	{ 9.96, "10", "10" },
	{ 123.4, "123", "123" },
	{ 9999, "9999", "9999" },
	{ 9999.4, "9999", "9999" },
	{ 10000, "10.0k", "9.77K" },
	{ 12345, "12.3k", "12.1K" },
	{ 123456, "123k", "121K" },
	{ 999499, "999k", "976K" },
	{ 999999, "1.00M", "977K" },
	{ 1048576, "1.05M", "1.00M" },
	{ 98200000, "98.2M", "93.7M" },
	{ 1e12, "1.00T", "931G" },
	{ 1e300, "9.00E", "7.81E" },
	{ -1, "0", "0" },
	{ (double)NAN, "0", "0" },
	{ (double)INFINITY, "9.00E", "7.81E" },
};

START_TEST(test_numbers)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char text[HUMAN_SIZE];

		ck_assert_str_eq(
		    human_count(text, numbers[i].number), numbers[i].count);
		ck_assert_str_eq(
		    human_bytes(text, numbers[i].number), numbers[i].bytes);
	}
}
END_TEST

static const struct {
	double seconds;
	const char *text;
} spans[] = {
	{ -5, "0 s" },
	{ 0.9, "0 s" },
	{ 59.9, "59 s" },
	{ 60, "1 min 0 s" },
	{ 3599, "59 min 59 s" },
	{ 3600, "1 h 0 min" },
	{ 86399, "23 h 59 min" },
	{ 273600, "3 d 4 h" },
	{ 86400 * 400.0, "400 d 0 h" },
};

START_TEST(test_spans)
{
	char text[HUMAN_SIZE];

	for (size_t i = 0; i < COUNT(spans); i++)
		ck_assert_str_eq(
		    human_span(text, spans[i].seconds), spans[i].text);
}
END_TEST

/* Joins the lines that come by "|". */
static bool
join(void *arg, const char *line, size_t len)
{
	strncat(arg, line, len);
	strcat(arg, "|");
	return strncmp(line, "end", len) != 0 || len != 3;
}

static const struct {
	const char *text, *joined;
	bool goes_on;
} texts[] = {
	{ "", "", true },
	{ "one\n", "one|", true },
	{ "one\ntwo\nthr", "one|two|", true },
	{ "\n\n", "||", true },
	{ "12345678\n", "12345678|", true },
	{ "one\nend\nnever\n", "one|end|", false },
};

/* The same lines, whatever the pieces. */
START_TEST(test_lines)
{
	for (size_t i = 0; i < COUNT(texts) * 8; i++) {
		const char *text = texts[i / 8].text;
		size_t step = i % 8 + 1, len = strlen(text);
		char joined[64] = "";
		struct lines lines = { .max = 8, .line = join, .arg = joined };
		bool goes_on = true;

		for (size_t at = 0; at < len && goes_on; at += step)
			goes_on = lines_take(&lines, text + at,
			    len - at < step ? len - at : step);
		ck_assert_str_eq(joined, texts[i / 8].joined);
		ck_assert(goes_on == texts[i / 8].goes_on);
		ck_assert(!lines.is_too_long);
		lines_free(&lines);
	}
}
END_TEST

START_TEST(test_line_too_long)
{
	char joined[64] = "";
	struct lines lines = { .max = 8, .line = join, .arg = joined };

	ck_assert(lines_take(&lines, "12345678", 8));
	ck_assert(!lines_take(&lines, "9", 1));
	ck_assert(lines.is_too_long);
	ck_assert_str_eq(joined, "");
	lines_free(&lines);
}
END_TEST

START_TEST(test_plain)
{
	char text[16];

	ck_assert_str_eq(plain_cut(text, sizeof(text), "a\\b"), "a\\b");
	ck_assert_str_eq(plain_cut(text, sizeof(text), "\x1b[m"), "\\x1b[m");
	/* Cut between characters, and between escapes. */
	ck_assert_str_eq(plain_cut(text, 5, "abcd\x1b"), "abcd");
	ck_assert_str_eq(plain_cut(text, 8, "abcd\x1b"), "abcd");
	ck_assert_str_eq(plain_cut(text, 9, "abcd\x1b"), "abcd\\x1b");
	ck_assert_str_eq(plain_cut(text, 3, "a\xe6\x97\xa5"), "a");
}
END_TEST

CHECK_MAIN("client/human", test_numbers, test_spans, test_lines,
    test_line_too_long, test_plain)
