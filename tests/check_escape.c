/* SPDX-License-Identifier: ISC */
/* Escapes: every byte, every way UTF-8 can be wrong, every size of a cut. */
#include "base/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

typedef size_t (*escape_function)(char *, const char *, size_t);

struct row {
	const char *bytes; /* up to the NUL, */
	size_t len;        /* or this long */
	const char *text;
};

static void
check_rows(escape_function escape, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		size_t len = row->len != 0 ? row->len : strlen(row->bytes);
		char out[256];

		memset(out, '#', sizeof(out));
		out[escape(out, row->bytes, len)] = '\0';
		ck_assert_msg(strcmp(out, row->text) == 0,
		    "row %zu: \"%s\" instead of \"%s\"", i, out, row->text);
	}
}

/* Python 2: ''.join(map(chr, range(256))), its repr()[1:-1] 16 a row. */
static const char *const repr_of_all[] = {
	"\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07"
	"\\x08\\t\\n\\x0b\\x0c\\r\\x0e\\x0f",
	"\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17"
	"\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f",
	" !\"#$%&'()*+,-./",
	"0123456789:;<=>?",
	"@ABCDEFGHIJKLMNO",
	"PQRSTUVWXYZ[\\\\]^_",
	"`abcdefghijklmno",
	"pqrstuvwxyz{|}~\\x7f",
	"\\x80\\x81\\x82\\x83\\x84\\x85\\x86\\x87"
	"\\x88\\x89\\x8a\\x8b\\x8c\\x8d\\x8e\\x8f",
	"\\x90\\x91\\x92\\x93\\x94\\x95\\x96\\x97"
	"\\x98\\x99\\x9a\\x9b\\x9c\\x9d\\x9e\\x9f",
	"\\xa0\\xa1\\xa2\\xa3\\xa4\\xa5\\xa6\\xa7"
	"\\xa8\\xa9\\xaa\\xab\\xac\\xad\\xae\\xaf",
	"\\xb0\\xb1\\xb2\\xb3\\xb4\\xb5\\xb6\\xb7"
	"\\xb8\\xb9\\xba\\xbb\\xbc\\xbd\\xbe\\xbf",
	"\\xc0\\xc1\\xc2\\xc3\\xc4\\xc5\\xc6\\xc7"
	"\\xc8\\xc9\\xca\\xcb\\xcc\\xcd\\xce\\xcf",
	"\\xd0\\xd1\\xd2\\xd3\\xd4\\xd5\\xd6\\xd7"
	"\\xd8\\xd9\\xda\\xdb\\xdc\\xdd\\xde\\xdf",
	"\\xe0\\xe1\\xe2\\xe3\\xe4\\xe5\\xe6\\xe7"
	"\\xe8\\xe9\\xea\\xeb\\xec\\xed\\xee\\xef",
	"\\xf0\\xf1\\xf2\\xf3\\xf4\\xf5\\xf6\\xf7"
	"\\xf8\\xf9\\xfa\\xfb\\xfc\\xfd\\xfe\\xff",
};

/* A byte alone is never valid UTF-8 from 0x80 up: both rules are one there. */
static void
check_all_bytes(escape_function escape)
{
	char bytes[256], out[256 * ESCAPE_GROWTH],
	    expected[256 * ESCAPE_GROWTH];
	size_t used = 0, len;

	for (size_t i = 0; i < 256; i++)
		used += escape(out + used, &(const char){ (char)i }, 1);
	out[used] = '\0';
	expected[0] = '\0';
	for (size_t i = 0; i < COUNT(repr_of_all); i++)
		strcat(expected, repr_of_all[i]);
	ck_assert_str_eq(out, expected);
	for (size_t i = 0; i < 256; i++)
		bytes[i] = (char)i;
	len = escape(out, bytes, 256);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(out, expected, len);
}

START_TEST(test_all_bytes)
{
	check_all_bytes(escape_repr);
	check_all_bytes(escape_utf8);
}
END_TEST

static const struct row repr_rows[] = {
	{ "", 0, "" },
	{ "x = 1", 0, "x = 1" },
	{ "it's \"so\"", 0, "it's \"so\"" },
	{ "a\\nb", 0, "a\\\\nb" },
	{ "line\r\n", 0, "line\\r\\n" },
	{ "a\0b", 3, "a\\x00b" },
	{ "\0", 1, "\\x00" },
	{ "\x1b[2J", 0, "\\x1b[2J" },
	{ "gr\xc3\xbc\xc3\x9f", 0, "gr\\xc3\\xbc\\xc3\\x9f" },
	{ "\xff\xff\xff\xff", 0, "\\xff\\xff\\xff\\xff" },
};

