/* SPDX-License-Identifier: ISC */
/* Words that may be written in place of a quantity. */
#include "base/option.h"

#include "check_main.h"

/* Words in place of a quantity, which none can be mistaken for. */
START_TEST(test_words)
{
	static const char *const words[] = { "never", "always", NULL };
	static const struct option row = { "sync", OPTION_TIME, 0, .min = 10,
		.max = 1000, .choices = words };
	static const struct {
		const char *text;
		uint64_t value;
	} taken[] = {
		{ "never", OPTION_WORD(0) },
		{ "always", OPTION_WORD(1) },
		{ "10ms", 10 },
		{ "1s", 1000 },
	};
	uint64_t settings = 0;
	char text[OPTION_TEXT_SIZE], why[WHY_SIZE];

	for (size_t i = 0; i < COUNT(taken); i++) {
		ck_assert_int_eq(
		    option_set(&row, &settings, taken[i].text, why), 0);
		ck_assert_uint_eq(settings, taken[i].value);
		option_format(&row, &settings, text);
		ck_assert_str_eq(text, taken[i].text);
	}
	ck_assert_int_eq(option_set(&row, &settings, "often", why), -1);
	ck_assert_str_eq(why,
	    "'often' is not possible (write never, always or 10ms to 1s, such "
	    "as 500ms or 30s)");
	ck_assert_int_eq(
	    option_set(&row, &settings, "18446744073709551615ms", why), -1);
	ck_assert_uint_eq(settings, 1000);
}
END_TEST

CHECK_MAIN("option_words", test_words)
