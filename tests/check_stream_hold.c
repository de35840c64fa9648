/* SPDX-License-Identifier: ISC */
/*
 * Connections that their service holds, writes to and closes from elsewhere,
 * and the word that a batch of input is over.
 */
#include "net/stream.h"

#include "base/address.h"
#include "base/clock.h"
#include "check_main.h"
#include "check_stream.h"

#define KIB 1024u
#define MIB (1024u * KIB)

/* What the slots of the one connection did. */
static struct {
	struct stream *stream; /* NULL: it is not open */
	size_t len;            /* of the input */
	unsigned inputs, ends, batches, lines;
	bool holds_at_input; /* whoever reads holds */
} seen;

static void
hold_open(struct stream *stream)
{
	seen.stream = stream;
}

static void
hold_data(struct stream *stream, char *data, size_t len)
{
	(void)data;
	seen.len += len;
	seen.inputs++;
	if (seen.holds_at_input)
		stream_hold(stream, true);
}

static void
hold_line(struct stream *stream, char *line, size_t len)
{
	seen.lines++;
	hold_data(stream, line, len);
}

static void
hold_end(struct stream *stream)
{
	(void)stream;
	seen.ends++;
}

static void
hold_close(struct stream *stream)
{
	ck_assert_ptr_eq(stream, seen.stream);
	seen.stream = NULL;
}

static void
hold_batch_end(void *owner)
{
	(void)owner;
	seen.batches++;
}

static const struct stream_handler takes = { .open = hold_open,
	.data = hold_data,
	.end = hold_end,
	.close = hold_close };
static const struct stream_handler takes_lines = { .open = hold_open,
	.line = hold_line,
	.end = hold_end,
	.close = hold_close };
static const struct stream_observer observer = { .opened = host_opened,
	.closed = host_closed,
	.accept_failed = host_accept_failed,
	.batch_end = hold_batch_end };

static void
open_one(struct host *host, struct client *client,
    const struct stream_handler *handler, const char *text, uint64_t idle_ms)
{
	memset(&seen, 0, sizeof(seen));
	host_init(host, handler);
	host->config.observer = &observer;
	host->config.idle_ms = idle_ms;
	host_open(host, text);
	client_open(client, host);
	HOST_UNTIL(host, seen.stream != NULL);
}

static void
close_one(struct host *host, struct client *client)
{
	client_close(client);
	host_close(host);
}

static void
run_for(struct host *host, int ms)
{
	int64_t end = clock_monotonic_ms() + ms;

	while (clock_monotonic_ms() < end)
		host_step(host);
}

/* Nothing is read, the sender waits, and then all of it comes, and the end. */
static void
check_hold(const char *text, size_t in_kernel)
{
	char *data = make_pattern(16 * MIB);
	struct client client;
	struct host host;

	open_one(&host, &client, &takes, text, 0);
	stream_hold(seen.stream, true);
	stream_hold(seen.stream, true);
	client_send(&client, data, 16 * MIB, true);
	host_settle(&host);
	run_for(&host, 50);
	ck_assert_uint_eq(host.counters.read_bytes, 0);
	ck_assert_uint_le(client.out_done, in_kernel);
	stream_hold(seen.stream, false);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_uint_eq(seen.len, 16 * MIB);
	ck_assert_uint_eq(seen.ends, 1);
	ck_assert_int_eq(host.reason, STREAM_PEER);
	close_one(&host, &client);
	free(data);
}

START_TEST(test_hold)
{
	char text[NET_PATH_SIZE];

	check_hold("127.0.0.1:0/tcp", 12 * MIB);
	check_hold(net_path(text, "unix:", "socket"), MIB);
}
END_TEST

/* The end alone, which waits as input does. */
START_TEST(test_hold_end)
{
	struct client client;
	struct host host;

	open_one(&host, &client, &takes, "127.0.0.1:0/tcp", 0);
	stream_hold(seen.stream, true);
	shutdown(client.fd, SHUT_WR);
	run_for(&host, 30);
	ck_assert_uint_eq(seen.ends, 0);
	ck_assert_uint_eq(host.counters.open, 1);
	stream_hold(seen.stream, false);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_uint_eq(seen.ends, 1);
	close_one(&host, &client);
}
END_TEST

