/* SPDX-License-Identifier: ISC */
/* The stream engine: bytes there and back, slow readers, and ends of all kinds.
 */
#include "net/stream.h"

#include "check_main.h"
#include "check_stream.h"
#include "net/stream_private.h"

#define KIB 1024u
#define MIB (1024u * KIB)

static void
echo_data(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
}

static const struct stream_handler echo = { .data = echo_data };

/* A pattern that never ends. */
static void
generate_drain(struct stream *stream)
{
	static char piece[50000];

	memset(piece, 'g', sizeof(piece));
	stream_write(stream, piece, sizeof(piece));
}

static const struct stream_handler generate = { .drain = generate_drain };

/* An idle connection's memory (an allocator adds 8 to 16). */
START_TEST(test_memory)
{
	ck_assert_uint_le(sizeof(struct stream), 152);
}
END_TEST

static void
check_echo(const char *text, size_t len)
{
	char *data = make_pattern(len);
	struct client client;
	struct host host;

	host_init(&host, &echo);
	host_open(&host, text);
	client_open(&client, &host);
	client_send(&client, data, len, true);
	HOST_UNTIL(&host, client.at_end && host.closed == 1);
	client_expect(&client, data, len);
	ck_assert_int_eq(host.reason, STREAM_PEER);
	ck_assert_uint_eq(host.counters.read_bytes, len);
	ck_assert_uint_eq(host.counters.written_bytes, len);
	client_close(&client);
	host_close(&host);
	free(data);
}

/* Half-close: what was sent before the end is answered whole. */
START_TEST(test_echo)
{
	static const size_t sizes[] = { 0, 1, 1000, 65536, 5000000 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		char text[NET_PATH_SIZE];

		check_echo("127.0.0.1:0/tcp", sizes[i]);
		check_echo("[::1]:0/tcp", sizes[i]);
		check_echo(net_path(text, "unix:", "socket"), sizes[i]);
	}
}
END_TEST

/*
 * Who writes and does not read is stopped: the engine holds max_output at the
 * most, and the kernel what its two queues hold. What it took is not lost.
 */
static void
check_back_pressure(const char *text, size_t in_kernel)
{
	char *data = make_pattern(16 * MIB);
	struct client client;
	struct host host;
	uint64_t read;

	host_init(&host, &echo);
	host.config.max_output = 64 * KIB;
	host_open(&host, text);
	net_set_buffer(host.fd, SO_RCVBUF, 200 * KIB); /* as it accepts */
	net_set_buffer(host.fd, SO_SNDBUF, 200 * KIB);
	client_open(&client, &host);
	net_set_buffer(client.fd, SO_RCVBUF, 200 * KIB);
	net_set_buffer(client.fd, SO_SNDBUF, 200 * KIB);
	event_del(client.readable);
	client_send(&client, data, 16 * MIB, true);
	HOST_UNTIL(
	    &host, host.counters.read_bytes > host.counters.written_bytes);
	host_settle(&host);
	read = host.counters.read_bytes;
	ck_assert_uint_le(read - host.counters.written_bytes, 64 * KIB);
	ck_assert_uint_le(client.out_done, 64 * KIB + in_kernel);
	/* TCP moves on its own timers; a unix socket has come to rest. */
	if (socket_transport(host.fd) == TRANSPORT_UNIX)
		ck_assert_uint_gt(client.out_done, read); /* input waits */
	event_add(client.readable, NULL);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, data, 16 * MIB);
	client_close(&client);
	host_close(&host);
	free(data);
}

START_TEST(test_back_pressure_unix)
{
	char text[NET_PATH_SIZE];

	check_back_pressure(net_path(text, "unix:", "socket"), MIB);
}
END_TEST

START_TEST(test_back_pressure_tcp)
{
	check_back_pressure("127.0.0.1:0/tcp", 2 * MIB);
}
END_TEST

/*
 * A crowd that does not read: what waits for all of them is bounded, and each
 * gets what is its own in the end.
 */
START_TEST(test_back_pressure_of_many)
{
	enum {
		SENT = 512 * 1024,
		BOUND = 128 * 1024,
		PIECE = 4096
	};
	char text[NET_PATH_SIZE], *data = make_pattern(SENT);
	static struct client clients[32];
	struct host host;

	host_init(&host, &echo);
	host.pool.max_output = BOUND;
	host_open(&host, net_path(text, "unix:", "socket"));
	for (size_t i = 0; i < COUNT(clients); i++) {
		client_open(&clients[i], &host);
		event_del(clients[i].readable);
		client_send(&clients[i], data, SENT, true);
	}
	host_settle(&host);
	ck_assert_uint_gt(host.pool.output, BOUND / 2);
	ck_assert_uint_le(host.pool.output, BOUND + COUNT(clients) * PIECE);
	ck_assert_uint_eq(host.counters.open, COUNT(clients));
	for (size_t i = 0; i < COUNT(clients); i++) {
		event_add(clients[i].readable, NULL);
		HOST_UNTIL(&host, clients[i].at_end);
		client_expect(&clients[i], data, SENT);
		client_close(&clients[i]);
	}
	host_close(&host);
	free(data);
}
END_TEST

