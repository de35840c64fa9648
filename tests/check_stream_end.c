/* SPDX-License-Identifier: ISC */
/* How streams end: closed by their service, idle, or with their listener. */
#include "net/stream.h"

#include "base/clock.h"
#include "check_main.h"
#include "check_stream.h"

#define ANSWER_SIZE 200000
#define INPUT_SIZE  500000

struct slots {
	unsigned calls, ends, closes;
};

/* Answers the first it reads and closes; what follows must change nothing. */
static void
answer_data(struct stream *stream, char *data, size_t len)
{
	struct slots *slots = stream_state(stream);
	char *answer = make_pattern(ANSWER_SIZE);

	(void)data;
	(void)len;
	ck_assert_uint_eq(slots->calls++, 0);
	stream_write(stream, answer, ANSWER_SIZE);
	stream_close(stream);
	stream_write(stream, "late", 4);
	stream_close(stream);
	free(answer);
}

static void
answer_end(struct stream *stream)
{
	stream_write(stream, "end", 3);
}

static const struct stream_handler answer = { .data = answer_data,
	.end = answer_end };

static void
echo_data(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
}

static const struct stream_handler echo = { .data = echo_data };

static void
answer_host(struct host *host, const char *text)
{
	host_init(host, &answer);
	host->config.state_size = sizeof(struct slots);
	host_open(host, text);
}

/* A reset would take the answer: so unread input is read before the close. */
static void
check_close_with_input(const char *text)
{
	char *input = make_pattern(INPUT_SIZE), *expected;
	struct client client;
	struct host host;

	answer_host(&host, text);
	client_open(&client, &host);
	client_send(&client, input, INPUT_SIZE, true);
	client_write_cb(client.fd, EV_WRITE, &client);
	HOST_UNTIL(&host, client.at_end && host.closed == 1);
	expected = make_pattern(ANSWER_SIZE);
	client_expect(&client, expected, ANSWER_SIZE);
	ck_assert_int_eq(host.reason, STREAM_SERVED);
	client_close(&client);
	host_close(&host);
	free(expected);
	free(input);
}

START_TEST(test_close_with_input)
{
	char text[NET_PATH_SIZE];

	check_close_with_input("127.0.0.1:0/tcp");
	check_close_with_input("[::1]:0/tcp");
	check_close_with_input(net_path(text, "unix:", "socket"));
}
END_TEST

/* Input in many small pieces, from a client that waits for the end. */
START_TEST(test_close_with_late_input)
{
	struct client client;
	struct host host;

	answer_host(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	ck_assert_int_eq(send(client.fd, "a", 1, 0), 1);
	HOST_UNTIL(&host, client.in_len > 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(send(client.fd, "b", 1, MSG_NOSIGNAL), 1);
		host_step(&host);
	}
	HOST_UNTIL(&host, client.at_end);
	ck_assert_int_eq(client.error, 0);
	ck_assert_uint_eq(client.in_len, ANSWER_SIZE);
	ck_assert_uint_eq(host.counters.open, 1);
	client_close(&client);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_SERVED);
	host_close(&host);
}
END_TEST

/* Who goes on sending after the end is cut off. */
START_TEST(test_linger_reads)
{
	struct client client;
	struct host host;
	size_t len = 64 << 20;
	char *input = make_pattern(len);

	answer_host(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	client_send(&client, input, len, false);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_SERVED);
	ck_assert_uint_le(host.counters.read_bytes, 17 << 18);
	client_close(&client);
	host_close(&host);
	free(input);
}
END_TEST

