/* SPDX-License-Identifier: ISC */
/* Framing: every message, in whatever pieces it comes. */
#include "services/creosote_framing.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

#define OUT_SIZE 4096

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails;              /* realloc() does, */
static size_t largest;          /* and what it was asked for at most */
static const char *in, *in_end; /* where input stands */
static bool was_in_place;

void *
__wrap_realloc(void *memory, size_t size)
{
	if (size > largest)
		largest = size;
	return fails ? NULL : __real_realloc(memory, size);
}

/* "text|", or "text/12|" where it is cut. */
static void
note(void *arg, const char *data, size_t len, uint64_t true_len)
{
	char *out = arg;
	size_t used = strlen(out);

	ck_assert_ptr_nonnull(data);
	was_in_place = data >= in && data < in_end;
	for (size_t i = 0; i < len; i++)
		out[used++] = data[i];
	ck_assert_uint_ge(true_len, len);
	if (true_len > len)
		used += (size_t)sprintf(
		    out + used, "/%llu", (unsigned long long)true_len);
	strcpy(out + used, "|");
}

static void
feed(struct framing *framing, const struct framing_rules *rules,
    const char *data, size_t len, char *out)
{
	char *copy = malloc(len); /* exactly, for the address sanitizer */

	memcpy(copy, data, len);
	in = copy;
	in_end = copy + len;
	framing_feed(framing, rules, copy, len, note, out);
	free(copy);
}

struct row {
	enum framing_kind kind;
	size_t max;
	const char *input;
	size_t len; /* 0: up to the NUL */
	const char *frames;
};

#define LINES  FRAMING_LINES
#define SYSLOG FRAMING_SYSLOG

static const struct row rows[] = {
	{ LINES, 64, "", 0, "" },
	{ LINES, 64, "one\ntwo\n", 0, "one|two|" },
	{ LINES, 64, "one\ntwo", 0, "one|two|" },
	{ LINES, 64, "\n\n", 0, "||" },
	{ LINES, 64, "one\r\n\r\n\rtwo\r\r\n", 0, "one||\rtwo\r|" },
	{ LINES, 64, "one\r", 0, "one\r|" },
	{ LINES, 64, "12 <ab>\n", 0, "12 <ab>|" },
	{ LINES, 4, "four\nfive5\nlonger\r\nok\n", 0,
	    "four|five/5|long/6|ok|" },
	{ LINES, 4, "four\r\nfour\r\r\nfive5", 0, "four|four/5|five/5|" },
	{ LINES, 1, "a\nbc\n\n", 0, "a|b/2||" },
	/* Lines of syslog, ended by either. */
	{ SYSLOG, 64, "<1>a\n<2>b\0<3>c", 14, "<1>a|<2>b|<3>c|" },
	{ SYSLOG, 64, "\n\0\r\n<1>a\n\n", 10, "<1>a|" },
	{ SYSLOG, 64, "<1>a\r\0<2>b\r\n", 12, "<1>a\r|<2>b|" },
	/* Counted ones, mixed with lines. */
	{ SYSLOG, 64, "4 <1>a5 <2>bc4 <3>d", 0, "<1>a|<2>bc|<3>d|" },
	{ SYSLOG, 64, "5 <1>a\n<2>b\n6 <\n>.\n!3 <4>\n", 0,
	    "<1>a\n|<2>b|<\n>.\n!|<4>|" },
	{ SYSLOG, 64, "4 <1>a\n4 <2>b\n", 0, "<1>a|<2>b|" },
	{ SYSLOG, 64, "1 <1 <", 0, "<|<|" },
	/* Cut ones: known to be long before they end. */
	{ SYSLOG, 4, "9 <1>abcdef4 <2>x", 0, "<1>a/9|<2>x|" },
	{ SYSLOG, 4, "9 <1>abc", 0, "<1>a/9|" },
	{ SYSLOG, 64, "9 <1>abc", 0, "<1>abc/9|" },
	{ SYSLOG, 4, "999999999 <1>abc\n<2>\n", 0, "<1>a/999999999|" },
	{ SYSLOG, 64, "999999999 <1>abc", 0, "<1>abc/999999999|" },
	/* Digits that are text. */
	{ SYSLOG, 64, "12", 0, "12|" },
	{ SYSLOG, 64, "12 ", 0, "12 |" },
	{ SYSLOG, 64, "12\n34\n", 0, "12|34|" },
	{ SYSLOG, 64, "12\0\n5 ok\n", 9, "12|5 ok|" },
	{ SYSLOG, 64, "12 \n<1>a\n", 0, "12 |<1>a|" },
	{ SYSLOG, 64, "2026-11-23 up\n", 0, "2026-11-23 up|" },
	{ SYSLOG, 64, "200 OK\n12  <\n", 0, "200 OK|12  <|" },
	{ SYSLOG, 64, "4<1>a\n-4 <1>a\n+4 <\n", 0, "4<1>a|-4 <1>a|+4 <|" },
	{ SYSLOG, 64, "04 <1>a\n0 <1>a\n", 0, "04 <1>a|0 <1>a|" },
	{ SYSLOG, 64, "1234567890 <1>a\n4 <2>b", 0, "1234567890 <1>a|<2>b|" },
	{ SYSLOG, 64, "18446744073709551617 <a\n", 0,
	    "18446744073709551617 <a|" },
	{ SYSLOG, 4, "123456789 \n123456", 0, "1234/10|1234/6|" },
};