START_TEST(test_repr)
{
	check_rows(escape_repr, repr_rows, COUNT(repr_rows));
}
END_TEST

static const struct row valid_rows[] = {
	{ "", 0, "" },
	{ "plain ~", 0, "plain ~" },
	{ "\xc2\xa0", 0, "\xc2\xa0" },                     /* U+00A0 */
	{ "gr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f" }, /* umlauts */
	{ "\xdf\xbf", 0, "\xdf\xbf" },                     /* U+07FF */
	{ "\xe0\xa0\x80", 0, "\xe0\xa0\x80" },             /* U+0800 */
	{ "\xe2\x82\xac", 0, "\xe2\x82\xac" },             /* U+20AC */
	{ "\xed\x9f\xbf", 0, "\xed\x9f\xbf" },             /* U+D7FF */
	{ "\xee\x80\x80", 0, "\xee\x80\x80" },             /* U+E000 */
	{ "\xef\xbf\xbf", 0, "\xef\xbf\xbf" },             /* U+FFFF */
	{ "\xf0\x90\x80\x80", 0, "\xf0\x90\x80\x80" },     /* U+10000 */
	{ "\xf0\x9f\x98\x80!", 0, "\xf0\x9f\x98\x80!" },   /* U+1F600 */
	{ "\xf4\x8f\xbf\xbf", 0, "\xf4\x8f\xbf\xbf" },     /* U+10FFFF */
	{ "\\\xc3\xbc\n", 0, "\\\\\xc3\xbc\\n" },
};

START_TEST(test_utf8_valid)
{
	check_rows(escape_utf8, valid_rows, COUNT(valid_rows));
}
END_TEST

static const struct row invalid_rows[] = {
	/* Bytes that never occur, or not here. */
	{ "\x80", 0, "\\x80" },
	{ "\xbf\xbf", 0, "\\xbf\\xbf" },
	{ "\xf8\x88\x80\x80\x80", 0, "\\xf8\\x88\\x80\\x80\\x80" },
	{ "\xfe\xff", 0, "\\xfe\\xff" },
	{ "\xc3\xbc\xbc", 0, "\xc3\xbc\\xbc" },
	/* Longer than need be. */
	{ "\xc0\x80", 0, "\\xc0\\x80" },
	{ "\xc0\xaf", 0, "\\xc0\\xaf" },
	{ "\xc1\xbf", 0, "\\xc1\\xbf" },
	{ "\xe0\x80\xaf", 0, "\\xe0\\x80\\xaf" },
	{ "\xe0\x9f\xbf", 0, "\\xe0\\x9f\\xbf" },
	{ "\xf0\x80\x80\xaf", 0, "\\xf0\\x80\\x80\\xaf" },
	{ "\xf0\x8f\xbf\xbf", 0, "\\xf0\\x8f\\xbf\\xbf" },
	/* Surrogates. */
	{ "\xed\xa0\x80", 0, "\\xed\\xa0\\x80" },
	{ "\xed\xbf\xbf", 0, "\\xed\\xbf\\xbf" },
	{ "\xed\xa0\xbd\xed\xb8\x80", 0, "\\xed\\xa0\\xbd\\xed\\xb8\\x80" },
	/* Above U+10FFFF. */
	{ "\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80" },
	{ "\xf7\xbf\xbf\xbf", 0, "\\xf7\\xbf\\xbf\\xbf" },
	/* Cut at the end; the bytes after the end would have made it whole. */
	{ "\xc3\xbc", 1, "\\xc3" },
	{ "\xe2\x82\xac", 1, "\\xe2" },
	{ "\xe2\x82\xac", 2, "\\xe2\\x82" },
	{ "\xf0\x9f\x98\x80", 1, "\\xf0" },
	{ "\xf0\x9f\x98\x80", 2, "\\xf0\\x9f" },
	{ "a\xf0\x9f\x98\x80", 4, "a\\xf0\\x9f\\x98" },
	/* Cut by something else, which is read again. */
	{ "\xc3"
	  "A",
	    0, "\\xc3A" },
	{ "\xe2\x82"
	  "A",
	    0, "\\xe2\\x82A" },
	{ "\xf0\x9f\x98"
	  "A",
	    0,
	    "\\xf0\\x9f\\x98"
	    "A" },
	{ "\xe2\xc3\xbc", 0, "\\xe2\xc3\xbc" },
	{ "\xe2\x82\n", 0, "\\xe2\\x82\\n" },
};

