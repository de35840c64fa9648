/* SPDX-License-Identifier: ISC */
/* Datagrams that come in merged, at a stop and where the queue is full. */
#include "net/datagram_private.h"

#include "check_main.h"
#include "check_merge.h"

/* All that waits at a stop is served, and singly again after runs. */
START_TEST(test_stop)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, false, 1);
	merge(lab.fd);
	client = net_connect(lab.fd);
	for (int i = 0; i < 20; i++) {
		send_run(client, pattern(), 99, 2);
		send(client, "ab", 2, 0);
		send(client, "", 0, 0);
	}
	datagram_stop(lab.sock);
	ck_assert_uint_eq(merge_limit(&lab.sock->merge), 64);
	ck_assert_uint_eq(lab.seen.calls, 20 * 52);
	ck_assert_uint_eq(lab.counters.received_bytes, 20 * 101);
	lab_close(&lab);
}
END_TEST

/* Has more come with each that is served, for ever. */
static bool
flood(void *owner, struct datagram *datagram)
{
	struct lab *lab = owner;

	(void)datagram;
	if (lab->seen.calls++ % 32 == 0)
		send_run((int)lab->seen.len, pattern(), 64, 1);
	return false;
}

/* A flood of runs has an end at a stop, too. */
START_TEST(test_stop_in_flood)
{
	static const struct datagram_handler handler = { .datagram = flood };
	struct lab lab = { 0 };
	struct datagram_config config = { .handler = &handler,
		.owner = &lab,
		.counters = &lab.counters,
		.amplification = 1,
		.merges = true };
	int client;

	lab.base = event_base_new();
	lab.fd = net_open("127.0.0.1:0/udp", 1 << 20);
	lab.sock = datagram_open(lab.base, lab.fd, &config);
	merge(lab.fd);
	client = net_connect(lab.fd);
	lab.seen.len = (size_t)client;
	send(client, "a", 1, 0);
	datagram_stop(lab.sock);
	ck_assert_uint_ge(lab.seen.calls, 1 << 17);
	ck_assert_uint_lt(lab.seen.calls, 1 << 19);
	lab_close(&lab);
	close(client);
}
END_TEST

/* A queue that has ten already gets no room: the run is dropped. */
static void
lose_run(struct lab *lab, int client)
{
	for (int i = 0; i < 10; i++)
		send(client, "ab", 2, 0);
	net_set_buffer(lab->fd, SO_RCVBUF, 1);
	send_run(client, pattern(), 6400, 100);
	net_set_buffer(lab->fd, SO_RCVBUF, 200000);
	lab_drain(lab);
}

/* A count of drops may be of runs, once there were some. */
START_TEST(test_lost)
{
	struct lab lab = { 0 };
	char local[ADDRESS_TEXT_SIZE];
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 200000, false, 1);
	socket_format_local(lab.fd, local);
	client = net_connect(lab.fd);
	lose_run(&lab, client);
	ck_assert_uint_eq(lab.seen.losses, 1);
	ck_assert_uint_eq(lab.seen.lost, 64);
	ck_assert_str_eq(lab.seen.local, local);
	ck_assert(is_merging(&lab));
	send_run(client, pattern(), 6400, 100);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.seen.calls, 10 + 64);
	lose_run(&lab, client);
	ck_assert_uint_eq(lab.seen.losses, 2);
	ck_assert_uint_eq(lab.seen.lost, 64 + 1);
	strcat(local, ", runs counted as one");
	ck_assert_str_eq(lab.seen.local, local);
	lab_close(&lab);
}
END_TEST

CHECK_MAIN("datagram_merge_end", test_stop, test_stop_in_flood, test_lost)