/* Held by its own slot: what was read is handed over, no more is read. */
START_TEST(test_hold_in_slot)
{
	char text[NET_PATH_SIZE];
	struct client client;
	struct host host;

	open_one(
	    &host, &client, &takes_lines, net_path(text, "unix:", "socket"), 0);
	seen.holds_at_input = true;
	ck_assert_int_eq(send(client.fd, "a\nb\nc", 5, 0), 5);
	HOST_UNTIL(&host, seen.lines == 2);
	ck_assert_int_eq(send(client.fd, "d\n", 2, 0), 2);
	run_for(&host, 30);
	ck_assert_uint_eq(host.counters.read_bytes, 5);
	stream_hold(seen.stream, false);
	HOST_UNTIL(&host, seen.lines == 3);
	ck_assert_uint_eq(seen.len, 7);
	close_one(&host, &client);
}
END_TEST

/* Held and released, or the other way round, before the loop goes on. */
START_TEST(test_hold_twice)
{
	char text[NET_PATH_SIZE];
	struct client client;
	struct host host;

	open_one(&host, &client, &takes, net_path(text, "unix:", "socket"), 0);
	ck_assert_int_eq(send(client.fd, "a", 1, 0), 1);
	stream_hold(seen.stream, true);
	stream_hold(seen.stream, false);
	HOST_UNTIL(&host, seen.len == 1);
	stream_hold(seen.stream, true);
	run_for(&host, 10);
	stream_hold(seen.stream, false);
	stream_hold(seen.stream, true);
	ck_assert_int_eq(send(client.fd, "b", 1, 0), 1);
	run_for(&host, 30);
	ck_assert_uint_eq(seen.len, 1);
	close_one(&host, &client);
}
END_TEST

/* A held one is not idle, and is again when it is released. */
START_TEST(test_hold_idle)
{
	struct client client;
	struct host host;

	open_one(&host, &client, &takes, "127.0.0.1:0/tcp", 50);
	stream_hold(seen.stream, true);
	run_for(&host, 200);
	ck_assert_uint_eq(host.counters.open, 1);
	stream_hold(seen.stream, false);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_IDLE);
	close_one(&host, &client);
}
END_TEST

/* At a stop what was received is handed over all the same. */
START_TEST(test_hold_stop)
{
	struct client client;
	struct host host;

	open_one(&host, &client, &takes, "127.0.0.1:0/tcp", 0);
	stream_hold(seen.stream, true);
	ck_assert_int_eq(send(client.fd, "abc", 3, 0), 3);
	run_for(&host, 10);
	stream_listener_stop(host.listener);
	ck_assert_uint_eq(seen.len, 3);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_STOP);
	ck_assert_uint_eq(seen.ends, 1);
	close_one(&host, &client);
}
END_TEST

/* Closed from elsewhere, held or not: the peer gets what it is owed. */
START_TEST(test_close_from_elsewhere)
{
	for (int held = 0; held <= 1; held++) {
		char *data = make_pattern(200 * KIB), text[NET_PATH_SIZE];
		struct client client;
		struct host host;

		open_one(&host, &client, &takes,
		    net_path(text, "unix:", "socket"), 0);
		stream_hold(seen.stream, held == 1);
		net_set_buffer(client.fd, SO_SNDBUF, 4 * KIB);
		run_for(&host, 10);
		stream_write(seen.stream, data, 200 * KIB);
		stream_close(seen.stream);
		HOST_UNTIL(&host, client.at_end);
		client_expect(&client, data, 200 * KIB);
		client_close(&client);
		HOST_UNTIL(&host, host.closed == 1);
		ck_assert_int_eq(host.reason, STREAM_SERVED);
		host_close(&host);
		free(data);
	}
}
END_TEST

