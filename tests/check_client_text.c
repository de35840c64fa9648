/* SPDX-License-Identifier: ISC */
/* What a terminal gets to see, and which time-outs may be written. */
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "client/arguments.h"
#include "client/output.h"
#include "check_main.h"

static const struct {
	const char *bytes, *shown;
} texts[] = {
	{ "", "" },
	{ "plain\n", "plain\n" },
	{ "dos\r\n", "dos\r\n" },
	{ "over\rwrite\r", "over\\rwrite\\r" },
	{ "a\tb\\n", "a\tb\\n" },
	{ "\x1b[2J", "\\x1b[2J" },
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "bad\xc3", "bad\\xc3" },
	{ "\x7f\x08\n\n", "\\x7f\\x08\n\n" },
};

static void
check_escape(size_t i)
{
	size_t len = strlen(texts[i].bytes);
	char shown[256] = "";

	len = output_escape(shown, texts[i].bytes, len);
	ck_assert_uint_eq(len, strlen(texts[i].shown));
	ck_assert_str_eq(shown, texts[i].shown);
}

START_TEST(test_escape)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		check_escape(i);
}
END_TEST

static const struct {
	const char *text;
	int ms; /* -1: refused */
} seconds[] = {
	{ "2", 2000 },
	{ "0.5", 500 },
	{ ".25", 250 },
	{ "0.001", 1 },
	{ "3600", 3600000 },
	{ "3600.1", -1 },
	{ "0", -1 },
	{ "0.0001", -1 },
	{ "", -1 },
	{ ".", -1 },
	{ "1.2.3", -1 },
	{ "-1", -1 },
	{ "1e3", -1 },
	{ "0x10", -1 },
	{ "inf", -1 },
	{ "nan", -1 },
	{ "2s", -1 },
	{ " 2", -1 },
	{ "99999999999999999999", -1 },
};

static void
check_timeout(size_t i)
{
	int ms = -1;
	int result = arguments_parse_seconds(seconds[i].text, &ms);

	ck_assert_int_eq(result, seconds[i].ms == -1 ? -1 : 0);
	ck_assert_int_eq(ms, seconds[i].ms);
}

START_TEST(test_timeout)
{
	for (size_t i = 0; i < COUNT(seconds); i++)
		check_timeout(i);
}
END_TEST

CHECK_MAIN("client/text", test_escape, test_timeout)
