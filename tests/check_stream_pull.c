/* SPDX-License-Identifier: ISC */
/* Answers that are made piece by piece, and connections that wait to speak. */
#include "net/stream.h"

#include "base/clock.h"
#include "check_main.h"
#include "check_stream.h"

#define KIB 1024u
#define MIB (1024u * KIB)

#define PIECE (32 * KIB)

/* What the slots of the one connection did. */
static struct {
	struct stream *stream; /* NULL: it is not open */
	const char *answer;
	size_t left;     /* of the answer */
	size_t at_end;   /* left when the peer ended */
	size_t inputs;   /* bytes */
	size_t too_soon; /* bytes of input within the answer */
	unsigned pulls, ends;
} seen;

static void
pull_open(struct stream *stream)
{
	seen.stream = stream;
}

static void
pull_data(struct stream *stream, char *data, size_t len)
{
	(void)data;
	seen.inputs += len;
	if (seen.left > 0 && seen.inputs > len)
		seen.too_soon += len;
	if (seen.left > 0)
		stream_pull(stream);
}

static void
pull_pull(struct stream *stream)
{
	size_t len = seen.left < PIECE ? seen.left : PIECE;

	seen.pulls++;
	stream_write(stream, seen.answer, len);
	seen.answer += len;
	seen.left -= len;
	if (seen.left > 0)
		stream_pull(stream);
}

static void
pull_end(struct stream *stream)
{
	(void)stream;
	seen.ends++;
	seen.at_end = seen.left;
}

static void
pull_close(struct stream *stream)
{
	(void)stream;
	seen.stream = NULL;
}

static const struct stream_handler pulls = { .open = pull_open,
	.data = pull_data,
	.end = pull_end,
	.pull = pull_pull,
	.close = pull_close };

static void
open_with(struct host *host, struct client *client,
    const struct stream_handler *handler, uint64_t idle_ms)
{
	char text[NET_PATH_SIZE];

	memset(&seen, 0, sizeof(seen));
	host_init(host, handler);
	host->config.idle_ms = idle_ms;
	host->config.max_output = 64 * KIB;
	host_open(host, net_path(text, "unix:", "socket"));
	client_open(client, host);
	HOST_UNTIL(host, seen.stream != NULL);
}

static void
open_one(struct host *host, struct client *client, uint64_t idle_ms)
{
	open_with(host, client, &pulls, idle_ms);
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

/* An answer far beyond max-output comes whole, also after the peer's end. */
static void
check_answer(bool finishes)
{
	char *data = make_pattern(4 * MIB);
	struct client client;
	struct host host;

	open_one(&host, &client, 0);
	seen.answer = data;
	seen.left = 4 * MIB;
	client_send(&client, "x", 1, finishes);
	HOST_UNTIL(&host, client.in_len == 4 * MIB);
	ck_assert_uint_eq(seen.pulls, 4 * MIB / PIECE);
	if (finishes)
		HOST_UNTIL(&host, client.at_end);
	else
		stream_close(seen.stream);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, data, 4 * MIB);
	ck_assert_uint_eq(seen.ends, finishes);
	close_one(&host, &client);
	free(data);
}

START_TEST(test_answer)
{
	check_answer(false);
	check_answer(true);
}
END_TEST

/* The peer that does not read is not read from, and costs a piece. */
START_TEST(test_slow_reader)
{
	char *data = make_pattern(4 * MIB);
	struct client client;
	struct host host;

	open_one(&host, &client, 0);
	event_del(client.readable);
	seen.answer = data;
	seen.left = 4 * MIB;
	ck_assert_int_eq(send(client.fd, "x", 1, 0), 1);
	HOST_UNTIL(&host, seen.pulls > 0);
	ck_assert_int_eq(send(client.fd, "more", 4, 0), 4);
	run_for(&host, 50);
	ck_assert_uint_gt(seen.left, 2 * MIB);
	ck_assert_uint_eq(seen.inputs, 1);
	event_add(client.readable, NULL);
	HOST_UNTIL(&host, seen.inputs == 5);
	ck_assert_uint_eq(seen.left, 0);
	ck_assert_uint_eq(seen.too_soon, 0);
	HOST_UNTIL(&host, client.in_len == 4 * MIB);
	close_one(&host, &client);
	free(data);
}
END_TEST