/* More than the socket takes, written while the connection waits for input. */
START_TEST(test_write_from_elsewhere)
{
	char *data = make_pattern(MIB), text[NET_PATH_SIZE];
	struct client client;
	struct host host;

	memset(&seen, 0, sizeof(seen));
	host_init(&host, &takes);
	host.config.observer = &observer;
	host.config.max_output = 2 * MIB;
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&client, &host);
	HOST_UNTIL(&host, seen.stream != NULL);
	stream_write(seen.stream, data, MIB);
	HOST_UNTIL(&host, client.in_len == MIB);
	ck_assert_mem_eq(client.in, data, MIB);
	/* And it is read again. */
	ck_assert_int_eq(send(client.fd, "a", 1, 0), 1);
	HOST_UNTIL(&host, seen.len == 1);
	/* Too much ends it, after the slot that wrote. */
	stream_write(seen.stream, data, MIB);
	stream_write(seen.stream, data, MIB);
	stream_write(seen.stream, data, MIB);
	stream_write(seen.stream, data, MIB);
	ck_assert_ptr_nonnull(seen.stream);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_OUTPUT_LIMIT);
	close_one(&host, &client);
	free(data);
}
END_TEST

/* Once after each reading that brought something, its end included. */
START_TEST(test_batch_end)
{
	char text[NET_PATH_SIZE];
	struct client client;
	struct host host;

	open_one(
	    &host, &client, &takes_lines, net_path(text, "unix:", "socket"), 0);
	ck_assert_uint_eq(seen.batches, 0);
	ck_assert_int_eq(send(client.fd, "a\nb\nc\nd", 7, 0), 7);
	HOST_UNTIL(&host, seen.lines == 3);
	ck_assert_uint_eq(seen.batches, 1);
	stream_hold(seen.stream, true);
	run_for(&host, 10);
	stream_hold(seen.stream, false);
	run_for(&host, 10);
	ck_assert_uint_eq(seen.batches, 1);
	shutdown(client.fd, SHUT_WR);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_uint_eq(seen.lines, 4);
	ck_assert_uint_eq(seen.batches, 2);
	close_one(&host, &client);
}
END_TEST

/* At a stop, too: what was waiting and the last line. */
START_TEST(test_batch_end_at_stop)
{
	struct client client;
	struct host host;

	open_one(&host, &client, &takes_lines, "127.0.0.1:0/tcp", 0);
	ck_assert_int_eq(send(client.fd, "a\nb", 3, 0), 3);
	stream_listener_stop(host.listener);
	ck_assert_uint_eq(seen.lines, 1);
	ck_assert_uint_eq(seen.batches, 1);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_uint_eq(seen.ends, 1);
	ck_assert_uint_eq(seen.batches, 2);
	close_one(&host, &client);
}
END_TEST

START_TEST(test_peer)
{
	struct sockaddr_storage peer, own;
	socklen_t len, own_len = sizeof(own);
	char text[ADDRESS_TEXT_SIZE], path[NET_PATH_SIZE];
	struct client client;
	struct host host;

	open_one(&host, &client, &takes, "127.0.0.1:0/tcp", 0);
	len = stream_peer(seen.stream, &peer);
	getsockname(client.fd, (struct sockaddr *)&own, &own_len);
	ck_assert_uint_eq(len, own_len);
	ck_assert_mem_eq(&peer, &own, len);
	client_reset(&client);
	ck_assert_uint_eq(stream_peer(seen.stream, &peer), 0);
	host_close(&host);
	open_one(&host, &client, &takes, net_path(path, "unix:", "socket"), 0);
	len = stream_peer(seen.stream, &peer);
	ck_assert_uint_gt(len, 0);
	address_format(text, (struct sockaddr *)&peer, len);
	ck_assert_str_eq(text, "unnamed");
	close_one(&host, &client);
}
END_TEST

CHECK_MAIN("stream_hold", test_hold, test_hold_end, test_hold_in_slot,
    test_hold_twice, test_hold_idle, test_hold_stop, test_close_from_elsewhere,
    test_write_from_elsewhere, test_batch_end, test_batch_end_at_stop,
    test_peer)
