/* SPDX-License-Identifier: ISC */
/* Services time and timestamp. */
#include <time.h>

#include "base/clock.h"
#include "check_main.h"
#include "check_service.h"

#define SECOND 1000000000LL

/* 2013-04-07 12:34:56 UTC */
#define LECTURE (1365338096 * SECOND)

static void
set_utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

static const struct {
	const char *format;
	int64_t received_ns;
	const char *answer;
	size_t len;
} times[] = {
	{ "ctime", LECTURE, "Sun Apr  7 12:34:56 2013", 24 },
	{ "ctime", 0, "Thu Jan  1 00:00:00 1970", 24 },
	{ "ctime", 951868799 * SECOND, "Tue Feb 29 23:59:59 2000", 24 },
	{ "daytime", LECTURE, "Sun Apr  7 12:34:56 2013\r\n", 26 },
	{ "iso8601", LECTURE, "2013-04-07T12:34:56.000000Z", 27 },
	{ "iso8601", LECTURE + 123456789, "2013-04-07T12:34:56.123456Z", 27 },
	{ "iso8601", LECTURE + 1999, "2013-04-07T12:34:56.000001Z", 27 },
	{ "unix", LECTURE, "1365338096", 10 },
	{ "unix", LECTURE + 999999999, "1365338096", 10 },
	{ "unix", 0, "0", 1 },
	{ "unix", 4294967296 * SECOND, "4294967296", 10 },
	{ "rfc868", 0, "\x83\xaa\x7e\x80", 4 },
	{ "rfc868", SECOND - 1, "\x83\xaa\x7e\x80", 4 },
	{ "rfc868", LECTURE, "\xd5\x0b\xe6\x70", 4 },
	{ "rfc868", 2085978495 * SECOND, "\xff\xff\xff\xff", 4 },
	{ "rfc868", 2085978496 * SECOND, "\0\0\0\0", 4 },
	{ "rfc868", 2085978497 * SECOND, "\0\0\0\1", 4 },
	{ "rfc868", 2147483648 * SECOND, "\x03\xaa\x7e\x80", 4 },
};

START_TEST(test_time_datagram)
{
	set_utc();
	for (size_t i = 0; i < COUNT(times); i++) {
		struct service *service =
		    make_service("time", "format", times[i].format, NULL);
		static const char *const questions[] = { "", "time, please\n" };

		for (size_t j = 0; j < COUNT(questions); j++) {
			struct question question;

			ck_assert(ask_datagram(service, &question, questions[j],
			    strlen(questions[j]), times[i].received_ns));
			expect_answer(&question, times[i].answer, times[i].len);
		}
		service_free(service);
	}
}
END_TEST

/* On connect, without being asked; and the end. */
START_TEST(test_time_stream)
{
	static const struct {
		const char *format;
		size_t len;
	} table[] = { { "ctime", 24 }, { "daytime", 26 }, { "iso8601", 27 },
		{ "unix", 10 }, { "rfc868", 4 } };
	struct service *service;

	set_utc();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct served served;
		struct question before, after;
		char out[64];
		bool ends;
		int64_t now_ns = clock_now_ns();
		int client;

		service = make_service("time", "format", table[i].format, NULL);
		ck_assert(ask_datagram(service, &before, "", 0, now_ns));
		serve(&served, service);
		client = serve_connect(&served);
		ck_assert_uint_eq(
		    serve_read(client, out, sizeof(out), &ends), table[i].len);
		ck_assert(ends);
		ck_assert(ask_datagram(service, &after, "", 0, clock_now_ns()));
		/* It was told between these two. */
		if (table[i].len != 27)
			ck_assert(
			    memcmp(out, before.memory, table[i].len) == 0 ||
			    memcmp(out, after.memory, table[i].len) == 0);
		free(before.memory);
		free(after.memory);
		close(client);
		serve_end(&served);
	}
}
END_TEST

START_TEST(test_timestamp_datagram)
{
	static const struct {
		const char *line, *answer;
	} table[] = {
		{ "hello\n", "[Sun Apr  7 12:34:56 2013] hello\n" },
		{ "hello\r\n", "[Sun Apr  7 12:34:56 2013] hello\r\n" },
		{ "hello", "[Sun Apr  7 12:34:56 2013] hello" },
		{ "", "[Sun Apr  7 12:34:56 2013] " },
		{ "a\nb\n", "[Sun Apr  7 12:34:56 2013] a\nb\n" },
	};
	struct service *service = make_service("timestamp", NULL);

	set_utc();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct question question;

		ck_assert(ask_datagram(service, &question, table[i].line,
		    strlen(table[i].line), LECTURE));
		expect_answer(
		    &question, table[i].answer, strlen(table[i].answer));
	}
	service_free(service);
}
END_TEST

/* Half a time would be a wrong one. */
START_TEST(test_time_room)
{
	static const struct {
		size_t size;
		bool fits;
	} table[] = { { 0, false }, { 23, false }, { 24, true }, { 28, true } };
	struct service *service = make_service("time", NULL);

	set_utc();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct question question;

		question_set(&question, "", 0, table[i].size, LECTURE);
		ck_assert(service_type(service)->datagram(
		    service, &question.datagram));
		ck_assert_uint_eq(question.datagram.len, 24);
		ck_assert_int_eq(24 <= table[i].size, table[i].fits);
		free(question.memory);
	}
	service_free(service);
}
END_TEST

