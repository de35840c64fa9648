/* SPDX-License-Identifier: ISC */
/* Creosote's records: one line each, whatever comes. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "check_creosote.h"
#include "check_main.h"

#define LARGEST 65507

/* One row: style, sender, message, record. */
static const struct {
	const char *format, *escape, *peer, *message, *record;
} rows[] = {
	{ "text", "repr", "192.0.2.7", "hello", T "192.0.2.7:40123 hello\n" },
	{ "text", "repr", "192.0.2.7", "hello\n", T "192.0.2.7:40123 hello\n" },
	{ "text", "repr", "192.0.2.7", "hello\n\n",
	    T "192.0.2.7:40123 hello\\n\n" },
	{ "text", "repr", "192.0.2.7", "hello\r\n",
	    T "192.0.2.7:40123 hello\\r\n" },
	{ "text", "repr", "192.0.2.7", "", T "192.0.2.7:40123 \n" },
	{ "text", "repr", "192.0.2.7", "\n", T "192.0.2.7:40123 \n" },
	{ "text", "repr", "2001:db8::7", "hi", T "[2001:db8::7]:40123 hi\n" },
	{ "text", "repr", "/run/me", "hi", T "/run/me hi\n" },
	{ "text", "repr", "/run/a\nb", "hi", T "/run/a\\nb hi\n" },
	{ "text", "repr", "", "hi", T "unnamed hi\n" },
	{ "text", "repr", "192.0.2.7", "a\\b\t\x1b[31m\x7f'\"",
	    T "192.0.2.7:40123 a\\\\b\\t\\x1b[31m\\x7f'\"\n" },
	{ "text", "repr", "192.0.2.7", "caf\xc3\xa9 \xff",
	    T "192.0.2.7:40123 caf\\xc3\\xa9 \\xff\n" },
	{ "text", "utf8", "192.0.2.7", "caf\xc3\xa9 \xff\xe2\x80\xae",
	    T "192.0.2.7:40123 caf\xc3\xa9 \\xff\\xe2\\x80\\xae\n" },
	{ "raw", "repr", "192.0.2.7", "hello", "hello\n" },
	{ "raw", "repr", "192.0.2.7", "hello\n", "hello\\n\n" },
	{ "raw", "repr", "192.0.2.7", "a\tb\\\xe9", "a\\tb\\\\\\xe9\n" },
	{ "raw", "utf8", "192.0.2.7", "\xc3\xa9\xe9", "\xc3\xa9\\xe9\n" },
	{ "raw", "repr", "192.0.2.7", "", "\n" },
	{ "json", "repr", "192.0.2.7", "hello\n",
	    J "192.0.2.7:40123\",\"bytes\":6,\"message\":\"hello\"}\n" },
	{ "json", "repr", "192.0.2.7", "hello\n\n",
	    J "192.0.2.7:40123\",\"bytes\":7,\"message\":\"hello\\\\n\"}\n" },
	{ "json", "repr", "2001:db8::7", "say \"hi\"\\",
	    J "[2001:db8::7]:40123\",\"bytes\":9,"
	      "\"message\":\"say \\\"hi\\\"\\\\\\\\\"}\n" },
	{ "json", "repr", "/run/a\"b", "\xff",
	    J "/run/a\\\"b\",\"bytes\":1,\"message\":\"\\\\xff\"}\n" },
	{ "json", "utf8", "", "\xc3\xa9\xff",
	    J "unnamed\",\"bytes\":3,\"message\":\"\xc3\xa9\\\\xff\"}\n" },
	{ "json", "repr", "192.0.2.7", "",
	    J "192.0.2.7:40123\",\"bytes\":0,\"message\":\"\"}\n" },
};

START_TEST(test_records)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bucket_lab lab;

		bucket_open(&lab, "format", rows[i].format, "escape",
		    rows[i].escape, NULL);
		bucket_spew(&lab, rows[i].peer, rows[i].message,
		    strlen(rows[i].message));
		bucket_flush(&lab);
		bucket_expect(&lab, rows[i].record);
		bucket_close(&lab);
	}
}
END_TEST

/* A number for each, in the order in which they came. */
START_TEST(test_sequence)
{
	struct bucket_lab lab;

	bucket_open(&lab, "format", "json", NULL);
	bucket_spew(&lab, "192.0.2.7", "a", 1);
	bucket_spew(&lab, "192.0.2.7", "b", 1);
	bucket_flush(&lab);
	bucket_spew(&lab, "192.0.2.7", "c", 1);
	bucket_flush(&lab);
	bucket_expect(&lab,
	    J "192.0.2.7:40123\",\"bytes\":1,\"message\":\"a\"}\n"
	      "{\"sequence\":2," J_TIME
	      "192.0.2.7:40123\",\"bytes\":1,\"message\":\"b\"}\n"
	      "{\"sequence\":3," J_TIME
	      "192.0.2.7:40123\",\"bytes\":1,\"message\":\"c\"}\n");
	bucket_close(&lab);
}
END_TEST

