/* SPDX-License-Identifier: ISC */
/*
 * Datagrams that come in merged: each is served, judged, counted and answered
 * as if it had come alone.
 */
#include "net/datagram_private.h"

#include "check_main.h"
#include "check_merge.h"

/* Nor where each that is lost is to be counted. */
START_TEST(test_never)
{
	static struct datagram_counters counters;
	struct lab lab = { 0 };
	struct datagram_config config = { .handler = &lab_handler,
		.owner = &lab,
		.counters = &counters,
		.amplification = 1 };
	int client;

	lab.base = event_base_new();
	lab.fd = net_open("127.0.0.1:0/udp", 0);
	lab.sock = datagram_open(lab.base, lab.fd, &config);
	client = net_connect(lab.fd);
	for (int i = 0; i < 20; i++)
		send(client, "abc", 3, 0);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 20);
	ck_assert(!is_merging(&lab));
	lab_close(&lab);
	close(client);
}
END_TEST

/* It is asked for when eight wait whose first four are alike. */
START_TEST(test_when)
{
	static const struct {
		size_t sizes[9]; /* 0 ends */
		unsigned amplification;
		bool is_on;
	} table[] = {
		{ { 9, 9, 9, 9, 1, 2, 3, 4 }, 1, true },
		{ { 9, 9, 9, 9, 9, 9, 9 }, 1, false },
		{ { 9, 9, 9, 8, 9, 9, 9, 9 }, 1, false },
		{ { 8, 9, 9, 9, 9, 9, 9, 9 }, 1, false },
		{ { 9, 9, 9, 9, 9, 9, 9, 9 }, 2, false },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct lab lab = { 0 };
		int client;

		lab_open(
		    &lab, "127.0.0.1:0/udp", 0, true, table[i].amplification);
		client = net_connect(lab.fd);
		ck_assert(!is_merging(&lab));
		for (const size_t *size = table[i].sizes; *size > 0; size++)
			send(client, pattern(), *size, 0);
		lab_wake(&lab);
		ck_assert_int_eq(is_merging(&lab), table[i].is_on);
		lab_close(&lab);
	}
}
END_TEST

START_TEST(test_not_when)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 0, true, 1);
	client = net_connect(lab.fd);
	for (int i = 0; i < 20; i++)
		send(client, "", 0, 0);
	lab_wake(&lab);
	for (int i = 0; i < 20; i++)
		send(net_connect(lab.fd), "abc", 3, 0);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 40);
	ck_assert(!is_merging(&lab));
	lab_close(&lab);
}
END_TEST

static void
echo_run(struct lab *lab, int client, size_t len, uint16_t size)
{
	size_t calls = lab->seen.calls, count = (len + size - 1) / size;
	const char *data = pattern();

	send_run(client, data, len, size);
	while (lab->seen.calls < calls + count)
		lab_wake(lab);
	for (size_t at = 0; at < len; at += size)
		net_expect(
		    client, data + at, len - at < size ? len - at : size);
	ck_assert_int_eq(recv(client, NULL, 0, MSG_DONTWAIT), -1);
	ck_assert_uint_eq(lab->seen.len, len - (count - 1) * size);
	ck_assert_uint_eq(lab->seen.wire_len, lab->seen.len);
	ck_assert_uint_eq(lab->seen.size, lab->seen.len);
}

static void
echo_runs(const char *address)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, address, 1 << 20, true, 1);
	client = connect_roomy(&lab);
	merge(lab.fd);
	echo_run(&lab, client, 1000, 100);
	echo_run(&lab, client, 1001, 100);
	echo_run(&lab, client, 64, 1);
	echo_run(&lab, client, 65000, 1400);
	echo_run(&lab, client, 65000, 40000);
	echo_run(&lab, client, 9, 9);
	ck_assert_uint_eq(lab.counters.received, 10 + 11 + 64 + 47 + 2 + 1);
	ck_assert_uint_eq(lab.counters.received_bytes, 132074);
	ck_assert_uint_eq(lab.counters.answered, lab.counters.received);
	ck_assert_uint_eq(lab.counters.answered_bytes, 132074);
	ck_assert_uint_eq(lab.counters.cut, 0);
	lab_close(&lab);
}

START_TEST(test_runs)
{
	echo_runs("127.0.0.1:0/udp");
	echo_runs("[::1]:0/udp");
	echo_runs("0.0.0.0:0/udp");
	echo_runs("[::]:0/udp");
}
END_TEST

