/* SPDX-License-Identifier: ISC */
/* The last bytes of a stream leave with its end, and none of them is lost. */
#include "net/stream.h"

#include <linux/tcp.h>
#include <netinet/in.h>

#include "check_main.h"
#include "check_stream.h"

#define INPUT_SIZE 200000

static const char *answer;
static size_t answer_len;

/* What comes after the last bytes must change nothing. */
static void
finish_open(struct stream *stream)
{
	stream_finish(stream, answer, answer_len);
	stream_write(stream, "late", 4);
	stream_finish(stream, "late", 4);
}

static const struct stream_handler finish = { .open = finish_open };

static void
finish_host(struct host *host, const char *text, size_t len)
{
	answer = make_pattern(len + 1);
	answer_len = len;
	host_init(host, &finish);
	host_open(host, text);
}

static void
finish_close(struct host *host)
{
	host_close(host);
	free((void *)answer);
}

/* The segments that the other side has sent to a socket over TCP. */
static unsigned
segments_received(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_segs_in;
}

/* SYN and ACK, and then the answer and the end in one. */
START_TEST(test_one_segment)
{
	struct client client;
	struct host host;

	finish_host(&host, "127.0.0.1:0/tcp", 24);
	client_open(&client, &host);
	HOST_UNTIL(&host, client.at_end);
	ck_assert_uint_eq(host.closed, 1); /* it waits for nobody */
	ck_assert_uint_eq(segments_received(client.fd), 2);
	client_expect(&client, answer, answer_len);
	client_close(&client);
	finish_close(&host);
}
END_TEST

START_TEST(test_sizes)
{
	static const char *const addresses[] = { "127.0.0.1:0/tcp",
		"[::1]:0/tcp", "unix:" };
	static const size_t sizes[] = { 0, 1, 24, 1 << 16, 1 << 18 };

	for (size_t i = 0; i < COUNT(addresses) * COUNT(sizes); i++) {
		const char *text = addresses[i % COUNT(addresses)];
		char path[NET_PATH_SIZE];
		struct client client;
		struct host host;

		if (strcmp(text, "unix:") == 0)
			text = net_path(path, "unix:", "socket");
		finish_host(&host, text, sizes[i / COUNT(addresses)]);
		client_open(&client, &host);
		HOST_UNTIL(&host, client.at_end && host.closed == 1);
		client_expect(&client, answer, answer_len);
		ck_assert_int_eq(host.reason, STREAM_SERVED);
		client_close(&client);
		finish_close(&host);
	}
}
END_TEST

/* To close with input unread would be a reset, and the client might miss it. */
START_TEST(test_input_before)
{
	char *input = make_pattern(INPUT_SIZE);
	struct client client;
	struct host host;

	finish_host(&host, "127.0.0.1:0/tcp", 24);
	client_open(&client, &host);
	event_del(client.readable);
	ck_assert_int_gt(send(client.fd, input, INPUT_SIZE, 0), 0);
	HOST_UNTIL(&host, host.closed == 1);
	event_add(client.readable, NULL);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, answer, answer_len);
	client_close(&client);
	finish_close(&host);
	free(input);
}
END_TEST

/* Who sends without end gets his answer, and is cut off. */
START_TEST(test_input_without_end)
{
	size_t len = 64 << 20;
	char *input = make_pattern(len);
	struct client client;
	struct host host;

	finish_host(&host, "127.0.0.1:0/tcp", 24);
	client_open(&client, &host);
	client_send(&client, input, len, false);
	HOST_UNTIL(&host, client.at_end && host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_SERVED);
	ck_assert_uint_eq(client.in_len, answer_len);
	client_close(&client);
	finish_close(&host);
	free(input);
}
END_TEST

/* A client that has gone before it is told costs nothing but its turn. */
START_TEST(test_gone)
{
	struct client client;
	struct host host;

	finish_host(&host, "127.0.0.1:0/tcp", 24);
	client_open(&client, &host);
	client_reset(&client);
	HOST_UNTIL(&host, host.closed == 1);
	finish_close(&host);
}
END_TEST

CHECK_MAIN("stream_finish", test_one_segment, test_sizes, test_input_before,
    test_input_without_end, test_gone)
