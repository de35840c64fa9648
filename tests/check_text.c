/* SPDX-License-Identifier: ISC */
/* What becomes of a configuration's text before libconfuse sees it. */
#include "config/text.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

#define ALL SIZE_MAX /* of the text is sound */

struct row {
	const char *text, *cleaned, *faults;
	size_t sound;
};

struct faults {
	char text[1024];
	size_t used;
};

static void
add_fault(void *arg, unsigned line, const char *what)
{
	struct faults *faults = arg;

	faults->used += (size_t)snprintf(faults->text + faults->used,
	    sizeof(faults->text) - faults->used, "%u %s\n", line, what);
	ck_assert_uint_lt(faults->used, sizeof(faults->text));
}

static void
check_row(const struct row *row)
{
	size_t len = strlen(row->text), sound;
	char *text = strdup(row->text);
	struct faults faults = { .used = 0 };

	sound = text_clean(text, len, add_fault, &faults);
	ck_assert_str_eq(faults.text, row->faults);
	if (row->cleaned != NULL)
		ck_assert_str_eq(text, row->cleaned);
	ck_assert_uint_eq(sound, row->sound == ALL ? len : row->sound);
	free(text);
}

static void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i]);
}

START_TEST(test_comments)
{
	static const struct row rows[] = {
		{ "", "", "", ALL },
		{ "#", " ", "", ALL },
		{ "a#b\nc", "a  \nc", "", ALL },
		{ "a //b\r\nc", "a     \nc", "", ALL },
		{ "//", "  ", "", ALL },
		{ "a/**/b", NULL,
		    "1 'a/**/b': * and + need quotes "
		    "(write \"...\")\n",
		    ALL },
		{ "a /**/b", "a     b", "", ALL },
		{ "/***/b", "     b", "", ALL },
		{ "/*/*/b", "     b", "", ALL },
		{ "/*\n\n*/b", "  \n\n  b", "", ALL },
		{ "{/*a*/}//b", "{     }   ", "", ALL },
		{ "\"a\"//b", "\"a\"   ", "", ALL },
		{ "=//b", "=   ", "", ALL },
		{ "/* // */ b", "         b", "", ALL },
		{ "// /*\nb", "     \nb", "", ALL },
		{ "# \"'\nb", "    \nb", "", ALL },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(test_no_comments)
{
	static const char *const texts[] = { "http://x", "a//b", "/a//b", "a/",
		"/", "\"# // /* */\"", "'# // /* */'", "\"\\\"#\"", "'\\'#'",
		"\"a'#'b\"", "'a\"#\"b'", "${A:-#}", "\"${A:-#\\\"}\"",
		"\"\\x41\\7\\77\\377\\xff\\xg\\q\\\\\"", "'\\0\\400'", "a+=b",
		"\"$\"", "a$b", "\x01\x7f\xff", "()" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct row row = { texts[i], texts[i], "", ALL };

		check_row(&row);
	}
}
END_TEST

START_TEST(test_open)
{
	static const struct row rows[] = {
		{ "a\n/*b", NULL, "2 comment is never closed (write */)\n", 2 },
		{ "/*/", NULL, "1 comment is never closed (write */)\n", 0 },
		{ "/*\n*\n", NULL, "1 comment is never closed (write */)\n",
		    0 },
		{ "a \"", NULL, "1 quote is not closed (write \")\n", 2 },
		{ "a '\n", NULL, "1 quote is not closed (write ')\n", 2 },
		{ "a \"\\\n\"", NULL,
		    "1 quote is not closed (write \")\n"
		    "2 quote is not closed (write \")\n",
		    2 },
		{ "\n\"\\\"", NULL, "2 quote is not closed (write \")\n", 1 },
		{ "'\\'", NULL, "1 quote is not closed (write ')\n", 0 },
		{ "\"\\", NULL, "1 quote is not closed (write \")\n", 0 },
		{ "\"${a\"\n}", NULL, "1 quote is not closed (write \")\n", 0 },
		{ "a ${b\n}", NULL, "1 ${ is not closed (write ${NAME})\n", 2 },
		{ "'a\n/*\n", NULL,
		    "1 quote is not closed (write ')\n"
		    "2 comment is never closed (write */)\n",
		    0 },
		{ "/*\n*/ \"\n'b'", NULL, "2 quote is not closed (write \")\n",
		    6 },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(test_faults)
{
	static const struct row rows[] = {
		{ "a = *:7 # b", "a = x      ",
		    "1 '*:7': * and + need quotes (write \"...\")\n", ALL },
		{ "\n+", "\nx", "2 '+': * and + need quotes (write \"...\")\n",
		    ALL },
		{ "/a/*.c }", "x      }",
		    "1 '/a/*.c': * and + need quotes (write \"...\")\n", ALL },
		{ "a${B}c\n", "x     \n",
		    "1 'a${B}c': ${ } in a text needs quotes (write "
		    "\"...\")\n",
		    ALL },
		{ "${A}${B}", "x       ",
		    "1 '${A}${B}': ${ } in a text needs quotes (write "
		    "\"...\")\n",
		    ALL },
		{ "\"\\400\"", "x     ",
		    "1 '\"\\\\400\"': escape that is no character (write "
		    "\\\\ for a backslash)\n",
		    ALL },
		{ "\"\\x0\" b", "x     b",
		    "1 '\"\\\\x0\"': escape that is no character (write "
		    "\\\\ for a backslash)\n",
		    ALL },
	};
	static const char *const escapes[] = { "\\0", "\\00", "\\000", "\\8",
		"\\18", "\\1234", "\\777", "\\x00" };

	check_rows(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(escapes); i++) {
		struct faults faults = { .used = 0 };
		char text[16];

		snprintf(text, sizeof(text), "\"%s\"", escapes[i]);
		text_clean(text, strlen(text), add_fault, &faults);
		ck_assert_msg(faults.used > 0, "%s is taken", escapes[i]);
	}
}
END_TEST

START_TEST(test_nul)
{
	static char text[] = "a\n\"b\0\"";
	struct faults faults = { .used = 0 };

	ck_assert_uint_eq(
	    text_clean(text, sizeof(text) - 1, add_fault, &faults), 0);
	ck_assert_str_eq(faults.text, "2 NUL byte (write text)\n");
}
END_TEST

START_TEST(test_byte_order_mark)
{
	static const struct row rows[] = {
		{ "\xef\xbb\xbf"
		  "a",
		    "   a", "", ALL },
		{ "a\xef\xbb\xbf", "a\xef\xbb\xbf", "", ALL },
		{ "\xef\xbb", "\xef\xbb", "", ALL },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

/* Of a text of `len` characters between its quotes. */
static size_t
count_faults(size_t len, char quote)
{
	struct faults faults = { .used = 0 };
	char *text;

	len += quote == '\0' ? 0 : 2;
	text = malloc(len);
	memset(text, 'a', len);
	if (quote != '\0')
		text[0] = text[len - 1] = quote;
	ck_assert_uint_eq(text_clean(text, len, add_fault, &faults), len);
	free(text);
	return faults.used;
}

START_TEST(test_long_words)
{
	static const char quotes[] = { '\0', '"', '\'' };

	for (size_t i = 0; i < sizeof(quotes); i++) {
		ck_assert_uint_eq(count_faults(TEXT_WORD_MAX, quotes[i]), 0);
		ck_assert_uint_gt(
		    count_faults(TEXT_WORD_MAX + 1, quotes[i]), 0);
	}
}
END_TEST

START_TEST(test_squeeze)
{
	size_t len = TEXT_WORD_MAX;
	char *text = malloc(2 * len + 4);

	memset(text, ' ', 2 * len + 4);
	text[0] = 'a';
	text[1 + len] = 'b'; /* after the longest run that stays */
	text[2 * len + 3] = 'c';
	ck_assert_uint_eq(text_squeeze(text, 2 * len + 4), 2 + len + 2);
	ck_assert_int_eq(memcmp(text + 1 + len, "b c", 3), 0);
	ck_assert_uint_eq(text_squeeze(text, 0), 0);
	free(text);
}
END_TEST

CHECK_MAIN("text", test_comments, test_no_comments, test_open, test_faults,
    test_nul, test_byte_order_mark, test_long_words, test_squeeze)
