/* SPDX-License-Identifier: ISC */
/* Datagrams that gather: how often the engine looks, and that none is lost. */
#include "net/datagram.h"

#include "base/clock.h"
#include "check_datagram.h"
#include "check_main.h"
#include "net/datagram_private.h"

#define NS_PER_MS 1000000

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

/* How long the engine may leave it alone: the buffer bounds it, see there. */
static int64_t
step_ns(const struct lab *lab)
{
	int64_t full_ns = (int64_t)(2 * socket_receive_buffer(lab->fd));
	int64_t gather_ns = (int64_t)lab->gather_ms * NS_PER_MS;

	return gather_ns < full_ns ? gather_ns : full_ns;
}

static bool
is_waited_for(const struct lab *lab)
{
	return event_pending(&lab->sock->event, EV_READ, NULL) != 0;
}

static void
send_one(int client, char byte)
{
	ck_assert_int_eq(send(client, &byte, 1, 0), 1);
}

/* Runs the loop until it has found nothing, and waits again. */
static void
until_silent(struct lab *lab)
{
	do
		event_base_loop(lab->base, EVLOOP_ONCE);
	while (!is_waited_for(lab));
}

static void
open_lab(struct lab *lab, const char *text, uint64_t gather_ms)
{
	memset(lab, 0, sizeof(*lab));
	lab->gather_ms = gather_ms;
	lab_open(lab, text, 512 << 20, true, 1);
}

/* The first at once, whatever the time is; those behind it in steps. */
START_TEST(test_steps)
{
	static const char *const texts[] = { "127.0.0.1:0/udp", "[::]:0/udp" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct lab lab;
		int64_t begin_ns;
		int client;

		open_lab(&lab, texts[i], 20);
		client = net_connect(lab.fd);
		send_one(client, 0);
		begin_ns = now_ns();
		lab_wake(&lab);
		ck_assert_uint_eq(lab.seen.calls, 1);
		ck_assert(!is_waited_for(&lab));
		for (char byte = 1; byte <= 50; byte++) {
			send_one(client, byte);
			event_base_loop(lab.base, EVLOOP_NONBLOCK);
		}
		while (lab.seen.calls < 51)
			lab_wake(&lab);
		ck_assert_int_le((int64_t)lab.seen.batches,
		    2 + (now_ns() - begin_ns) / step_ns(&lab));
		for (unsigned byte = 0; byte <= 50; byte++)
			ck_assert_uint_eq(lab.seen.first[byte], byte);
		ck_assert_uint_eq(lab.counters.answered, 51);
		close(client);
		lab_close(&lab);
	}
}
END_TEST

/* What came last does not wait for more. */
START_TEST(test_last_one)
{
	struct lab lab;
	int64_t begin_ns;
	int client;

	open_lab(&lab, "127.0.0.1:0/udp", 30);
	client = net_connect(lab.fd);
	send_one(client, 'a');
	lab_wake(&lab);
	send_one(client, 'b');
	begin_ns = now_ns();
	while (lab.seen.calls < 2)
		lab_wake(&lab);
	/* A machine with other things to do adds to it. */
	ck_assert_int_lt(now_ns() - begin_ns, 1000 * NS_PER_MS);
	lab_close(&lab);
}
END_TEST

/* Silence: one look that finds nothing, then no wake-ups, then at once. */
START_TEST(test_silence)
{
	struct timeval time = { .tv_usec = 100000 };
	struct lab lab;
	int client;

	open_lab(&lab, "127.0.0.1:0/udp", 5);
	client = net_connect(lab.fd);
	for (size_t i = 1; i <= 3; i++) {
		size_t batches;

		send_one(client, 'a');
		lab_wake(&lab);
		ck_assert_uint_eq(lab.seen.calls, i);
		until_silent(&lab);
		batches = lab.seen.batches;
		event_base_loopexit(lab.base, &time);
		event_base_dispatch(lab.base);
		ck_assert_uint_eq(lab.seen.batches, batches);
	}
	lab_close(&lab);
}
END_TEST

/* The longest time would lose what a small queue does not hold. */
START_TEST(test_small_buffer)
{
	struct lab lab = { .gather_ms = 1000 };
	int64_t begin_ns = now_ns();
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 65536, true, 1);
	client = net_connect(lab.fd);
	for (size_t i = 1; i <= 20; i++) {
		send_one(client, 'a');
		while (lab.seen.calls < i)
			lab_wake(&lab);
	}
	ck_assert_int_lt(now_ns() - begin_ns, 5000 * (int64_t)NS_PER_MS);
	lab_close(&lab);
}
END_TEST

