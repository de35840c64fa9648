/* SPDX-License-Identifier: ISC */
/* Option rows: what they take, what they refuse with which words, their texts.
 */
#include "base/option.h"

#include <string.h>

#include "check_main.h"

struct settings {
	bool yes;
	uint64_t number, size, time, any;
	char *path;
	int choice;
	struct option_list list;
};

static const char *const colours[] = { "red", "green", "blue", NULL };
static const char *const one_colour[] = { "red", NULL };
static const char *const two_colours[] = { "red", "green", NULL };

enum row {
	YES,
	NUMBER,
	SIZE,
	TIME,
	ANY,
	FILE_PATH,
	CHOICE,
	LIST
};

#define AT(field) .offset = offsetof(struct settings, field)

static const struct option rows[] = {
	[YES] = { "yes", OPTION_BOOL, AT(yes), .initial = "yes" },
	[NUMBER] = { "number", OPTION_NUMBER, AT(number), .initial = "7",
	    .min = 1, .max = 65535, .unit = "connections" },
	[SIZE] = { "size", OPTION_SIZE, AT(size), .min = 65536,
	    .max = 1 << 30 },
	[TIME] = { "time", OPTION_TIME, AT(time), .initial = "30s", .min = 0,
	    .max = 86400000 },
	[ANY] = { "any", OPTION_NUMBER, AT(any), .max = UINT64_MAX },
	[FILE_PATH] = { "path", OPTION_PATH, AT(path), .initial = "/dev/null" },
	[CHOICE] = { "choice", OPTION_CHOICE, AT(choice), .initial = "green",
	    .choices = colours },
	[LIST] = { "list", OPTION_LIST, AT(list), .initial = "first" },
	{ .name = NULL },
};

static const struct {
	enum row row;
	const char *text;
	const char *why; /* NULL: taken */
} set_rows[] = {
	{ YES, "yes", NULL },
	{ YES, "no", NULL },
	{ YES, "true", NULL },
	{ YES, "false", NULL },
	{ YES, "on", NULL },
	{ YES, "off", NULL },
	{ YES, "", "'' is neither yes nor no (write yes or no)" },
	{ YES, "YES", "'YES' is neither yes nor no (write yes or no)" },
	{ YES, "y", "'y' is neither yes nor no (write yes or no)" },
	{ YES, "1", "'1' is neither yes nor no (write yes or no)" },
	{ YES, "no\n", "'no\\n' is neither yes nor no (write yes or no)" },
	{ NUMBER, "1", NULL },
	{ NUMBER, "65535", NULL },
	{ NUMBER, "0", "'0' is not possible (write 1 to 65535 connections)" },
	{ NUMBER, "65536",
	    "'65536' is not possible (write 1 to 65535 connections)" },
	{ NUMBER, "1 K",
	    "'1 K' is not possible (write 1 to 65535 connections)" },
	{ NUMBER, "", "'' is not possible (write 1 to 65535 connections)" },
	{ ANY, "18446744073709551615", NULL },
	{ ANY, "18446744073709551616",
	    "'18446744073709551616' is not possible "
	    "(write 0 to 18446744073709551615)" },
	{ SIZE, "64K", NULL },
	{ SIZE, "1G", NULL },
	{ TIME, "0", NULL },
	{ TIME, "1d", NULL },
	{ FILE_PATH, "/", NULL },
	{ FILE_PATH, "/var/log/netlabd", NULL },
	{ FILE_PATH, "", NULL },
	{ FILE_PATH, "log", "'log' is not an absolute path (write /...)" },
	{ FILE_PATH, "./log", "'./log' is not an absolute path (write /...)" },
	{ FILE_PATH, " /log", "' /log' is not an absolute path (write /...)" },
	{ CHOICE, "red", NULL },
	{ CHOICE, "blue", NULL },
	{ CHOICE, "", "'' is not possible (write red, green or blue)" },
	{ CHOICE, "Red", "'Red' is not possible (write red, green or blue)" },
	{ CHOICE, "re", "'re' is not possible (write red, green or blue)" },
	{ CHOICE, "redder",
	    "'redder' is not possible (write red, green or blue)" },
	{ LIST, "", NULL },
	{ LIST, "anything", NULL },
};

