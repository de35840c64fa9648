/* SPDX-License-Identifier: ISC */
/* Lines broken between words, for terminals. */
#include "base/wrap.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"

static const struct {
	const char *text;
	struct wrap wrap;
	const char *wrapped;
} table[] = {
	{ "", { 10, 0, 0 }, "" },
	{ "one two three", { 0, 0, 0 }, "one two three" },
	{ "one two three", { 13, 0, 0 }, "one two three" },
	{ "one two three", { 12, 0, 0 }, "one two\nthree" },
	{ "one two three", { 12, 0, 4 }, "one two\n    three" },
	{ "one two three", { 7, 0, 2 }, "one two\n  three" },
	{ "one two three", { 3, 0, 0 }, "one\ntwo\nthree" },
	/* It begins amid a line; a break may come first. */
	{ "one two", { 12, 5, 2 }, "one two" },
	{ "one two", { 11, 5, 2 }, "one\n  two" },
	{ " one two", { 9, 8, 2 }, "\n  one two" },
	{ " one two", { 10, 2, 2 }, " one two" },
	/* A word without room stays whole, and so does what is told of
	 * a path with blanks but for the break. */
	{ "/a/long/path is no file", { 8, 0, 2 },
	    "/a/long/path\n  is no\n  file" },
	/* Where a break would gain nothing there is none. */
	{ "x /a/long/path", { 8, 0, 2 }, "x /a/long/path" },
	{ "xyz /a/long/path", { 8, 0, 2 }, "xyz\n  /a/long/path" },
	{ "a  b   c", { 80, 0, 0 }, "a  b   c" },
	{ "aaa   bbb", { 7, 0, 1 }, "aaa\n bbb" },
	{ "end  ", { 4, 0, 0 }, "end  " },
	/* A character of UTF-8 is a column. */
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 x", { 5, 0, 0 },
	    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 x" },
};

START_TEST(test_text)
{
	char out[64];

	for (size_t i = 0; i < COUNT(table); i++) {
		size_t len =
		    wrap_text(out, sizeof(out), table[i].text, table[i].wrap);

		ck_assert_str_eq(out, table[i].wrapped);
		ck_assert_uint_eq(len, strlen(out));
	}
}
END_TEST

/* What has no room is left out, at any place. */
START_TEST(test_room)
{
	static const char whole[] = "one\n  two\n  three";
	struct wrap wrap = { .columns = 6, .indent = 2 };

	for (size_t size = 1; size <= sizeof(whole); size++) {
		char out[sizeof(whole) + 1];

		memset(out, '#', sizeof(out));
		ck_assert_uint_eq(
		    wrap_text(out, size, "one two three", wrap), size - 1);
		ck_assert_int_eq(strncmp(out, whole, size - 1), 0);
		ck_assert_int_eq(out[size], '#');
	}
}
END_TEST

START_TEST(test_columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = 132 };
	int master, slave, null = open("/dev/null", O_RDWR);

	ck_assert_uint_eq(wrap_columns(null), 0);
	ck_assert_uint_eq(wrap_columns(-1), 0);
	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	ck_assert_uint_eq(wrap_columns(slave), 132);
	close(slave);
	close(master);
	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(wrap_columns(slave), 80);
	close(slave);
	close(master);
	close(null);
}
END_TEST

CHECK_MAIN("wrap", test_text, test_room, test_columns)
