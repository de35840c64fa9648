/* SPDX-License-Identifier: ISC */
/* What a terminal gets to see, and which time-outs may be written. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "client/arguments.h"
#include "client/output.h"

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

START_TEST(escape)
{
	size_t len = strlen(texts[_i].bytes);
	char shown[256] = "";

	len = output_escape(shown, texts[_i].bytes, len);
	ck_assert_uint_eq(len, strlen(texts[_i].shown));
	ck_assert_str_eq(shown, texts[_i].shown);
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

START_TEST(timeout)
{
	int ms = -1;
	int result = arguments_parse_seconds(seconds[_i].text, &ms);

	ck_assert_int_eq(result, seconds[_i].ms == -1 ? -1 : 0);
	ck_assert_int_eq(ms, seconds[_i].ms);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client/text");
	TCase *tcase = tcase_create("text");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, escape, 0, sizeof(texts) / sizeof(*texts));
	tcase_add_loop_test(
	    tcase, timeout, 0, sizeof(seconds) / sizeof(*seconds));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
