/* SPDX-License-Identifier: ISC */
/* Lines as the stream engine puts them together, however they arrive. */
#include "net/stream.h"

#include "check_main.h"
#include "check_stream.h"

#define MAX_LINE 16

/* Lines come back with a mark before each. */
static void
mark_line(struct stream *stream, char *line, size_t len)
{
	if (len == 5 && memcmp(line, "quit\n", 5) == 0) {
		stream_close(stream);
		return;
	}
	stream_write(stream, ">", 1);
	stream_write(stream, line, len);
}

static const struct stream_handler mark = { .line = mark_line };

static void
mark_host(struct host *host, const struct stream_handler *handler)
{
	char text[NET_PATH_SIZE];

	host_init(host, handler);
	host->config.max_line = MAX_LINE;
	host_open(host, net_path(text, "unix:", "socket"));
}

/* Sends a piece and waits until it is read, so that the next comes apart. */
static void
send_piece(
    struct host *host, struct client *client, const char *data, size_t len)
{
	uint64_t expected = host->counters.read_bytes + len;

	if (len == 0)
		return;
	ck_assert_int_eq(
	    send(client->fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
	HOST_UNTIL(
	    host, host->counters.read_bytes == expected || client->at_end);
}

/* One row: what is sent, what comes back, why it ends. */
struct row {
	const char *input, *expected;
	enum stream_reason reason;
};

static const struct row rows[] = {
	{ "", "", STREAM_PEER },
	{ "\n", ">\n", STREAM_PEER },
	{ "\r\n", ">\r\n", STREAM_PEER },
	{ "abc\n", ">abc\n", STREAM_PEER },
	{ "abc\r\n", ">abc\r\n", STREAM_PEER },
	{ "abc", ">abc", STREAM_PEER },
	{ "abc\r", ">abc\r", STREAM_PEER },
	{ "a\n\nb\nlast", ">a\n>\n>b\n>last", STREAM_PEER },
	{ "\n\n\n", ">\n>\n>\n", STREAM_PEER },
	{ "123456789012345\n", ">123456789012345\n", STREAM_PEER },
	{ "1234567890123456", ">1234567890123456", STREAM_PEER },
	{ "a\nquit\nb\n", ">a\n", STREAM_SERVED },
	{ "quit\n1234567890123456789012345\n", "", STREAM_SERVED },
};

static void
check_split(const struct row *row, size_t at, size_t step)
{
	size_t len = strlen(row->input);
	struct client client;
	struct host host;

	mark_host(&host, &mark);
	client_open(&client, &host);
	send_piece(&host, &client, row->input, at);
	for (; at < len; at += step)
		send_piece(&host, &client, row->input + at,
		    len - at < step ? len - at : step);
	shutdown(client.fd, SHUT_WR);
	HOST_UNTIL(&host, client.at_end && host.closed == 1);
	client_expect(&client, row->expected, strlen(row->expected));
	ck_assert_int_eq(host.reason, row->reason);
	client_close(&client);
	host_close(&host);
}

START_TEST(test_every_split)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t at = 0; at <= strlen(rows[i].input); at++)
			check_split(&rows[i], at, 100);
}
END_TEST

START_TEST(test_every_step)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t step = 1; step <= 5; step++)
			check_split(&rows[i], 0, step);
}
END_TEST

/* A byte more than max_line ends it, wherever the line was cut apart. */
START_TEST(test_too_long)
{
	static const char *const inputs[] = { "1234567890123456\n",
		"12345678901234567", "ok\n1234567890123456\n" };

	for (size_t i = 0; i < COUNT(inputs); i++)
		for (size_t at = 0; at < strlen(inputs[i]); at++) {
			size_t len = strlen(inputs[i]);
			struct client client;
			struct host host;

			mark_host(&host, &mark);
			client_open(&client, &host);
			send_piece(&host, &client, inputs[i], at);
			send_piece(&host, &client, inputs[i] + at, len - at);
			HOST_UNTIL(&host, host.closed == 1);
			ck_assert_int_eq(host.reason, STREAM_LINE_LIMIT);
			HOST_UNTIL(&host, client.at_end);
			ck_assert_uint_le(client.in_len, strlen(">ok\n"));
			client_close(&client);
			host_close(&host);
		}
}
END_TEST

/* NUL and bytes above 127 are like others. */
START_TEST(test_bytes)
{
	char input[256], expected[258];
	struct client client;
	struct host host;
	size_t len = 0;

	for (int i = 0; i < 256; i++)
		if (i != '\n')
			input[len++] = (char)i;
	input[len++] = '\n';
	expected[0] = '>';
	memcpy(expected + 1, input, len);
	mark_host(&host, &mark);
	stream_listener_free(host.listener);
	host.config.max_line = 256;
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	send_piece(&host, &client, input, 100);
	send_piece(&host, &client, input + 100, len - 100);
	shutdown(client.fd, SHUT_WR);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, expected, len + 1);
	client_close(&client);
	host_close(&host);
}
END_TEST

/* Long lines that come in many pieces, two connections at a time. */
START_TEST(test_long_lines)
{
	size_t len = 60000, step = 7001;
	char *line = make_pattern(len);
	struct client one, two;
	struct host host;

	for (size_t i = 0; i < len; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];
	line[len - 1] = '\n';
	host_init(&host, &mark);
	host.config.max_line = len;
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&one, &host);
	client_open(&two, &host);
	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at < step ? len - at : step;

		send_piece(&host, &one, line + at, n);
		send_piece(&host, &two, line + at, n);
	}
	shutdown(one.fd, SHUT_WR);
	HOST_UNTIL(&host, one.at_end && two.in_len == len + 1);
	ck_assert_uint_eq(one.in_len, len + 1);
	ck_assert_mem_eq(one.in + 1, line, len);
	ck_assert_mem_eq(two.in + 1, line, len);
	client_close(&one);
	client_close(&two);
	host_close(&host);
	free(line);
}
END_TEST

static void
end_mark(struct stream *stream)
{
	stream_write(stream, "end", 3);
}

/* The last line, without its newline, comes before the end. */
START_TEST(test_line_then_end)
{
	static const struct stream_handler handler = { .line = mark_line,
		.end = end_mark };
	struct client client;
	struct host host;

	mark_host(&host, &handler);
	client_open(&client, &host);
	client_send(&client, "a\nb", 3, true);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, ">a\n>bend", 8);
	client_close(&client);
	host_close(&host);
}
END_TEST

CHECK_MAIN("stream_lines", test_every_split, test_every_step, test_too_long,
    test_bytes, test_long_lines, test_line_then_end)