START_TEST(test_utf8_invalid)
{
	check_rows(escape_utf8, invalid_rows, COUNT(invalid_rows));
}
END_TEST

static const struct row hidden_rows[] = {
	{ "\x1b[31m\x07\x7f", 0, "\\x1b[31m\\x07\\x7f" },
	{ "\xc2\x80", 0, "\\xc2\\x80" }, /* U+0080, first C1 */
	{ "\xc2\x85", 0, "\\xc2\\x85" }, /* U+0085, next line */
	{ "\xc2\x9b"
	  "2J",
	    0,
	    "\\xc2\\x9b"
	    "2J" },                               /* U+009B, CSI */
	{ "\xc2\x9f", 0, "\\xc2\\x9f" },          /* U+009F, last C1 */
	{ "\xd8\x9b", 0, "\xd8\x9b" },            /* U+061B passes */
	{ "\xd8\x9c", 0, "\\xd8\\x9c" },          /* U+061C */
	{ "\xd8\x9d", 0, "\xd8\x9d" },            /* U+061D passes */
	{ "\xe2\x80\x8d", 0, "\xe2\x80\x8d" },    /* U+200D passes */
	{ "\xe2\x80\x8e", 0, "\\xe2\\x80\\x8e" }, /* U+200E */
	{ "\xe2\x80\x8f", 0, "\\xe2\\x80\\x8f" }, /* U+200F */
	{ "\xe2\x80\x90", 0, "\xe2\x80\x90" },    /* U+2010 passes */
	{ "\xe2\x80\xa7", 0, "\xe2\x80\xa7" },    /* U+2027 passes */
	{ "\xe2\x80\xa8", 0, "\\xe2\\x80\\xa8" }, /* U+2028 */
	{ "\xe2\x80\xa9", 0, "\\xe2\\x80\\xa9" }, /* U+2029 */
	{ "\xe2\x80\xaa", 0, "\\xe2\\x80\\xaa" }, /* U+202A */
	{ "\xe2\x80\xae", 0, "\\xe2\\x80\\xae" }, /* U+202E */
	{ "\xe2\x80\xaf", 0, "\xe2\x80\xaf" },    /* U+202F passes */
	{ "\xe2\x81\xa5", 0, "\xe2\x81\xa5" },    /* U+2065 passes */
	{ "\xe2\x81\xa6", 0, "\\xe2\\x81\\xa6" }, /* U+2066 */
	{ "\xe2\x81\xa9", 0, "\\xe2\\x81\\xa9" }, /* U+2069 */
	{ "\xe2\x81\xaa", 0, "\xe2\x81\xaa" },    /* U+206A passes */
};

START_TEST(test_utf8_hidden)
{
	check_rows(escape_utf8, hidden_rows, COUNT(hidden_rows));
}
END_TEST

static const struct row json_rows[] = {
	{ "", 0, "" },
	{ "plain/", 0, "plain/" },
	{ "\"", 0, "\\\"" },
	{ "\\n", 0, "\\\\n" },
	{ "say \"\\x00\"", 0, "say \\\"\\\\x00\\\"" },
	{ "gr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f" },
	{ "\"\\\"\\", 0, "\\\"\\\\\\\"\\\\" },
};

START_TEST(test_json)
{
	check_rows(escape_json, json_rows, COUNT(json_rows));
}
END_TEST

static const struct {
	size_t size;
	const char *text, *quoted;
} quote_rows[] = {
	{ 64, "", "''" },
	{ 64, "a", "'a'" },
	{ 64, "it's", "'it's'" },
	{ 64, "a\nb\\", "'a\\nb\\\\'" },
	{ 64, "\xff\x1b", "'\\xff\\x1b'" },
	{ 16, "1234567", "'1234567'" },
};

START_TEST(test_quote)
{
	for (size_t i = 0; i < COUNT(quote_rows); i++) {
		char out[64];

		ck_assert_ptr_eq(
		    escape_quote(out, quote_rows[i].size, quote_rows[i].text),
		    out);
		ck_assert_str_eq(out, quote_rows[i].quoted);
	}
}
END_TEST