/* From outside its slots, where a peer may be gone already. */
START_TEST(test_pull_from_outside)
{
	struct client client;
	struct host host;

	open_one(&host, &client, 0);
	stream_pull(seen.stream);
	stream_pull(seen.stream);
	ck_assert_uint_eq(seen.pulls, 0);
	HOST_UNTIL(&host, seen.pulls == 1);
	run_for(&host, 20);
	ck_assert_uint_eq(seen.pulls, 1);
	stream_pull(seen.stream);
	client_close(&client);
	HOST_UNTIL(&host, host.closed == 1);
	host_close(&host);
}
END_TEST

static void
wait_pull(struct stream *stream)
{
	seen.pulls++;
	stream_pull(stream);
}

/* An answer that is long in coming is given up when nobody waits for it. */
START_TEST(test_deserted)
{
	static const struct stream_handler waits = {
		.open = pull_open, .pull = wait_pull, .close = pull_close
	};
	struct client client;
	struct host host;

	open_with(&host, &client, &waits, 0);
	stream_pull(seen.stream);
	HOST_UNTIL(&host, seen.pulls > 10);
	shutdown(client.fd, SHUT_WR); /* it still reads */
	HOST_UNTIL(&host, seen.pulls > 100);
	ck_assert_uint_eq(host.closed, 0);
	client_close(&client);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_RESET);
	host_close(&host);
}
END_TEST

/* Silence is no reason to end, but not taking what is sent is. */
START_TEST(test_stay)
{
	char *data = make_pattern(4 * MIB);
	struct client client;
	struct host host;

	open_one(&host, &client, 30);
	stream_stay(seen.stream);
	run_for(&host, 100);
	ck_assert_uint_eq(host.closed, 0);
	event_del(client.readable);
	seen.answer = data;
	seen.left = 4 * MIB;
	stream_pull(seen.stream);
	HOST_UNTIL(&host, host.closed == 1);
	ck_assert_int_eq(host.reason, STREAM_IDLE);
	close_one(&host, &client);
	free(data);
}
END_TEST

/* At a stop an answer that has begun is ended, and then nobody is waited for.
 */
START_TEST(test_stop)
{
	char *data = make_pattern(MIB);
	struct client client;
	struct host host;

	open_one(&host, &client, 0);
	stream_stay(seen.stream);
	seen.answer = data;
	seen.left = MIB;
	stream_pull(seen.stream);
	HOST_UNTIL(&host, seen.pulls == 1);
	stream_listener_stop(host.listener);
	HOST_UNTIL(&host, host.closed == 1);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, data, MIB);
	close_one(&host, &client);
	free(data);
}
END_TEST

static void
late_end(struct stream *stream)
{
	seen.ends++;
	stream_pull(stream);
}

static void
late_pull(struct stream *stream)
{
	seen.pulls++;
	stream_write(stream, "last", 4);
	stream_close(stream);
}

/* What is said when it is told of the stop still comes. */
START_TEST(test_stop_says_last_words)
{
	static const struct stream_handler late = { .open = pull_open,
		.end = late_end,
		.pull = late_pull,
		.close = pull_close };
	struct client client;
	struct host host;

	open_with(&host, &client, &late, 0);
	stream_listener_stop(host.listener);
	HOST_UNTIL(&host, client.at_end);
	client_expect(&client, "last", 4);
	ck_assert_uint_eq(seen.ends, 1);
	close_one(&host, &client);
}
END_TEST

START_TEST(test_peer_uid)
{
	struct client client;
	struct host host;
	uid_t uid = 12345;

	open_one(&host, &client, 0);
	ck_assert_int_eq(stream_peer_uid(seen.stream, &uid), 0);
	ck_assert_uint_eq(uid, getuid());
	close_one(&host, &client);
	memset(&seen, 0, sizeof(seen));
	host_init(&host, &pulls);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&client, &host);
	HOST_UNTIL(&host, seen.stream != NULL);
	ck_assert_int_eq(stream_peer_uid(seen.stream, &uid), -1);
	close_one(&host, &client);
}
END_TEST

CHECK_MAIN("stream_pull", test_answer, test_slow_reader, test_pull_from_outside,
    test_deserted, test_stay, test_stop, test_stop_says_last_words,
    test_peer_uid)
