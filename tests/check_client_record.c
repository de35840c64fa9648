/* SPDX-License-Identifier: ISC */
/* Records of a bucket as lines for people. */
#include "client/record.h"

#include <stdlib.h>
#include <string.h>

#include "check_main.h"

/* 2026-11-23 12:00 UTC. */
#define NOW_NS (1795435200LL * 1000000000)

#define RECORD(message)                                                \
	"{'sequence':7,'time':'2026-11-23T09:02:10.123456Z','source':" \
	"'192.0.2.7:40123','bytes':5,'message':'" message "'}"

/* JSON, in which single quotes stand for double ones. */
static json_t *
parse(const char *text)
{
	char copy[8192];
	json_t *json;

	ck_assert_uint_lt(strlen(text), sizeof(copy));
	strcpy(copy, text);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, 0, NULL);
	ck_assert_msg(json != NULL, "%s", copy);
	return json;
}

static void
print(struct record_view *view, struct page *page, const char *text)
{
	json_t *json = parse(text);

	setenv("TZ", "UTC", 1);
	record_print(view, page, json, NOW_NS);
	json_decref(json);
}

/* What is printed for the records of a list that NULL ends. */
static void
check(struct record_view view, const char *const *records, const char *shown)
{
	struct page page = { 0 };

	for (; *records != NULL; records++)
		print(&view, &page, *records);
	page_add(&page, "", 1);
	ck_assert_str_eq(page.data, shown);
	page_free(&page);
}

static void
check_one(struct record_view view, const char *record, const char *shown)
{
	const char *const records[] = { record, NULL };

	check(view, records, shown);
}

START_TEST(test_line)
{
	const struct record_view view = { 0 };

	check_one(
	    view, RECORD("hello"), "09:02:10.123 192.0.2.7:40123 hello\n");
	check_one(view, "{'missed':120}", "-- 120 records missed here --\n");
	check_one(view, "{'missed':1}", "-- 1 record missed here --\n");
	check_one(view,
	    "{'time':'2026-11-23T09:02:10Z','source':'netlabd','lost':7872,"
	    "'message':'7872 datagrams lost here (receive queue full)'}",
	    "09:02:10.000 netlabd 7872 datagrams lost here (receive queue "
	    "full)\n");
	check_one(view, "{'time':'2026-11-23T09:02:10Z','lost':3}",
	    "09:02:10.000 netlabd 3 records lost here\n");
}
END_TEST

START_TEST(test_decoded)
{
	const struct record_view view = { 0 };

	check_one(view,
	    "{'time':'2026-11-23T09:02:10Z','source':'192.0.2.7:514',"
	    "'message':'<11>web sshd[7]: no','severity':3,'host':'web',"
	    "'program':'sshd','process':'7','text':'no'}",
	    "09:02:10.000 192.0.2.7:514 err web sshd[7]: no\n");
	check_one(view,
	    "{'time':'2026-11-23T09:02:10Z','source':'a','severity':'err',"
	    "'release':'6.1.0\\u001b','message':'oops'}",
	    "09:02:10.000 a err 6.1.0\\x1b oops\n");
	check_one(view,
	    "{'time':'2026-11-23T09:02:10Z','source':'a','severity':'Warning',"
	    "'host':'h','text':'t'}",
	    "09:02:10.000 a warning h: t\n");
	check_one(view,
	    "{'time':'2026-11-23T09:02:10Z','source':'a','severity':8,"
	    "'message':'m'}",
	    "09:02:10.000 a m\n");
}
END_TEST

START_TEST(test_date)
{
	static const char *const records[] = {
		"{'time':'2026-11-21T23:59:59.9Z','source':'a','message':'1'}",
		"{'time':'2026-11-22T00:00:00Z','source':'a','message':'2'}",
		"{'time':'2026-11-22T08:00:00Z','source':'a','message':'3'}",
		"{'time':'2026-11-23T08:00:00Z','source':'a','message':'4'}",
		NULL,
	};

	check((struct record_view){ 0 }, records,
	    "-- Sat 2026-11-21 --\n"
	    "23:59:59.900 a 1\n"
	    "-- Sun 2026-11-22 --\n"
	    "00:00:00.000 a 2\n"
	    "08:00:00.000 a 3\n"
	    "-- Mon 2026-11-23 --\n"
	    "08:00:00.000 a 4\n");
}
END_TEST