START_TEST(test_generate)
{
	char *input = make_pattern(MIB);
	struct client client;
	struct host host;

	host_init(&host, &generate);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	HOST_UNTIL(&host, client.in_len > MIB);
	ck_assert_int_eq(client.in[0], 'g');
	ck_assert_mem_eq(client.in, client.in + 1, client.in_len - 1);
	/* Its input is read all the time, and its end is the end. */
	client_send(&client, input, MIB, true);
	HOST_UNTIL(&host, client.at_end);
	ck_assert_int_eq(client.error, 0);
	ck_assert_uint_eq(host.counters.read_bytes, MIB);
	ck_assert_uint_eq(client.in_len, host.counters.written_bytes);
	host_settle(&host);
	ck_assert_int_eq(host.reason, STREAM_PEER);
	client_close(&client);
	host_close(&host);
	free(input);
}
END_TEST

/* A reader that does not read costs one piece and no processor time. */
START_TEST(test_generate_bounded)
{
	char text[NET_PATH_SIZE], *input = make_pattern(MIB);
	struct client client;
	struct host host;
	uint64_t written;

	host_init(&host, &generate);
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&client, &host);
	event_del(client.readable);
	HOST_UNTIL(&host, host.counters.written_bytes > 0);
	host_settle(&host);
	written = host.counters.written_bytes;
	ck_assert_uint_le(written, MIB);
	client_send(&client, input, MIB, false);
	HOST_UNTIL(&host, host.counters.read_bytes == MIB);
	ck_assert_uint_eq(host.counters.written_bytes, written);
	ck_assert_uint_eq(host.counters.open, 1);
	client_reset(&client); /* "the rude abort" */
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_RESET);
	host_close(&host);
	free(input);
}
END_TEST

static struct client overtaken;

/* The socket has room again before the second piece is written. */
static void
overtake_data(struct stream *stream, char *data, size_t len)
{
	static char piece[250000];

	(void)data;
	(void)len;
	memset(piece, 'p', sizeof(piece));
	stream_write(stream, piece, sizeof(piece));
	for (int i = 0; i < 100; i++)
		client_read_cb(overtaken.fd, EV_READ, &overtaken);
	stream_write(stream, "end", 3);
	stream_close(stream);
}

/* What waits is not overtaken. */
START_TEST(test_order)
{
	static const struct stream_handler overtake = { .data = overtake_data };
	char text[NET_PATH_SIZE];
	struct host host;

	host_init(&host, &overtake);
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&overtaken, &host);
	ck_assert_int_eq(send(overtaken.fd, "go", 2, 0), 2);
	HOST_UNTIL(&host, overtaken.at_end);
	ck_assert_uint_eq(overtaken.in_len, 250003);
	ck_assert_mem_eq(overtaken.in + 249999, "pend", 4);
	client_close(&overtaken);
	host_close(&host);
}
END_TEST

static void
flood_open(struct stream *stream)
{
	static char data[100 * KIB];

	for (int i = 0; i < 100; i++)
		stream_write(stream, data, sizeof(data));
}

/* A service that writes without end loses the connection, not the memory. */
START_TEST(test_output_limit)
{
	static const struct stream_handler flood = { .open = flood_open,
		.data = echo_data };
	char text[NET_PATH_SIZE];
	struct client client;
	struct host host;

	host_init(&host, &flood);
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&client, &host);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_OUTPUT_LIMIT);
	ck_assert_uint_lt(host.counters.written_bytes, MIB);
	client_close(&client);
	host_close(&host);
}
END_TEST

START_TEST(test_reset)
{
	struct client client;
	struct host host;

	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	HOST_UNTIL(&host, host.opened == 1);
	client_reset(&client);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_RESET);
	host_close(&host);
}
END_TEST

/* It sent something and is gone before the answer. */
START_TEST(test_write_to_closed)
{
	char text[NET_PATH_SIZE];
	struct client client;
	struct host host;

	host_init(&host, &echo);
	host_open(&host, net_path(text, "unix:", "socket"));
	client_open(&client, &host);
	ck_assert_int_eq(send(client.fd, "x", 1, 0), 1);
	client_close(&client);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_RESET);
	ck_assert_uint_eq(host.counters.read_bytes, 1);
	ck_assert_uint_eq(host.counters.written_bytes, 0);
	host_close(&host);
}
END_TEST

START_TEST(test_reason_names)
{
	static const char *const names[] = { "served", "end-of-input", "reset",
		"idle", "line-limit", "output-limit", "out-of-memory", "stop",
		"denied" };

	ck_assert_uint_eq(COUNT(names), STREAM_REASONS);
	for (unsigned i = 0; i < STREAM_REASONS; i++)
		ck_assert_str_eq(stream_reason_name(i), names[i]);
}
END_TEST

static size_t most_read;

static void
measure_data(struct stream *stream, char *data, size_t len)
{
	(void)stream;
	(void)data;
	if (len > most_read)
		most_read = len;
}

/* A service may answer 16 bytes more than it is given; max-output has room. */
START_TEST(test_read_leaves_room)
{
	static const struct stream_handler measure = { .data = measure_data };
	char *data = make_pattern(150000), path[NET_PATH_SIZE];
	struct client client;
	struct host host;

	host_init(&host, &measure);
	host.config.max_output = 64 * KIB;
	host_open(&host, net_path(path, "unix:", "socket"));
	client_open(&client, &host);
	ck_assert_int_eq(send(client.fd, data, 150000, 0), 150000);
	HOST_UNTIL(&host, host.counters.read_bytes == 150000);
	ck_assert_uint_eq(most_read, 64 * KIB - 16);
	client_close(&client);
	host_close(&host);
	free(data);
}
END_TEST

CHECK_MAIN("stream", test_memory, test_read_leaves_room, test_echo,
    test_back_pressure_unix, test_back_pressure_tcp, test_back_pressure_of_many,
    test_generate, test_generate_bounded, test_order, test_output_limit,
    test_reset, test_write_to_closed, test_reason_names)
