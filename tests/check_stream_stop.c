/* SPDX-License-Identifier: ISC */
/* A listener stops: who waits is taken in, what was received is answered. */
#include "net/stream.h"

#include "check_main.h"
#include "check_stream.h"

#define CLIENTS 300

/* More than a unix socket takes at once. */
#define PIECE_SIZE 250000

static void
echo_data(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
}

static const struct stream_handler echo = { .data = echo_data };

/* Who waits is taken in, or left to the copy; who is in goes on. */
START_TEST(test_close)
{
	for (int serve = 0; serve <= 1; serve++) {
		struct client in, waiting;
		struct host host;
		int copy;

		host_init(&host, &echo);
		host_open(&host, "127.0.0.1:0/tcp");
		copy = dup(host.fd);
		client_open(&in, &host);
		HOST_UNTIL(&host, host.opened == 1);
		client_open(&waiting, &host);
		stream_listener_close(host.listener, serve == 1);
		stream_listener_close(host.listener, serve == 1);
		ck_assert_int_eq(stream_listener_fd(host.listener), -1);
		ck_assert_uint_eq(host.counters.open, 1U + (unsigned)serve);
		if (!serve)
			ck_assert_int_ne(accept(copy, NULL, NULL), -1);
		ck_assert_int_eq(accept(copy, NULL, NULL), -1);
		ck_assert_int_eq(send(in.fd, "hello", 5, 0), 5);
		HOST_UNTIL(&host, in.in_len == 5);
		ck_assert_uint_eq(host.closed, 0);
		client_close(&in);
		client_close(&waiting);
		host_close(&host);
		close(copy);
	}
}
END_TEST

static void
generate_drain(struct stream *stream)
{
	static char piece[PIECE_SIZE];

	stream_write(stream, piece, sizeof(piece));
}

static const struct stream_handler generate = { .drain = generate_drain };

START_TEST(test_stop_answers)
{
	char *data = make_pattern(100000);
	struct client idle, received, waiting;
	struct host host;

	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&idle, &host);
	client_open(&received, &host);
	HOST_UNTIL(&host, host.opened == 2);
	client_open(&waiting, &host);
	ck_assert_int_eq(send(received.fd, data, 100000, 0), 100000);
	ck_assert_int_eq(send(waiting.fd, data, 100000, 0), 100000);
	stream_listener_stop(host.listener);
	stream_listener_stop(host.listener);
	ck_assert_int_eq(stream_listener_fd(host.listener), -1);
	HOST_UNTIL(&host,
	    idle.at_end && received.at_end && waiting.at_end &&
		host.closed == 3);
	client_expect(&idle, "", 0);
	client_expect(&received, data, 100000);
	client_expect(&waiting, data, 100000);
	ck_assert_uint_eq(host.counters.closed[STREAM_STOP], 3);
	client_close(&idle);
	client_close(&received);
	client_close(&waiting);
	host_close(&host);
	free(data);
}
END_TEST

/* As many as the backlog holds, not a batch alone. */
START_TEST(test_stop_takes_in)
{
	static struct client clients[CLIENTS];
	struct host host;

	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	for (size_t i = 0; i < CLIENTS; i++) {
		client_open(&clients[i], &host);
		ck_assert_int_eq(send(clients[i].fd, "hello", 5, 0), 5);
	}
	stream_listener_stop(host.listener);
	for (size_t i = 0; i < CLIENTS; i++) {
		HOST_UNTIL(&host, clients[i].at_end);
		client_expect(&clients[i], "hello", 5);
		client_close(&clients[i]);
	}
	ck_assert_uint_eq(host.counters.accepted, CLIENTS);
	host_close(&host);
}
END_TEST

START_TEST(test_stop_refuses)
{
	struct sockaddr_storage local;
	struct host host;
	socklen_t len;
	int client;

	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	len = net_local(host.fd, &local);
	client = net_socket_like(host.fd);
	stream_listener_stop(host.listener);
	ck_assert_int_eq(
	    connect(client, (const struct sockaddr *)&local, len), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	host_close(&host);
}
END_TEST

/* What was written before the stop is sent, to a slow reader too. */
START_TEST(test_stop_sends_output)
{
	char text[NET_PATH_SIZE];
	struct client slow;
	struct host host;
	uint64_t written;

	host_init(&host, &generate);
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&slow, &host);
	event_del(slow.readable);
	HOST_UNTIL(&host, host.counters.written_bytes > 0);
	host_settle(&host);
	stream_listener_stop(host.listener);
	ck_assert_int_eq(access(strchr(text, '/'), F_OK), -1);
	host_settle(&host);
	written = host.counters.written_bytes;
	ck_assert_uint_eq(host.counters.open, 1);
	event_add(slow.readable, NULL);
	HOST_UNTIL(&host, slow.at_end);
	ck_assert_int_eq(slow.error, 0);
	ck_assert_uint_gt(slow.in_len, written);
	ck_assert_uint_eq(slow.in_len % PIECE_SIZE, 0);
	ck_assert_uint_eq(slow.in_len, host.counters.written_bytes);
	ck_assert_uint_eq(host.counters.closed[STREAM_STOP], 1);
	client_close(&slow);
	host_close(&host);
}
END_TEST

/* The end of patience: all are closed, whatever they have to say. */
START_TEST(test_free)
{
	char text[NET_PATH_SIZE];
	struct client clients[3];
	struct host host;
	unsigned before;

	host_init(&host, &generate);
	host_open(&host, net_path(text, "unix:", "socket"));
	for (size_t i = 0; i < COUNT(clients); i++) {
		client_open(&clients[i], &host);
		event_del(clients[i].readable);
	}
	before = net_count_descriptors();
	HOST_UNTIL(&host, host.opened == COUNT(clients));
	host_settle(&host);
	stream_listener_free(host.listener);
	ck_assert_uint_eq(host.closed, COUNT(clients));
	ck_assert_uint_eq(host.counters.open, 0);
	ck_assert_uint_eq(host.pool.open, 0);
	ck_assert_uint_eq(net_count_descriptors(), before - 1);
	for (size_t i = 0; i < COUNT(clients); i++)
		client_close(&clients[i]);
	event_base_free(host.base);
}
END_TEST

/* Those that linger when the listener stops have had their answer. */
static void
close_after(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
	stream_close(stream);
}

START_TEST(test_stop_lingering)
{
	static const struct stream_handler handler = { .data = close_after };
	struct client client;
	struct host host;

	host_init(&host, &handler);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	client_send(&client, "abc", 3, false);
	HOST_UNTIL(&host, client.at_end);
	ck_assert_uint_eq(host.counters.open, 1);
	ck_assert_int_eq(send(client.fd, "more", 4, 0), 4);
	stream_listener_stop(host.listener);
	ck_assert_uint_eq(host.counters.open, 0);
	ck_assert_int_eq(host.reason, STREAM_SERVED);
	client_expect(&client, "abc", 3);
	client_close(&client);
	host_close(&host);
}
END_TEST

CHECK_MAIN("stream_stop", test_close, test_stop_answers, test_stop_takes_in,
    test_stop_refuses, test_stop_sends_output, test_free, test_stop_lingering)
