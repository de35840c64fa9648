/* SPDX-License-Identifier: ISC */
/* How unlike two names are. */
#include "base/option_name.h"

#include "check_main.h"

#define LETTERS_32 "abcdefghijklmnopqrstuvwxyzabcdef"

START_TEST(test_name_distance)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} names[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "listen", "listen", 0 },
		{ "listen", "lisen", 1 },
		{ "listen", "listten", 1 },
		{ "listen", "lostem", 2 },
		{ "listen", "litsen", 1 },
		{ "listen", "ilsten", 1 },
		{ "listen", "listne", 1 },
		{ "listen", "ilstne", 2 },
		{ "listen", "Listen", 1 },
		{ "ab", "ba", 1 },
		{ "ca", "abc", 3 }, /* a letter is not moved twice */
		{ "file", "rate", 3 },
		{ "kitten", "sitting", 3 },
		{ LETTERS_32, LETTERS_32, 0 },
		{ LETTERS_32, "", 32 },
		{ LETTERS_32 "x", LETTERS_32, SIZE_MAX },
		{ LETTERS_32 "x", LETTERS_32 "x", SIZE_MAX },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		ck_assert_uint_eq(option_name_distance(names[i].a, names[i].b),
		    names[i].distance);
		ck_assert_uint_eq(option_name_distance(names[i].b, names[i].a),
		    names[i].distance);
	}
}
END_TEST

CHECK_MAIN("option_name", test_name_distance)