/* What was longer says so, and how long. */
START_TEST(test_cut)
{
	static const struct {
		const char *format, *record;
	} table[] = {
		{ "text", T "192.0.2.7:40123 begin [cut: 70000 bytes]\n" },
		{ "raw", "begin [cut: 70000 bytes]\n" },
		{ "json",
		    J "192.0.2.7:40123\",\"bytes\":70000,\"cut\":true,"
		      "\"message\":\"begin\"}\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_lab lab;

		bucket_open(&lab, "format", table[i].format, NULL);
		bucket_spew_full(
		    &lab, "192.0.2.7", "begin", 5, 70000, BUCKET_TIME_NS);
		bucket_flush(&lab);
		bucket_expect(&lab, table[i].record);
		bucket_close(&lab);
	}
}
END_TEST

/* What a message says of itself stands before it, or in members. */
START_TEST(test_syslog)
{
	static const struct {
		const char *format, *message, *record;
	} table[] = {
		{ "text", "<34>Oct 11 22:14:15 host su[7]: failed\n",
		    T "192.0.2.7:40123 auth.crit host su[7]: failed\n" },
		{ "text", "<13>just text",
		    T "192.0.2.7:40123 user.notice just text\n" },
		{ "text", "no priority", T "192.0.2.7:40123 no priority\n" },
		{ "text", "<13>a\x1b[31m",
		    T "192.0.2.7:40123 user.notice a\\x1b[31m\n" },
		{ "raw", "<13>just text", "<13>just text\n" },
		{ "json", "<34>Oct 11 22:14:15 host su[7]: failed",
		    J "192.0.2.7:40123\",\"bytes\":38,\"facility\":\"auth\","
		      "\"severity\":\"crit\",\"timestamp\":\"Oct 11 "
		      "22:14:15\",\"host\":\"host\",\"program\":\"su\","
		      "\"process\":\"7\",\"message\":\"failed\"}\n" },
		{ "json",
		    "<165>1 2003-10-11T22:14:15.003Z host prog - ID47 "
		    "[x@1 k=\"v\"] t",
		    J "192.0.2.7:40123\",\"bytes\":62,\"facility\":\"local4\""
		      ",\"severity\":\"notice\",\"timestamp\":"
		      "\"2003-10-11T22:14:15.003Z\",\"host\":\"host\","
		      "\"program\":\"prog\",\"message_id\":\"ID47\","
		      "\"structured\":\"[x@1 k=\\\"v\\\"]\","
		      "\"message\":\"t\"}\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_lab lab;

		bucket_open(
		    &lab, "format", table[i].format, "decode", "syslog", NULL);
		bucket_spew_line(&lab, table[i].message);
		bucket_flush(&lab);
		bucket_expect(&lab, table[i].record);
		bucket_close(&lab);
	}
}
END_TEST

/* NUL and all others: a record is one line of 7-bit text. */
START_TEST(test_all_bytes)
{
	static const char *const formats[] = { "text", "raw", "json" };
	char bytes[256];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct bucket_lab lab;
		const char *text;
		size_t len;

		bucket_open(&lab, "format", formats[i], NULL);
		bucket_spew(&lab, "192.0.2.7", bytes, sizeof(bytes));
		bucket_flush(&lab);
		text = bucket_text(&lab, &len);
		ck_assert_uint_eq(strlen(text), len);
		ck_assert_int_eq(text[len - 1], '\n');
		for (size_t at = 0; at < len - 1; at++)
			if (text[at] < 0x20 || text[at] > 0x7e)
				ck_abort_msg("%s: %d", formats[i], text[at]);
		bucket_close(&lab);
	}
}
END_TEST

/* How much longer a byte gets at the most. */
static void
check_growth(const char *format, const char *escape, char byte,
    const char *record, size_t before, size_t after)
{
	static char message[LARGEST];
	struct bucket_lab lab;
	const char *text;
	size_t len, piece = strlen(record);

	memset(message, byte, sizeof(message));
	bucket_open(&lab, "format", format, "escape", escape, NULL);
	for (int i = 0; i < 3; i++)
		bucket_spew(&lab, "192.0.2.7", message, LARGEST);
	bucket_flush(&lab);
	text = bucket_text(&lab, &len);
	ck_assert_uint_eq(len, 3 * (before + LARGEST * piece + after));
	for (int i = 0; i < 3; i++) {
		text += before;
		ck_assert_mem_eq(text, record, piece);
		ck_assert_mem_eq(text, text + piece, (LARGEST - 1) * piece);
		text += LARGEST * piece + after;
		ck_assert_int_eq(text[-1], '\n');
	}
	bucket_close(&lab);
}

START_TEST(test_largest)
{
	const size_t text = strlen(T "192.0.2.7:40123 ");
	const size_t json =
	    strlen(J "192.0.2.7:40123\",\"bytes\":65507,\"message\":\"");

	check_growth("text", "repr", '\xff', "\\xff", text, 1);
	check_growth("text", "utf8", '\xff', "\\xff", text, 1);
	check_growth("raw", "repr", '\xff', "\\xff", 0, 1);
	check_growth("raw", "repr", '\\', "\\\\", 0, 1);
	check_growth("json", "repr", '\xff', "\\\\xff", json, 3);
	check_growth("json", "repr", '\\', "\\\\\\\\", json, 3);
	check_growth("json", "utf8", '"', "\\\"", json, 3);
	check_growth("text", "repr", 'a', "a", text, 1);
}
END_TEST

/* More than is gathered at once, in order. */
START_TEST(test_many)
{
	struct bucket_lab lab;
	char *expected = malloc(4000 * 1001 + 1), *end = expected;

	bucket_open(&lab, "format", "raw", NULL);
	for (unsigned i = 0; i < 4000; i++) {
		char message[1001];
		int len = snprintf(message, sizeof(message), "%01000u", i);

		bucket_spew(&lab, "192.0.2.7", message, (size_t)len);
		end += sprintf(end, "%s\n", message);
	}
	bucket_flush(&lab);
	bucket_drain(&lab);
	bucket_expect(&lab, expected);
	ck_assert_uint_eq(bucket_figure(&lab, "records"), 4000);
	ck_assert_uint_eq(bucket_figure(&lab, "records-lost"), 0);
	bucket_close(&lab);
	free(expected);
}
END_TEST

/* What the kernel dropped, at its place, in each format. */
START_TEST(test_loss)
{
	static const struct {
		const char *format, *local, *expected;
	} table[] = {
		{ "text", "127.0.0.1:7739",
		    " netlabd: 44 datagrams lost here on 127.0.0.1:7739 "
		    "(receive queue full)\n" },
		{ "raw", "[::]:7739",
		    "netlabd: 44 datagrams lost here on [::]:7739 "
		    "(receive queue full)\n" },
		{ "json", "127.0.0.1:7739",
		    "\",\"source\":\"netlabd\",\"lost\":44,\"message\":\"44 "
		    "datagrams lost here on 127.0.0.1:7739 (receive queue "
		    "full)\"}\n" },
		{ "json", "/run/a\"b",
		    "\",\"source\":\"netlabd\",\"lost\":44,\"message\":\"44 "
		    "datagrams lost here on /run/a\\\"b (receive queue "
		    "full)\"}\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_lab lab;
		const char *text, *loss;

		bucket_open(&lab, "format", table[i].format, NULL);
		bucket_spew(&lab, "192.0.2.7", "before", 6);
		service_type(lab.service)
		    ->lost(lab.service, table[i].local, 44);
		bucket_spew(&lab, "192.0.2.7", "after", 5);
		bucket_flush(&lab);
		text = bucket_text(&lab, NULL);
		loss = strstr(text, table[i].expected);
		ck_assert_msg(loss != NULL, "%s", text);
		ck_assert(loss > strstr(text, "before"));
		ck_assert_ptr_nonnull(strstr(loss, "after"));
		ck_assert_uint_eq(bucket_count_lines(&lab), 3);
		bucket_close(&lab);
	}
}
END_TEST

/* The time stands before the word of loss, as before others. */
START_TEST(test_loss_time)
{
	struct bucket_lab lab;
	const char *text;

	bucket_open(&lab, NULL);
	service_type(lab.service)->lost(lab.service, "127.0.0.1:1", 1);
	bucket_flush(&lab);
	text = bucket_text(&lab, NULL);
	ck_assert_int_eq(text[4], '-');
	ck_assert_int_eq(text[10], 'T');
	ck_assert_mem_eq(text + 26, "Z netlabd: 1 ", 13);
	bucket_close(&lab);
}
END_TEST

/* An empty path means standard output. */
START_TEST(test_standard_output)
{
	struct service *service =
	    make_service("creosote", "format", "raw", NULL);
	struct bucket_lab lab = { .service = service };
	char why[WHY_SIZE], text[64];
	int ends[2], saved = dup(STDOUT_FILENO);

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDOUT_FILENO);
	ck_assert_int_eq(service_type(service)->start(service, why), 0);
	bucket_spew(&lab, "192.0.2.7", "to all", 6);
	bucket_flush(&lab);
	ck_assert_int_eq(service_type(service)->reopen(service, why), 0);
	bucket_spew(&lab, "192.0.2.7", "again", 5);
	service_type(service)->stop(service);
	dup2(saved, STDOUT_FILENO);
	ck_assert_int_eq(read(ends[0], text, sizeof(text)), 13);
	ck_assert_mem_eq(text, "to all\nagain\n", 13);
	service_free(service);
}
END_TEST

START_TEST(test_cannot_open)
{
	struct service *service =
	    make_service("creosote", "file", "/nowhere/at/all", NULL);
	char why[WHY_SIZE];

	ck_assert_int_eq(service_type(service)->start(service, why), -1);
	ck_assert_str_eq(why,
	    "cannot write file '/nowhere/at/all': No such file or directory "
	    "(make its directory)");
	service_free(service);
}
END_TEST

CHECK_MAIN("creosote", test_records, test_sequence, test_cut, test_syslog,
    test_all_bytes, test_largest, test_many, test_loss, test_loss_time,
    test_standard_output, test_cannot_open)