/* Messages begin in one column, which long senders do not move. */
START_TEST(test_alignment)
{
	static const char *const records[] = {
		"{'time':'2026-11-23T01:00:00Z','source':'10.0.0.1:1',"
		"'message':'a'}",
		"{'time':'2026-11-23T01:00:00Z','source':'192.0.2.7:40123',"
		"'message':'b'}",
		"{'time':'2026-11-23T01:00:00Z','source':'10.0.0.1:1',"
		"'message':'c'}",
		"{'time':'2026-11-23T01:00:00Z','source':"
		"'[2001:db8:1:2:3:4:5:6]:40123','message':'d'}",
		"{'time':'2026-11-23T01:00:00Z','source':'10.0.0.1:1',"
		"'message':'e'}",
		NULL,
	};

	check((struct record_view){ .is_aligned = true }, records,
	    "01:00:00.000 10.0.0.1:1 a\n"
	    "01:00:00.000 192.0.2.7:40123 b\n"
	    "01:00:00.000 10.0.0.1:1      c\n"
	    "01:00:00.000 [2001:db8:1:2:3:4:5:6]:40123 d\n"
	    "01:00:00.000 10.0.0.1:1      e\n");
}
END_TEST

/* "09:02:10.123 192.0.2.7:40123 " takes 29 columns. */
static const struct {
	const char *message, *shown;
} cuts[] = {
	{ "12345678901", "12345678901" },
	{ "123456789012", "1234567890>" },
	/* Wide characters take two columns, combining ones none. */
	{ "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5.",
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5." },
	{ "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5..",
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5>" },
	{ "e\xcc\x81"
	  "2345678901",
	    "e\xcc\x81"
	    "2345678901" },
	/* What is escaped is measured as it is shown. */
	{ "1234567\\u001b", "1234567\\x1b" },
	{ "12345678\\u001b", "12345678\\x>" },
};

START_TEST(test_cut)
{
	for (size_t i = 0; i < COUNT(cuts); i++) {
		char record[512], shown[512];

		snprintf(record, sizeof(record),
		    "{'time':'2026-11-23T09:02:10.123Z','source':"
		    "'192.0.2.7:40123','message':'%s'}",
		    cuts[i].message);
		snprintf(shown, sizeof(shown),
		    "09:02:10.123 192.0.2.7:40123 %s\n", cuts[i].shown);
		check_one((struct record_view){ .columns = 40 }, record, shown);
	}
}
END_TEST

/* One that would take the whole width, or more, leaves two columns. */
START_TEST(test_cut_source)
{
	static const char *const records[] = {
		"{'time':'2026-11-23T09:02:10Z','source':"
		"'/run/a/very/long/path/of/a/socket','message':'123'}",
		"{'time':'2026-11-23T09:02:10Z','source':"
		"'/run/a/very/long/path','message':'12'}",
		"{'time':'2026-11-23T09:02:10Z','source':'a','message':'12'}",
		NULL
	};

	check((struct record_view){ .columns = 37, .is_aligned = true },
	    records,
	    "09:02:10.000 /run/a/very/long/path 1>\n"
	    "09:02:10.000 /run/a/very/long/path 12\n"
	    "09:02:10.000 a                     12\n");
	/* So does the padding, where the terminal has become narrower. */
	check(
	    (struct record_view){
		.columns = 20, .is_aligned = true, .source_columns = 22 },
	    records + 2, "09:02:10.000 a    12\n");
}
END_TEST

/* Of a message without end nothing is looked at that cannot be seen. */
START_TEST(test_long)
{
	char message[4096], record[8000], shown[128];

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	snprintf(record, sizeof(record),
	    "{'time':'2026-11-23T09:02:10Z','source':'a','message':'%s'}",
	    message);
	snprintf(shown, sizeof(shown), "09:02:10.000 a %.24s>\n", message);
	check_one((struct record_view){ .columns = 40 }, record, shown);
	/* A terminal of no width to speak of is not cut for. */
	snprintf(shown, sizeof(shown), "09:02:10.000 a x\n");
	check_one((struct record_view){ .columns = 3 },
	    "{'time':'2026-11-23T09:02:10Z','source':'a','message':'x'}",
	    shown);
}
END_TEST

START_TEST(test_colours)
{
	const struct record_view view = { .has_colours = true,
		.has_palette = true };
	char shown[256];

	snprintf(shown, sizeof(shown),
	    "\033[2m09:02:10.123\033[m \033[38;5;%um192.0.2.7:40123\033[m "
	    "hello\n",
	    record_colour("192.0.2.7:40123"));
	check_one(view, RECORD("hello"), shown);
	/* One host has one colour, whatever its port. */
	ck_assert_uint_eq(
	    record_colour("192.0.2.7:1"), record_colour("192.0.2.7:65535"));
	ck_assert_uint_eq(
	    record_colour("[2001:db8::1]:1"), record_colour("[2001:db8::1]:2"));
	ck_assert_uint_ne(
	    record_colour("10.0.0.1:1"), record_colour("10.0.0.2:1"));
}
END_TEST

/* Neighbours in a network should differ: all colours are in use. */
START_TEST(test_palette)
{
	bool seen[256] = { false };
	unsigned count = 0;

	for (int i = 0; i < 256; i++) {
		char source[32];
		unsigned colour;

		snprintf(source, sizeof(source), "192.0.2.%d:514", i);
		colour = record_colour(source);
		ck_assert_uint_lt(colour, COUNT(seen));
		count += !seen[colour];
		seen[colour] = true;
	}
	ck_assert_uint_eq(count, 14);
}
END_TEST

/* A server that says what it should not: no byte of it drives a terminal. */
static const struct {
	const char *record, *shown;
} hostile[] = {
	{ RECORD("\\u001b[2J\\u0007\\u009b2J\\u202e\\n\\r\\t\\u007f"),
	    "09:02:10.123 192.0.2.7:40123 \\x1b[2J\\x07\\xc2\\x9b2J"
	    "\\xe2\\x80\\xae\\n\\r\\t\\x7f\n" },
	/* What the server has escaped stays as it is. */
	{ RECORD("\\\\x1b[2J"), "09:02:10.123 192.0.2.7:40123 \\x1b[2J\n" },
	{ "{'time':'\\u001b','source':'\\u001b[1m','message':'x'}",
	    "--:--:--.--- \\x1b[1m x\n" },
	{ "{'time':'2026-11-23T09:02:10Z','source':'a','severity':'\\u001b',"
	  "'host':'\\u001bh','program':'\\u001bp','process':'\\u001b1',"
	  "'text':'\\u001bt'}",
	    "09:02:10.000 a \\x1bh \\x1bp[\\x1b1]: \\x1bt\n" },
	{ "{'time':'2026-11-23T09:02:10Z','lost':2,'message':'\\u001b[m'}",
	    "09:02:10.000 netlabd \\x1b[m\n" },
	{ "{}", "--:--:--.---  \n" },
	{ "{'time':1,'source':2,'message':3,'missed':'x','lost':'y',"
	  "'severity':1.5,'text':[]}",
	    "--:--:--.---  \n" },
	{ "{'missed':-1}", "-- -1 records missed here --\n" },
	{ "{'time':'1900-01-01T00:00:00Z','source':'a','message':'b'}",
	    "--:--:--.--- a b\n" },
};

START_TEST(test_hostile)
{
	for (size_t i = 0; i < COUNT(hostile); i++)
		check_one((struct record_view){ 0 }, hostile[i].record,
		    hostile[i].shown);
}
END_TEST

CHECK_MAIN("client/record", test_line, test_decoded, test_date, test_alignment,
    test_cut, test_cut_source, test_long, test_colours, test_palette,
    test_hostile)