/* In quotes, within the size, and the bytes behind it as they were. */
static bool
is_quoted(const char *text, size_t size)
{
	static const char after[] = "################";
	char out[96];
	size_t len;

	memset(out, '#', sizeof(out));
	escape_quote(out, size, text);
	len = strnlen(out, size);
	return len < size && out[0] == '\'' && out[len - 1] == '\'' &&
	    memcmp(out + size, after, sizeof(after) - 1) == 0;
}

START_TEST(test_quote_bounds)
{
	static const char *const units[] = { "a", "\n", "\x01", "\\",
		"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff" };

	for (size_t i = 0; i < COUNT(units); i++)
		for (size_t length = 0; length <= 80; length++) {
			char text[512] = "";

			for (size_t k = 0; k < length; k++)
				strcat(text, units[i]);
			for (size_t size = 16; size <= 80; size++)
				ck_assert(is_quoted(text, size));
		}
}
END_TEST

/* Cut where nothing else will do, and never inside a character or escape. */
static const struct {
	size_t size;
	const char *text, *quoted;
} cut_rows[] = {
	{ 16, "1234567890123", "'1234567890123'" },
	{ 16, "12345678901234", "'1234567890...'" },
	{ 17, "12345678901234", "'12345678901234'" },
	{ 17, "123456789012345", "'12345678901...'" },
	{ 16, "123456789\n12", "'123456789\\n12'" },
	{ 16, "123456789\n123", "'123456789...'" },
	{ 16, "12345678\n123", "'12345678\\n123'" },
	{ 16, "12345678\n1234", "'12345678\\n...'" },
	{ 16, "\x01\x02\x03", "'\\x01\\x02\\x03'" },
	{ 16, "\x01\x02\x03\x04", "'\\x01\\x02...'" },
	{ 16, "12345678901\xc3\xbc", "'12345678901\xc3\xbc'" },
	{ 16, "123456789012\xc3\xbc", "'1234567890...'" },
	{ 16,
	    "123456789\xc3\xbc"
	    "123",
	    "'123456789...'" },
	{ 16,
	    "12345678\xc3\xbc"
	    "1234",
	    "'12345678\xc3\xbc...'" },
	{ 16,
	    "12345678\xf0\x9f\x98\x80"
	    "1",
	    "'12345678\xf0\x9f\x98\x80"
	    "1'" },
	{ 16,
	    "12345678\xf0\x9f\x98\x80"
	    "12",
	    "'12345678...'" },
	{ 64, "gr\xc3\xbc\xc3\x9f", "'gr\xc3\xbc\xc3\x9f'" },
	{ 64,
	    "\xe2\x80\xae"
	    "exe",
	    "'\\xe2\\x80\\xae"
	    "exe'" },
};

START_TEST(test_quote_cut)
{
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		char out[64];

		escape_quote(out, cut_rows[i].size, cut_rows[i].text);
		ck_assert_str_eq(out, cut_rows[i].quoted);
	}
}
END_TEST

START_TEST(test_utf8_one)
{
	static const struct {
		const char *bytes;
		size_t taken;
		const char *text;
	} rows[] = {
		{ "ab", 1, "a" },
		{ "\\b", 1, "\\\\" },
		{ "\n", 1, "\\n" },
		{ "\xc3\xbc"
		  "b",
		    2, "\xc3\xbc" },
		{ "\xc3"
		  "b",
		    1, "\\xc3" },
		{ "\xe2\x82\xac", 3, "\xe2\x82\xac" },
		{ "\xe2\x80\xae", 1, "\\xe2" },
		{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[ESCAPE_GROWTH + 1] = "";
		size_t taken = 0;
		size_t len = escape_utf8_one(
		    out, rows[i].bytes, strlen(rows[i].bytes), &taken);

		ck_assert_str_eq(out, rows[i].text);
		ck_assert_uint_eq(len, strlen(rows[i].text));
		ck_assert_uint_eq(taken, rows[i].taken);
	}
}
END_TEST

CHECK_MAIN("escape", test_all_bytes, test_repr, test_utf8_valid,
    test_utf8_invalid, test_utf8_hidden, test_json, test_quote,
    test_quote_bounds, test_quote_cut, test_utf8_one)
