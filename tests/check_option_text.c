/* SPDX-License-Identifier: ISC */
/* Rows of texts and of modes: taken, refused, described and printed back. */
#include "base/option.h"

#include "check_main.h"

struct settings {
	char *text;
	uint64_t mode;
};

#define AT(field) .offset = offsetof(struct settings, field)

static const struct option rows[] = {
	{ "text", OPTION_TEXT, AT(text), .initial = "some" },
	{ "mode", OPTION_MODE, AT(mode), .initial = "0640", .min = 0600,
	    .max = 0777 },
	{ .name = NULL },
};

static const struct {
	const char *name, *text;
	const char *printed; /* or, with why, as it was */
	const char *why;
} table[] = {
	{ "text", "", "\"\"", NULL },
	{ "text", "adm", "\"adm\"", NULL },
	{ "text", "not/a path", "\"not/a path\"", NULL },
	{ "text", "\"${HOME}\"\n", "\"\\\"\\${HOME}\\\"\\n\"", NULL },
	{ "mode", "0640", "0640", NULL },
	{ "mode", "600", "0600", NULL },
	{ "mode", "00777", "0777", NULL },
	{ "mode", "0440", "0640",
	    "'0440' is not possible (write 0600 to 0777, such as 0640)" },
	{ "mode", "1777", "0640",
	    "'1777' is not possible (write 0600 to 0777, such as 0640)" },
	{ "mode", "0680", "0640",
	    "'0680' is not possible (write 0600 to 0777, such as 0640)" },
	{ "mode", "rw-r-----", "0640",
	    "'rw-r-----' is not possible (write 0600 to 0777, such as 0640)" },
	{ "mode", "", "0640",
	    "'' is not possible (write 0600 to 0777, such as 0640)" },
};

START_TEST(test_set)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct option *row = option_find(rows, table[i].name);
		struct settings settings = { 0 };
		char why[WHY_SIZE] = "", printed[OPTION_TEXT_SIZE];
		int result;

		ck_assert_int_eq(option_set_defaults(rows, &settings), 0);
		result = option_set(row, &settings, table[i].text, why);
		ck_assert_int_eq(result, table[i].why == NULL ? 0 : -1);
		ck_assert_str_eq(why, table[i].why != NULL ? table[i].why : "");
		option_format(row, &settings, printed);
		ck_assert_str_eq(printed, table[i].printed);
		option_free(rows, &settings);
		ck_assert_ptr_null(settings.text);
	}
}
END_TEST

/* The last of several stays; nothing leaks. */
START_TEST(test_set_again)
{
	struct settings settings = { 0 };
	char why[WHY_SIZE];

	ck_assert_int_eq(option_set_defaults(rows, &settings), 0);
	ck_assert_str_eq(settings.text, "some");
	ck_assert_uint_eq(settings.mode, 0640);
	ck_assert_int_eq(option_set(&rows[0], &settings, "one", why), 0);
	ck_assert_int_eq(option_set(&rows[0], &settings, "two", why), 0);
	ck_assert_int_eq(option_set(&rows[1], &settings, "755", why), 0);
	ck_assert_str_eq(settings.text, "two");
	ck_assert_uint_eq(settings.mode, 0755);
	option_free(rows, &settings);
}
END_TEST

START_TEST(test_equal)
{
	struct settings one = { 0 }, other = { 0 };
	char why[WHY_SIZE];

	ck_assert_int_eq(option_set_defaults(rows, &one), 0);
	ck_assert_int_eq(option_set_defaults(rows, &other), 0);
	ck_assert(option_equal(rows, &one, &other));
	ck_assert_int_eq(option_set(&rows[1], &other, "00640", why), 0);
	ck_assert(option_equal(rows, &one, &other));
	ck_assert_int_eq(option_set(&rows[1], &other, "0644", why), 0);
	ck_assert(!option_equal(rows, &one, &other));
	ck_assert_int_eq(option_set(&rows[1], &other, "0640", why), 0);
	ck_assert_int_eq(option_set(&rows[0], &other, "Some", why), 0);
	ck_assert(!option_equal(rows, &one, &other));
	option_free(rows, &one);
	option_free(rows, &other);
}
END_TEST

START_TEST(test_describe)
{
	char text[OPTION_TEXT_SIZE];

	option_describe(&rows[0], text);
	ck_assert_str_eq(text, "\"...\"");
	option_describe(&rows[1], text);
	ck_assert_str_eq(text, "0600 to 0777, such as 0640");
}
END_TEST

CHECK_MAIN("option_text", test_set, test_set_again, test_equal, test_describe)
