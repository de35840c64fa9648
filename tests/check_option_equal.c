/* SPDX-License-Identifier: ISC */
/* Settings are equal when each row's values are, however they were written. */
#include "base/option.h"

#include <string.h>

#include "check_main.h"

struct settings {
	bool yes;
	uint64_t number, size, time;
	char *path;
	int choice;
	struct option_list list;
	uint64_t unknown; /* of no row */
};

static const char *const colours[] = { "red", "green", NULL };

#define AT(field) .offset = offsetof(struct settings, field)

static const struct option rows[] = {
	{ "yes", OPTION_BOOL, AT(yes), .initial = "yes" },
	{ "number", OPTION_NUMBER, AT(number), .initial = "7",
	    .max = UINT64_MAX },
	{ "size", OPTION_SIZE, AT(size), .initial = "64K", .max = UINT64_MAX },
	{ "time", OPTION_TIME, AT(time), .initial = "30s", .max = 86400000 },
	{ "path", OPTION_PATH, AT(path), .initial = "/dev/null" },
	{ "choice", OPTION_CHOICE, AT(choice), .initial = "red",
	    .choices = colours },
	{ "list", OPTION_LIST, AT(list), .initial = "first" },
	{ .name = NULL },
};

static void
set(struct settings *settings, const char *name, const char *text)
{
	char why[WHY_SIZE] = "";

	ck_assert_msg(
	    option_set(option_find(rows, name), settings, text, why) == 0,
	    "%s: %s", name, why);
}

/* `name` is set on both sides; NULL: left as it is. */
static const struct {
	const char *name, *a, *b;
	bool equal;
} table[] = {
	{ "yes", NULL, NULL, true },
	{ "yes", NULL, "yes", true },
	{ "yes", "on", "true", true },
	{ "yes", NULL, "no", false },
	{ "number", "7", "007", true },
	{ "number", "7", "8", false },
	{ "number", "1", "4294967297", false },
	{ "number", "0", "18446744073709551615", false },
	{ "size", NULL, "65536", true },
	{ "size", "1G", "1024M", true },
	{ "size", "1G", "1073741825", false },
	{ "time", "1m", "60s", true },
	{ "time", "1m", "60001ms", false },
	{ "path", NULL, "/dev/null", true },
	{ "path", "", "", true },
	{ "path", "", NULL, false },
	{ "path", "/a", "/ab", false },
	{ "path", "/a", "/A", false },
	{ "path", "/a", "//a", false },
	{ "choice", NULL, "red", true },
	{ "choice", NULL, "green", false },
	{ "list", NULL, NULL, true },
	{ "list", "second", "second", true },
	{ "list", "second", "third", false },
	{ "list", "second", NULL, false },
	{ "list", "", NULL, false },
};

START_TEST(test_values)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		struct settings a = { 0 }, b = { 0 };

		ck_assert_int_eq(option_set_defaults(rows, &a), 0);
		ck_assert_int_eq(option_set_defaults(rows, &b), 0);
		b.unknown = 1;
		if (table[i].a != NULL)
			set(&a, table[i].name, table[i].a);
		if (table[i].b != NULL)
			set(&b, table[i].name, table[i].b);
		ck_assert_msg(option_equal(rows, &a, &b) == table[i].equal &&
			option_equal(rows, &b, &a) == table[i].equal,
		    "%s: %s, %s", table[i].name, table[i].a, table[i].b);
		ck_assert(option_equal(rows, &a, &a));
		option_free(rows, &a);
		option_free(rows, &b);
	}
}
END_TEST

/* The items, their order, and where one ends and the next begins. */
START_TEST(test_lists)
{
	static const struct {
		const char *a[3], *b[3];
		bool equal;
	} lists[] = {
		{ { NULL }, { NULL }, true },
		{ { "x", "y" }, { "x", "y" }, true },
		{ { "x", "y" }, { "y", "x" }, false },
		{ { "x", "y" }, { "x", "z" }, false },
		{ { "xy" }, { "x", "y" }, false },
		{ { "x", "x" }, { "x" }, false },
		{ { "x", "" }, { "x" }, false },
	};

	for (size_t i = 0; i < COUNT(lists); i++) {
		struct settings a = { 0 }, b = { 0 };

		for (size_t j = 0; j < 3 && lists[i].a[j] != NULL; j++)
			set(&a, "list", lists[i].a[j]);
		for (size_t j = 0; j < 3 && lists[i].b[j] != NULL; j++)
			set(&b, "list", lists[i].b[j]);
		ck_assert_msg(
		    option_equal(rows, &a, &b) == lists[i].equal, "%zu", i);
		option_free(rows, &a);
		option_free(rows, &b);
	}
}
END_TEST

/* Zeroed settings have no text yet. */
START_TEST(test_unset_path)
{
	struct settings a = { 0 }, b = { 0 };

	ck_assert(option_equal(rows, &a, &b));
	set(&a, "path", "/a");
	ck_assert(!option_equal(rows, &a, &b));
	ck_assert(!option_equal(rows, &b, &a));
	option_free(rows, &a);
	ck_assert(option_equal(rows + COUNT(rows) - 1, &a, &b));
}
END_TEST

CHECK_MAIN("option_equal", test_values, test_lists, test_unset_path)