/* Their queues are short, and their senders wait or lose. */
START_TEST(test_unix)
{
	char text[NET_PATH_SIZE];
	struct lab lab;
	int client;

	open_lab(&lab, net_path(text, "unixgram:", "socket"), 1000);
	client = net_connect(lab.fd);
	for (size_t i = 1; i <= 20; i++) {
		send_one(client, 'a');
		lab_wake(&lab);
		ck_assert_uint_eq(lab.seen.calls, i);
		ck_assert(is_waited_for(&lab));
	}
	lab_close(&lab);
}
END_TEST

/* More than a wake-up takes: the rest comes without a pause; others too. */
START_TEST(test_flood)
{
	struct lab flooded, other = { 0 };
	int64_t begin_ns;
	int client;

	open_lab(&flooded, "127.0.0.1:0/udp", 1000);
	other.base = flooded.base;
	lab_open(&other, "127.0.0.1:0/udp", 0, false, 1);
	client = net_connect(flooded.fd);
	for (unsigned i = 0; i < 200; i++)
		send_one(client, (char)i);
	send_one(net_connect(other.fd), 'a');
	begin_ns = now_ns();
	lab_wake(&flooded);
	ck_assert_uint_eq(flooded.seen.calls, 200);
	ck_assert_uint_eq(other.seen.calls, 1);
	for (unsigned i = 0; i < 300; i++)
		send_one(client, (char)i);
	while (flooded.seen.calls < 500)
		lab_wake(&flooded);
	ck_assert_int_le((int64_t)flooded.seen.batches,
	    5 + (now_ns() - begin_ns) / step_ns(&flooded));
	ck_assert_int_lt(now_ns() - begin_ns, 1500 * (int64_t)NS_PER_MS);
	datagram_close(other.sock, true);
	lab_close(&flooded);
}
END_TEST

/* A socket that is full all the time leaves time for the others. */
START_TEST(test_fairness)
{
	struct lab flooded, other = { 0 };
	int client, sender;

	open_lab(&flooded, "127.0.0.1:0/udp", 100);
	other.base = flooded.base;
	lab_open(&other, "127.0.0.1:0/udp", 0, false, 1);
	client = net_connect(flooded.fd);
	sender = net_connect(other.fd);
	for (size_t round = 1; round <= 20; round++) {
		size_t calls = flooded.seen.calls;

		for (unsigned i = 0; i < 100; i++)
			send_one(client, (char)i);
		send_one(sender, 'a');
		while (other.seen.calls < round)
			lab_wake(&flooded);
		ck_assert_uint_le(flooded.seen.calls, calls + 400);
	}
	datagram_close(other.sock, true);
	lab_close(&flooded);
}
END_TEST

/* In the midst of gathering: what waits is served, or left to the copy. */
START_TEST(test_close)
{
	for (int serve = 0; serve <= 1; serve++) {
		struct lab lab;
		unsigned before = net_count_descriptors();
		char byte;
		int client, copy;

		open_lab(&lab, "127.0.0.1:0/udp", 1000);
		copy = dup(lab.fd);
		client = net_connect(lab.fd);
		send_one(client, 'a');
		lab_wake(&lab);
		send_one(client, 'b');
		datagram_close(lab.sock, serve == 1);
		ck_assert_uint_eq(lab.seen.calls, 1U + (unsigned)serve);
		ck_assert_int_eq(
		    recv(copy, &byte, 1, MSG_DONTWAIT), serve ? -1 : 1);
		close(copy);
		close(client);
		event_base_free(lab.base);
		ck_assert_uint_eq(net_count_descriptors(), before);
	}
}
END_TEST

/* What is dropped while it gathers is told, at its place, once. */
START_TEST(test_lost)
{
	struct lab lab;
	int client;

	open_lab(&lab, "127.0.0.1:0/udp", 2);
	client = net_connect(lab.fd);
	for (unsigned i = 0; i < 10; i++)
		send_one(client, (char)i);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 10);
	net_set_buffer(lab.fd, SO_RCVBUF, 1);
	for (unsigned i = 0; i < 100; i++)
		send_one(client, 'x');
	until_silent(&lab);
	ck_assert_uint_eq(lab.seen.losses, 1);
	ck_assert_uint_eq(lab.seen.calls + lab.seen.lost, 110);
	ck_assert_uint_eq(lab.seen.calls_before_loss, lab.seen.calls);
	lab_close(&lab);
	ck_assert_uint_eq(lab.seen.losses, 1);
}
END_TEST

CHECK_MAIN("datagram_gather", test_steps, test_last_one, test_silence,
    test_small_buffer, test_unix, test_flood, test_fairness, test_close,
    test_lost)
