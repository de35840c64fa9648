/* SPDX-License-Identifier: ISC */
/* Cuts between UTF-8 characters, and lines into pieces. */
#include "client/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "check_main.h"

static const struct {
	const char *text;
	size_t whole;
} wholes[] = {
	{ "", 0 }, { "a", 1 }, { "abc\n", 4 }, { "\xc3\xa9", 2 }, /* e acute */
	{ "a\xc3", 1 },            /* its first byte */
	{ "\xe2\x82\xac", 3 },     /* euro */
	{ "a\xe2\x82", 1 },        /* two bytes of it */
	{ "a\xe2", 1 },            /* one */
	{ "\xf0\x9f\x98\x80", 4 }, /* a face */
	{ "\xf0\x9f\x98", 0 },     /* three bytes of it */
	{ "ab\xf0\x9f", 2 },       /* two */
	{ "\xff", 1 },             /* never UTF-8 */
	{ "\xc0", 1 },             /* overlong: never UTF-8 */
	{ "\xf5", 1 },             /* beyond U+10FFFF */
	{ "\x80\x80\x80\x80", 4 }, /* no first byte */
	{ "\xc3\xa9\xa9", 3 },     /* one byte too many */
};

static void
check_whole(size_t i)
{
	const char *text = wholes[i].text;

	ck_assert_uint_eq(utf8_whole(text, strlen(text)), wholes[i].whole);
}

START_TEST(test_whole)
{
	for (size_t i = 0; i < COUNT(wholes); i++)
		check_whole(i);
}
END_TEST

/* The pieces of a text, joined by "|". */
static const struct {
	const char *text;
	bool end;
	size_t size;
	const char *pieces;
} cuts[] = {
	{ "", true, 8, "" },
	{ "one", true, 8, "one|" },
	{ "one", false, 8, "" },
	{ "one\n", false, 8, "one|" },
	{ "one\ntwo", true, 8, "one|two|" },
	{ "\n\n", false, 8, "||" },
	{ "12345678\n", false, 8, "12345678|" },
	{ "12345678", false, 8, "" },
	{ "12345678", true, 8, "12345678|" },
	{ "123456789", false, 8, "12345678|" },
	{ "123456789", true, 8, "12345678|9|" },
	{ "123456789\nx\n", true, 8, "12345678|9|x|" },
	{ "123\xe2\x82\xac"
	  "45",
	    true, 4,
	    "123|\xe2\x82\xac"
	    "4|5|" },
	{ "123\xe2\x82\xac", true, 5, "123|\xe2\x82\xac|" },
	{ "12\xe2\x82\xac", true, 5, "12\xe2\x82\xac|" },
	{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", true, 4,
	    "\xf0\x9f\x98\x80|\xf0\x9f\x98\x80|" },
	{ "\xff\xff\xff\xff\xff", true, 4, "\xff\xff\xff\xff|\xff|" },
	{ "caf\xe9 latin", true, 4, "caf|\xe9 la|tin|" },
};

static void
check_cut(size_t i)
{
	const char *text = cuts[i].text;
	size_t left = strlen(text), piece, taken;
	char pieces[64] = "";

	while (utf8_cut_line(
	    text, left, cuts[i].end, cuts[i].size, &piece, &taken)) {
		ck_assert_uint_le(piece, cuts[i].size);
		ck_assert_uint_gt(taken, 0);
		strncat(pieces, text, piece);
		strcat(pieces, "|");
		text += taken;
		left -= taken;
	}
	ck_assert_str_eq(pieces, cuts[i].pieces);
}

START_TEST(test_cut)
{
	for (size_t i = 0; i < COUNT(cuts); i++)
		check_cut(i);
}
END_TEST

CHECK_MAIN("client/utf8", test_whole, test_cut)