/* A refused text leaves the settings as they were. */
START_TEST(test_set)
{
	for (size_t i = 0; i < COUNT(set_rows); i++) {
		struct settings settings = { 0 }, before;
		char why[WHY_SIZE] = "";
		int result;

		ck_assert_int_eq(option_set_defaults(rows, &settings), 0);
		before = settings;
		result = option_set(
		    &rows[set_rows[i].row], &settings, set_rows[i].text, why);
		ck_assert_msg(result == (set_rows[i].why == NULL ? 0 : -1),
		    "row %zu: %d (%s)", i, result, why);
		ck_assert_str_eq(
		    why, set_rows[i].why != NULL ? set_rows[i].why : "");
		if (result == -1)
			ck_assert_mem_eq(&settings, &before, sizeof(before));
		option_free(rows, &settings);
	}
}
END_TEST

static void
set(struct settings *settings, enum row row, const char *text)
{
	char why[WHY_SIZE];

	ck_assert_int_eq(option_set(&rows[row], settings, text, why), 0);
}

START_TEST(test_stored)
{
	struct settings settings = { 0 };

	for (int again = 0; again < 2; again++) {
		set(&settings, YES, "on");
		set(&settings, SIZE, "1M");
		set(&settings, TIME, "90s");
		set(&settings, FILE_PATH, "/a");
		set(&settings, FILE_PATH, "/b");
		set(&settings, CHOICE, "blue");
		ck_assert(settings.yes);
		ck_assert_uint_eq(settings.size, 1048576);
		ck_assert_uint_eq(settings.time, 90000);
		ck_assert_str_eq(settings.path, "/b");
		ck_assert_int_eq(settings.choice, 2);
		set(&settings, YES, "off");
		ck_assert(!settings.yes);
		option_free(rows, &settings);
		ck_assert_ptr_null(settings.path);
	}
}
END_TEST

START_TEST(test_list)
{
	struct settings settings = { 0 };

	set(&settings, LIST, "b");
	set(&settings, LIST, "");
	set(&settings, LIST, "a");
	set(&settings, LIST, "b");
	ck_assert_uint_eq(settings.list.count, 4);
	ck_assert_str_eq(settings.list.items[0], "b");
	ck_assert_str_eq(settings.list.items[1], "");
	ck_assert_str_eq(settings.list.items[2], "a");
	ck_assert_str_eq(settings.list.items[3], "b");
	option_free(rows, &settings);
	ck_assert_uint_eq(settings.list.count, 0);
	ck_assert_ptr_null(settings.list.items);
	option_free(rows, &settings);
}
END_TEST

START_TEST(test_defaults)
{
	struct settings settings = { 0 };

	ck_assert_int_eq(option_set_defaults(rows, &settings), 0);
	ck_assert(settings.yes);
	ck_assert_uint_eq(settings.number, 7);
	ck_assert_uint_eq(settings.size, 0);
	ck_assert_uint_eq(settings.time, 30000);
	ck_assert_str_eq(settings.path, "/dev/null");
	ck_assert_int_eq(settings.choice, 1);
	ck_assert_uint_eq(settings.list.count, 1);
	ck_assert_str_eq(settings.list.items[0], "first");
	option_free(rows, &settings);
}
END_TEST

