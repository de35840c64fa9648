/* SPDX-License-Identifier: ISC */
/* Connections to a bucket: their lines are records, and none is lost. */
#include "check_creosote_log.h"
#include "check_main.h"
#include "net/stream_private.h"

struct stream_lab {
	struct served served;
	struct bucket_lab bucket; /* for its file and figures */
};

static void
lab_open(struct stream_lab *lab, const char *name, const char *value)
{
	memset(lab, 0, sizeof(*lab));
	net_path(lab->bucket.path, "", "bucket.log");
	lab->bucket.service = make_service("creosote", "file", lab->bucket.path,
	    "format", "raw", name, value, NULL);
	serve(&lab->served, lab->bucket.service);
}

static void
lab_close(struct stream_lab *lab)
{
	serve_end(&lab->served);
	unlink(lab->bucket.path);
	free(lab->bucket.text);
}

/* One connection, in one piece and cut everywhere. */
START_TEST(test_lines)
{
	static const struct {
		const char *input, *records;
	} table[] = {
		{ "", "" },
		{ "hello\n", "hello\n" },
		{ "hello\r\n", "hello\n" },
		{ "hello", "hello\n" },
		{ "a\n\nb\n", "a\n\nb\n" },
		{ "a\x1b\nb", "a\\x1b\nb\n" },
		{ "1 <13>x\n", "1 <13>x\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		for (unsigned cuts = 0; cuts < 2; cuts++) {
			struct stream_lab lab;
			char out[16];
			bool ends;

			lab_open(&lab, "max-record", "64K");
			ck_assert_uint_eq(
			    converse(&lab.served, table[i].input,
				strlen(table[i].input), cuts == 0 ? 0 : ~0u,
				out, sizeof(out), &ends),
			    0);
			bucket_expect(&lab.bucket, table[i].records);
			lab_close(&lab);
		}
}
END_TEST

/* A line that is too long is cut, and says how long it was. */
START_TEST(test_long_line)
{
	struct stream_lab lab;
	char line[1000], expected[1100], out[16];
	bool ends;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 3] = '\n';
	line[sizeof(line) - 2] = 'y';
	line[sizeof(line) - 1] = '\n';
	snprintf(
	    expected, sizeof(expected), "%.256s [cut: 997 bytes]\ny\n", line);
	lab_open(&lab, "max-record", "256");
	converse(&lab.served, line, sizeof(line), 1, out, sizeof(out), &ends);
	bucket_expect(&lab.bucket, expected);
	lab_close(&lab);
}
END_TEST

/* The source of a connection over a unix socket has no name. */
START_TEST(test_source)
{
	struct stream_lab lab;
	char out[16];
	bool ends;

	lab_open(&lab, "format", "text");
	converse(&lab.served, "hello\n", 6, 0, out, sizeof(out), &ends);
	ck_assert_str_eq(
	    bucket_text(&lab.bucket, NULL) + strlen(T), "unnamed hello\n");
	lab_close(&lab);
}
END_TEST

static void
reset(struct stream *stream)
{
	stream_break(stream, STREAM_RESET);
}

/* What a connection brought is written though it is reset in a line. */
START_TEST(test_reset_within_a_line)
{
	struct stream_lab lab;
	int client;

	lab_open(&lab, "max-record", "64K");
	client = serve_connect(&lab.served);
	serve_send(&lab.served, client, "whole\nhalf", 10);
	stream_each(lab.bucket.service->listeners[0].stream, reset);
	while (lab.bucket.service->streams.open > 0)
		event_base_loop(lab.served.base, EVLOOP_ONCE);
	event_base_loop(lab.served.base, EVLOOP_NONBLOCK);
	bucket_expect(&lab.bucket, "whole\nhalf\n");
	close(client);
	lab_close(&lab);
}
END_TEST

/* So many lines of 64 bytes, more than queue and socket take. */
#define LINE_SIZE 64
#define LINES     (50 * 1000)

static size_t
send_lines(struct stream_lab *lab, int client, size_t from)
{
	char line[LINE_SIZE + 1];
	int idle = 0;

	while (from < LINES && idle < 3) {
		ssize_t n;

		snprintf(line, sizeof(line), "%063zu\n", from);
		n = send(client, line, LINE_SIZE, MSG_NOSIGNAL);
		ck_assert(n == LINE_SIZE || n == -1);
		from += n == LINE_SIZE;
		idle = n == LINE_SIZE ? 0 : idle + 1;
		if (n == -1)
			event_base_loop(lab->served.base, EVLOOP_NONBLOCK);
	}
	return from;
}

/* While nothing can be written, the sender waits; nothing is lost. */
START_TEST(test_back_pressure)
{
	struct stream_lab lab;
	const char *text;
	size_t sent, len;
	int client;

	catch_log();
	lab_open(&lab, "queue", "2M");
	client = serve_connect(&lab.served);
	limit_file(0);
	sent = send_lines(&lab, client, 0);
	ck_assert_uint_lt(sent, LINES);
	ck_assert_uint_gt(bucket_figure(&lab.bucket, "bytes-waiting"), 1 << 20);
	ck_assert_uint_lt(bucket_figure(&lab.bucket, "bytes-waiting"), 2 << 20);
	limit_file(RLIM_INFINITY);
	while (sent < LINES) {
		bucket_retry(&lab.bucket);
		sent = send_lines(&lab, client, sent);
	}
	shutdown(client, SHUT_WR);
	while (lab.bucket.service->streams.open > 0)
		event_base_loop(lab.served.base, EVLOOP_ONCE);
	expect_figures(&lab.bucket, LINES, 0, 0);
	text = bucket_text(&lab.bucket, &len);
	ck_assert_uint_eq(len, LINE_SIZE * LINES);
	for (int i = 0; i < LINES; i++)
		ck_assert_int_eq(atoi(text + LINE_SIZE * (size_t)i), i);
	close(client);
	lab_close(&lab);
}
END_TEST

/* A stop takes what was read; what finds no room then is counted. */
START_TEST(test_stopped_while_held)
{
	struct stream_lab lab;
	size_t sent;
	int client;

	catch_log();
	lab_open(&lab, "queue", "2M");
	client = serve_connect(&lab.served);
	limit_file(0);
	sent = send_lines(&lab, client, 0);
	service_stop_listening(lab.bucket.service, false);
	while (lab.bucket.service->streams.open > 0)
		event_base_loop(lab.served.base, EVLOOP_ONCE);
	limit_file(RLIM_INFINITY);
	service_stop(lab.bucket.service);
	ck_assert_uint_gt(bucket_figure(&lab.bucket, "records"), 0);
	ck_assert_uint_eq(bucket_figure(&lab.bucket, "records") +
		bucket_figure(&lab.bucket, "records-lost"),
	    sent);
	close(client);
	lab_close(&lab);
}
END_TEST

CHECK_MAIN("creosote_stream", test_lines, test_long_line, test_source,
    test_reset_within_a_line, test_back_pressure, test_stopped_while_held)