/* And who does nothing at all, after two seconds. */
START_TEST(test_linger_time)
{
	struct client client;
	struct host host;
	int64_t begin = clock_monotonic_ms();

	answer_host(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	ck_assert_int_eq(send(client.fd, "a", 1, 0), 1);
	HOST_UNTIL(&host, client.at_end);
	ck_assert_int_lt(clock_monotonic_ms() - begin, 1900);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_ge(clock_monotonic_ms() - begin, 1900);
	ck_assert_int_eq(host.reason, STREAM_SERVED);
	client_close(&client);
	host_close(&host);
}
END_TEST

static void
close_at_once(struct stream *stream)
{
	struct slots *slots = stream_state(stream);

	ck_assert_uint_eq(slots->calls + slots->ends + slots->closes, 0);
	stream_write(stream, "hello", 5);
	stream_close(stream);
}

static unsigned closes;

static void
count_close(struct stream *stream)
{
	const struct host *host = stream_owner(stream);

	closes++;
	ck_assert_uint_eq(host->counters.open, 1);
}

START_TEST(test_close_in_open)
{
	static const struct stream_handler handler = { .open = close_at_once,
		.close = count_close };
	struct host host;

	host_init(&host, &handler);
	host.config.state_size = sizeof(struct slots);
	host_open(&host, "127.0.0.1:0/tcp");
	for (unsigned i = 1; i <= 3; i++) {
		struct client client;

		client_open(&client, &host);
		HOST_UNTIL(&host, client.at_end);
		client_expect(&client, "hello", 5);
		client_close(&client);
		HOST_UNTIL(&host, host.closed == i);
		ck_assert_uint_eq(closes, i);
	}
	ck_assert_uint_eq(host.counters.closed[STREAM_SERVED], 3);
	host_close(&host);
}
END_TEST

/* At the end of input there is still somebody who reads. */
START_TEST(test_end)
{
	static const struct stream_handler handler = { .data = echo_data,
		.end = answer_end };
	struct client client;
	struct host host;

	host_init(&host, &handler);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	client_send(&client, "abc", 3, true);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, "abcend", 6);
	client_close(&client);
	host_close(&host);
}
END_TEST

static void
generate_drain(struct stream *stream)
{
	static char piece[50000];

	stream_write(stream, piece, sizeof(piece));
}

static const struct stream_handler generate = { .drain = generate_drain };

/* Nothing moves: neither a word from the client, nor a byte that it reads. */
START_TEST(test_idle)
{
	static const struct stream_handler *const handlers[] = { &echo,
		&generate, &echo };
	char *data = make_pattern(2 << 20);

	for (size_t i = 0; i < COUNT(handlers); i++) {
		char text[NET_PATH_SIZE];
		struct client client;
		struct host host;

		host_init(&host, handlers[i]);
		host.config.idle_ms = 50;
		host_open(&host, net_path(text, "unix:", "socket"));
		client_open(&client, &host);
		if (i > 0)
			event_del(client.readable);
		if (i == 2)
			client_send(&client, data, 2 << 20, false);
		HOST_UNTIL(&host, host.closed == 1);
		ck_assert_int_eq(host.reason, STREAM_IDLE);
		event_add(client.readable, NULL);
		HOST_UNTIL(&host, client.at_end);
		client_close(&client);
		host_close(&host);
	}
	free(data);
}
END_TEST

/* What moves is not idle, however long it takes. */
START_TEST(test_not_idle)
{
	char text[NET_PATH_SIZE], byte = 'a';
	struct client client;
	struct host host;
	int64_t begin = clock_monotonic_ms();

	host_init(&host, &echo);
	host.config.idle_ms = 300;
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&client, &host);
	while (clock_monotonic_ms() - begin < 700) {
		size_t before = client.in_len;

		ck_assert_int_eq(send(client.fd, &byte, 1, 0), 1);
		HOST_UNTIL(&host, client.in_len > before || client.at_end);
		ck_assert(!client.at_end);
	}
	HOST_UNTIL(&host, client.at_end);
	ck_assert_int_eq(host.reason, STREAM_IDLE);
	client_close(&client);
	host_close(&host);
}
END_TEST

CHECK_MAIN("stream_end", test_close_with_input, test_close_with_late_input,
    test_linger_reads, test_linger_time, test_close_in_open, test_end,
    test_idle, test_not_idle)