/* The stamp takes 27 bytes of what a datagram carries. */
START_TEST(test_timestamp_room)
{
	static const struct {
		size_t len, size;
		bool fits;
	} table[] = { { 65480, 65507, true }, { 65481, 65507, false },
		{ 65507, 65507, false }, { 0, 27, true }, { 0, 26, false },
		{ 65535, 65535, false } };
	static char line[65535];
	struct service *service = make_service("timestamp", NULL);

	set_utc();
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i < COUNT(table); i++) {
		struct question question;

		question_set(
		    &question, line, table[i].len, table[i].size, LECTURE);
		ck_assert(service_type(service)->datagram(
		    service, &question.datagram));
		ck_assert_uint_eq(question.datagram.len, table[i].len + 27);
		ck_assert_int_eq(question.datagram.data[0] == '[' &&
			question.datagram.len <= table[i].size,
		    table[i].fits);
		free(question.memory);
	}
	service_free(service);
}
END_TEST

/* "[Sun Apr  7 12:34:56 2013] " before the line, then the end. */
static void
check_stamped(const char *out, size_t len, const char *line)
{
	struct tm tm;
	const char *end;

	ck_assert_uint_eq(len, 27 + strlen(line));
	ck_assert_int_eq(out[0], '[');
	end = strptime(out + 1, "%a %b %e %H:%M:%S %Y", &tm);
	ck_assert_ptr_eq(end, out + 25);
	ck_assert_mem_eq(end, "] ", 2);
	ck_assert_mem_eq(out + 27, line, strlen(line));
}

START_TEST(test_timestamp_stream)
{
	static const struct {
		const char *input, *line;
		bool ends;
	} table[] = {
		{ "hello\n", "hello\n", true },
		{ "hello\r\n", "hello\r\n", true },
		{ "\n", "\n", true },
		{ "one\ntwo\n", "one\n", true },
		{ "no end", "no end", false },
		{ "cr\r", "cr\r", false },
	};
	struct served served;

	set_utc();
	serve(&served, make_service("timestamp", NULL));
	for (size_t i = 0; i < COUNT(table); i++)
		for (unsigned cuts = 0; cuts < 64; cuts++) {
			char out[64];
			bool ends;
			size_t len = converse(&served, table[i].input,
			    strlen(table[i].input), cuts, out, sizeof(out),
			    &ends);

			check_stamped(out, len, table[i].line);
			ck_assert_int_eq(ends, table[i].ends);
		}
	serve_end(&served);
}
END_TEST

/* Nothing asked, nothing answered. */
START_TEST(test_timestamp_empty)
{
	struct served served;
	char out[64];
	bool ends;

	serve(&served, make_service("timestamp", NULL));
	ck_assert_uint_eq(
	    converse(&served, "", 0, 0, out, sizeof(out), &ends), 0);
	ck_assert(!ends);
	serve_end(&served);
}
END_TEST

START_TEST(test_timestamp_too_long)
{
	struct served served;
	char out[128];
	bool ends;

	set_utc();
	serve(&served, make_service("timestamp", "max-line", "8", NULL));
	check_stamped(out,
	    converse(&served, "1234567\n", 8, 0, out, sizeof(out), &ends),
	    "1234567\n");
	ck_assert_uint_eq(
	    converse(&served, "12345678\n", 9, 4, out, sizeof(out), &ends), 0);
	ck_assert(ends);
	ck_assert_uint_eq(served.service->streams.closed[STREAM_LINE_LIMIT], 1);
	serve_end(&served);
}
END_TEST

/* The longest line is answered whole, whatever else the limits say. */
START_TEST(test_timestamp_longest)
{
	size_t size = 1 << 20, got = 0, sent = 0;
	char *line = malloc(size), *out = malloc(size + 64);
	struct served served;
	bool ends = false;
	int client;

	set_utc();
	memset(line, 'x', size);
	line[size - 1] = '\0';
	serve(&served,
	    make_service(
		"timestamp", "max-line", "1M", "max-output", "64K", NULL));
	client = serve_connect(&served);
	while (!ends) {
		ssize_t n = send(client, sent < size - 1 ? line + sent : "\n",
		    sent < size - 1 ? size - 1 - sent : size - sent,
		    MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(served.base, EVLOOP_NONBLOCK);
		got += serve_read(client, out + got, size + 64 - got, &ends);
	}
	line[size - 1] = '\0';
	ck_assert_uint_eq(got, size + 27);
	ck_assert_int_eq(out[got - 1], '\n');
	out[got - 1] = '\0';
	ck_assert_str_eq(out + 27, line);
	close(client);
	serve_end(&served);
	free(line);
	free(out);
}
END_TEST

CHECK_MAIN("time", test_time_datagram, test_time_stream,
    test_timestamp_datagram, test_time_room, test_timestamp_room,
    test_timestamp_stream, test_timestamp_empty, test_timestamp_too_long,
    test_timestamp_longest)