/* A reason fits whatever the text and the row: both are cut. */
START_TEST(test_long_why)
{
	static const struct option row = { "n", OPTION_NUMBER, AT(any),
		.max = 9,
		.unit = "things that have a name which is so long that nobody "
			"would ever care to read it to its end, and which "
			"would overflow a text that was made for names of "
			"a common length" };
	struct settings settings = { 0 };
	char text[512], why[WHY_SIZE];

	memset(text, '\xff', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(option_set(&row, &settings, text, why), -1);
	ck_assert_ptr_nonnull(memchr(why, '\0', sizeof(why)));
	ck_assert_int_eq(why[strlen(why) - 1], ')');
}
END_TEST

START_TEST(test_describe_words)
{
	static const struct option one = { "o", OPTION_CHOICE, AT(choice),
		.choices = one_colour };
	static const struct option two = { "t", OPTION_CHOICE, AT(choice),
		.choices = two_colours };
	const struct {
		const struct option *row;
		const char *text;
	} expected[] = {
		{ &rows[YES], "yes or no" },
		{ &rows[NUMBER], "1 to 65535 connections" },
		{ &rows[ANY], "0 to 18446744073709551615" },
		{ &rows[FILE_PATH], "an absolute path" },
		{ &one, "red" },
		{ &two, "red or green" },
		{ &rows[CHOICE], "red, green or blue" },
		{ &rows[LIST], "\"...\" or { \"...\", \"...\" }" },
	};

	for (size_t i = 0; i < COUNT(expected); i++) {
		char text[OPTION_TEXT_SIZE];

		option_describe(expected[i].row, text);
		ck_assert_str_eq(text, expected[i].text);
	}
}
END_TEST

static void
check_format(enum row row, const char *value, const char *expected)
{
	struct settings settings = { 0 };
	char text[OPTION_TEXT_SIZE];

	if (value != NULL)
		set(&settings, row, value);
	option_format(&rows[row], &settings, text);
	ck_assert_str_eq(text, expected);
	option_free(rows, &settings);
}

START_TEST(test_format)
{
	check_format(YES, NULL, "no");
	check_format(YES, "true", "yes");
	check_format(NUMBER, "65535", "65535");
	check_format(ANY, NULL, "0");
	check_format(SIZE, NULL, "0");
	check_format(TIME, NULL, "0");
	check_format(FILE_PATH, NULL, "\"\"");
	check_format(FILE_PATH, "/a b", "\"/a b\"");
	check_format(CHOICE, NULL, "red");
	check_format(CHOICE, "blue", "blue");
	check_format(LIST, "a", "\"a\"");
}
END_TEST

START_TEST(test_find)
{
	ck_assert_ptr_eq(option_find(rows, "yes"), &rows[YES]);
	ck_assert_ptr_eq(option_find(rows, "list"), &rows[LIST]);
	ck_assert_ptr_null(option_find(rows, "lis"));
	ck_assert_ptr_null(option_find(rows, "lists"));
	ck_assert_ptr_null(option_find(rows, "List"));
	ck_assert_ptr_null(option_find(rows, ""));
}
END_TEST

START_TEST(test_describe_quantity)
{
	struct settings settings = { 0 };
	char text[OPTION_TEXT_SIZE], why[WHY_SIZE];

	option_describe(&rows[SIZE], text);
	ck_assert_str_eq(text, "64K to 1G");
	option_describe(&rows[TIME], text);
	ck_assert_str_eq(text, "0 to 1d, such as 500ms or 30s");
	ck_assert_int_eq(option_set(&rows[SIZE], &settings, "65535", why), -1);
	ck_assert_str_eq(why, "'65535' is not possible (write 64K to 1G)");
	ck_assert_int_eq(option_set(&rows[SIZE], &settings, "1025M", why), -1);
	ck_assert_str_eq(why, "'1025M' is not possible (write 64K to 1G)");
	ck_assert_int_eq(option_set(&rows[TIME], &settings, "25h", why), -1);
	ck_assert_str_eq(
	    why, "'25h' is not possible (write 0 to 1d, such as 500ms or 30s)");
	ck_assert_int_eq(option_set(&rows[TIME], &settings, "30", why), -1);
	ck_assert_str_eq(
	    why, "'30' is not possible (write 0 to 1d, such as 500ms or 30s)");
	check_format(SIZE, "1024K", "1M");
	check_format(TIME, "120s", "2m");
}
END_TEST

/* More words than fit are left out at the end; no words are none. */
START_TEST(test_describe_many)
{
	static const char *const none[] = { NULL };
	const char *words[300];
	const struct option row = { "w", OPTION_CHOICE, AT(choice),
		.choices = words };
	const struct option empty = { "e", OPTION_CHOICE, AT(choice),
		.choices = none };
	struct {
		char text[OPTION_TEXT_SIZE], after[256];
	} out;
	char expected[OPTION_TEXT_SIZE] = "eight888";

	for (size_t i = 0; i < 299; i++)
		words[i] = "eight888";
	words[299] = NULL;
	for (size_t i = 1; i < 102; i++)
		strcat(expected, ", eight888");
	strcat(expected, ", ");
	memset(&out, '#', sizeof(out));
	option_describe(&row, out.text);
	ck_assert_str_eq(out.text, expected);
	for (size_t i = 0; i < sizeof(out.after); i++)
		ck_assert_int_eq(out.after[i], '#');
	option_describe(&empty, out.text);
	ck_assert_str_eq(out.text, "");
}
END_TEST

/* What is printed can be written in a configuration file. */
START_TEST(test_format_quoted)
{
	check_format(FILE_PATH, "/a\"b", "\"/a\\\"b\"");
	check_format(FILE_PATH, "/a\\b", "\"/a\\\\b\"");
	check_format(FILE_PATH, "/a\nb\x1b", "\"/a\\nb\\x1b\"");
	check_format(FILE_PATH, "/gr\xc3\xbc\xc3", "\"/gr\xc3\xbc\\xc3\"");
	check_format(FILE_PATH, "/it's", "\"/it's\"");
	check_format(FILE_PATH, "/$HOME$", "\"/$HOME$\"");
	check_format(FILE_PATH, "/${HOME}", "\"/\\${HOME}\"");
	check_format(LIST, "\"", "\"\\\"\"");
	check_format(LIST, "\n# x", "\"\\n# x\"");
}
END_TEST

START_TEST(test_format_list)
{
	struct settings settings = { 0 };
	char text[OPTION_TEXT_SIZE];

	option_format(&rows[LIST], &settings, text);
	ck_assert_str_eq(text, "{ }");
	set(&settings, LIST, "*:7739/udp");
	option_format(&rows[LIST], &settings, text);
	ck_assert_str_eq(text, "\"*:7739/udp\"");
	set(&settings, LIST, "");
	set(&settings, LIST, "c d");
	option_format(&rows[LIST], &settings, text);
	ck_assert_str_eq(text, "{ \"*:7739/udp\", \"\", \"c d\" }");
	option_free(rows, &settings);
}
END_TEST

/* A value too long is cut, between two characters, and stays in its text. */
START_TEST(test_format_cut)
{
	struct settings settings = { 0 };
	struct {
		char text[OPTION_TEXT_SIZE], after[256];
	} out;
	char path[3000] = "/", after[256];

	for (size_t i = 1; i < 2 * 1400; i += 2)
		memcpy(path + i, "\xc3\xbc", 2);
	set(&settings, FILE_PATH, path);
	for (size_t i = 0; i < 300; i++)
		set(&settings, LIST, "item");
	memset(&out, '#', sizeof(out));
	memset(after, '#', sizeof(after));
	option_format(&rows[FILE_PATH], &settings, out.text);
	ck_assert_uint_eq(strlen(out.text), 1022);
	ck_assert_str_eq(out.text + 1018, "\xc3\xbc\xc3\xbc");
	option_format(&rows[LIST], &settings, out.text);
	ck_assert_uint_eq(strlen(out.text), 1023);
	ck_assert_str_eq(out.text + 1010, "\"item\", \"item");
	ck_assert_mem_eq(out.after, after, sizeof(after));
	option_free(rows, &settings);
}
END_TEST

CHECK_MAIN("option", test_set, test_stored, test_list, test_defaults,
    test_long_why, test_describe_words, test_format, test_find,
    test_describe_quantity, test_describe_many, test_format_quoted,
    test_format_list, test_format_cut)