/* In pieces of that many bytes, the first one of `first`. */
static void
check_pieces(const struct row *row, size_t first, size_t piece)
{
	size_t len = row->len != 0 ? row->len : strlen(row->input);
	struct framing_rules rules = { row->kind, row->max };
	struct framing framing = { 0 };
	char out[OUT_SIZE] = "";

	for (size_t i = 0, n = first; i < len; i += n, n = piece) {
		if (n > len - i)
			n = len - i;
		feed(&framing, &rules, row->input + i, n, out);
	}
	framing_end(&framing, &rules, note, out);
	ck_assert_ptr_null(framing.kept);
	ck_assert_msg(strcmp(out, row->frames) == 0,
	    "row %zu in pieces of %zu, %zu: \"%s\" instead of \"%s\"",
	    (size_t)(row - rows), first, piece, out, row->frames);
}

START_TEST(test_frames)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t piece = 1; piece < 9; piece++)
			check_pieces(&rows[i], piece, piece);
		for (size_t first = 1; first < 32; first++)
			check_pieces(&rows[i], first, OUT_SIZE);
	}
}
END_TEST

START_TEST(test_in_place)
{
	static const struct framing_rules rules = { FRAMING_SYSLOG, 8 };
	struct framing framing = { 0 };
	char out[OUT_SIZE] = "";

	largest = 0;
	feed(&framing, &rules, "<1>whole\n", 9, out);
	ck_assert(was_in_place);
	feed(&framing, &rules, "5 <1>ab", 7, out);
	ck_assert(was_in_place);
	feed(&framing, &rules, "9 <1>abcde", 10, out);
	ck_assert(was_in_place);
	feed(&framing, &rules, "f4 <1>g12", 9, out);
	ck_assert(was_in_place);
	ck_assert_uint_eq(largest, 0);
	framing_end(&framing, &rules, note, out);
	ck_assert_str_eq(out, "<1>whole|<1>ab|<1>abcde/9|<1>g|12|");
	ck_assert_uint_eq(largest, 0);
}
END_TEST

/* However long a line is, it costs the first bytes of it, and nothing after. */
START_TEST(test_memory)
{
	static const struct framing_rules rules = { FRAMING_LINES, 1000 };
	struct framing framing = { 0 };
	char out[OUT_SIZE] = "";

	largest = 0;
	for (int i = 0; i < 10000; i++)
		feed(&framing, &rules, "0123456789", 10, out);
	ck_assert_uint_eq(largest, 1000);
	ck_assert_str_eq(out, "");
	feed(&framing, &rules, "\nnext\n", 6, out);
	ck_assert_ptr_null(framing.kept);
	ck_assert_uint_eq(strlen(out), 1000 + strlen("/100000|next|"));
	ck_assert_str_eq(out + 1000, "/100000|next|");
}
END_TEST

/* What is missing then is missing in one message, which says so. */
START_TEST(test_out_of_memory)
{
	static const struct {
		const char *first, *second; /* memory is out before each */
		const char *frames;
	} table[] = {
		{ "<1>a", "b\n<2>c\n", "/5|<2>c|" },
		{ "9 <1>a", "bcdef4 <2>g", "/9|<2>g|" },
		{ "12", "34\n<2>c\n", "/4|<2>c|" },
		{ "9999 <1>a", "b", "/9999|" },
	};
	static const struct framing_rules rules = { FRAMING_SYSLOG, 5000 };

	for (size_t i = 0; i < COUNT(table); i++) {
		struct framing framing = { 0 };
		char out[OUT_SIZE] = "";

		fails = true;
		feed(&framing, &rules, table[i].first, strlen(table[i].first),
		    out);
		feed(&framing, &rules, table[i].second, strlen(table[i].second),
		    out);
		fails = false;
		framing_end(&framing, &rules, note, out);
		ck_assert_ptr_null(framing.kept);
		ck_assert_str_eq(out, table[i].frames);
	}
}
END_TEST

/* What was kept before stays, and nothing is put behind what is missing. */
START_TEST(test_out_of_memory_later)
{
	static const struct framing_rules rules = { FRAMING_LINES, 5000 };
	struct framing framing = { 0 };
	char out[OUT_SIZE] = "", line[300], expected[OUT_SIZE];

	memset(line, 'x', sizeof(line));
	feed(&framing, &rules, line, 200, out);
	fails = true;
	feed(&framing, &rules, line, 300, out);
	fails = false;
	feed(&framing, &rules, "behind\nnext\n", 12, out);
	snprintf(expected, sizeof(expected), "%.256s/506|next|", line);
	ck_assert_uint_eq(strlen(out), strlen(expected));
	ck_assert_str_eq(out, expected);
}
END_TEST

/* What was begun is gone, and what follows is a message of its own. */
START_TEST(test_free)
{
	static const struct framing_rules rules = { FRAMING_SYSLOG, 64 };
	struct framing framing = { 0 };
	char out[OUT_SIZE] = "";

	framing_free(&framing);
	feed(&framing, &rules, "<1>beg", 6, out);
	framing_free(&framing);
	ck_assert_ptr_null(framing.kept);
	feed(&framing, &rules, "90 <2>beg", 9, out);
	framing_free(&framing);
	feed(&framing, &rules, "4 <3>x", 6, out);
	framing_end(&framing, &rules, note, out);
	ck_assert_str_eq(out, "<3>x|");
}
END_TEST

CHECK_MAIN("framing", test_frames, test_in_place, test_memory,
    test_out_of_memory, test_out_of_memory_later, test_free)