/* Who had the socket before asked for it; and what it told may still wait. */
START_TEST(test_inherited)
{
	/* Longer answers, too, leave the next question alone. */
	struct lab lab = { .add = 5 }, old = { 0 };
	int client;

	lab_open(&old, "127.0.0.1:0/udp", 0, true, 1);
	merge(old.fd);
	lab = (struct lab){ .base = old.base, .add = 5 };
	client = connect_roomy(&old);
	send_run(client, "abcdefg", 7, 3);
	{
		struct datagram_config config = { .handler = &lab_handler,
			.owner = &lab,
			.counters = &lab.counters,
			.answers = true,
			.amplification = 2 };

		lab.fd = dup(old.fd);
		datagram_close(old.sock, false);
		lab.sock = datagram_open(lab.base, lab.fd, &config);
	}
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 3);
	ck_assert_uint_eq(lab.seen.size, 2 * (1 + 28) - 28);
	net_expect(client, "abc+++++", 8);
	net_expect(client, "def+++++", 8);
	net_expect(client, "g+++++", 6);
	lab_close(&lab);
}
END_TEST

/* Each is judged: of a pair of servers one is answered in half a second. */
START_TEST(test_judged)
{
	struct lab lab = { .pair_rule = PAIR_STRICT };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 0, true, 1);
	merge(lab.fd);
	client = net_connect(lab.fd);
	send_run(client, "abcdefg", 7, 2);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.counters.received, 4);
	ck_assert_uint_eq(lab.counters.answered, 1);
	ck_assert_uint_eq(lab.counters.refused[GUARD_PAIR], 3);
	net_expect(client, "ab", 2);
	lab_close(&lab);
}
END_TEST

/* More answers of one batch than are sent at once. */
START_TEST(test_many_answers)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 200000, true, 1);
	merge(lab.fd);
	client = connect_roomy(&lab);
	for (unsigned i = 0; i < 5; i++)
		send_run(client, pattern() + 64 * i, 64, 1);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 320);
	for (unsigned i = 0; i < 320; i++)
		net_expect(client, pattern() + i, 1);
	lab_close(&lab);
}
END_TEST

/* Single ones after as many as runs leave room for. */
START_TEST(test_singles_after_runs)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 200000, true, 1);
	merge(lab.fd);
	client = connect_roomy(&lab);
	send_run(client, pattern(), 64, 1);
	send_run(client, pattern(), 64, 1);
	send_run(client, pattern(), 64, 1);
	send_run(client, pattern(), 63, 1);
	for (unsigned i = 0; i < 40; i++)
		send(client, pattern() + i, 2 + i % 2, 0);
	lab.sock->merge.wary = 0;
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 255 + 40);
	ck_assert_uint_eq(lab.counters.answered, 255 + 40);
	ck_assert_uint_eq(lab.counters.unanswered, 0);
	for (unsigned i = 0; i < 255; i++)
		net_expect(client, pattern() + i % 64, 1);
	for (unsigned i = 0; i < 40; i++)
		net_expect(client, pattern() + i, 2 + i % 2);
	lab_close(&lab);
}
END_TEST

/* A wake-up serves about as many datagrams as of single ones. */
START_TEST(test_bound)
{
	struct lab lab = { 0 }, other = { 0 };
	size_t calls = 0;
	int client, sender;

	lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, false, 1);
	other.base = lab.base;
	lab_open(&other, "127.0.0.1:0/udp", 0, false, 1);
	client = net_connect(lab.fd);
	sender = net_connect(other.fd);
	for (int i = 0; i < 8; i++)
		send(client, "ab", 2, 0);
	lab_wake(&lab);
	ck_assert(is_merging(&lab));
	for (int i = 0; i < 40; i++)
		send_run(client, pattern(), 128, 2);
	for (size_t turn = 1; lab.seen.calls < 8 + 40 * 64; turn++) {
		calls = lab.seen.calls;
		send(sender, "a", 1, 0);
		while (other.seen.calls < turn)
			lab_wake(&lab);
		ck_assert_uint_le(lab.seen.calls, calls + 2 * 256);
	}
	datagram_close(other.sock, true);
	lab_close(&lab);
}
END_TEST

CHECK_MAIN("datagram_merge", test_when, test_never, test_not_when, test_runs,
    test_inherited, test_judged, test_many_answers, test_singles_after_runs,
    test_bound)
