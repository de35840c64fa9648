/* SPDX-License-Identifier: ISC */
/* The datagram engine: what it hands over, answers, and does not answer. */
#include "net/datagram.h"

#include <errno.h>
#include <netinet/in.h>

#include "check_datagram.h"
#include "check_main.h"

/* A pattern that shows where bytes belong. */
static const char *
pattern(void)
{
	static char data[DATAGRAM_SIZE * 2];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 251);
	return data;
}

static void
echo_sizes(const char *text)
{
	static const size_t sizes[] = { 0, 1, 2, 1472, 1473, 9000, 65507 };
	struct lab lab = { 0 };
	uint64_t bytes = 0;
	int client;

	lab_open(&lab, text, 1 << 20, true, 1);
	client = net_connect(lab.fd);
	if (socket_transport(lab.fd) == TRANSPORT_UNIXGRAM) {
		/* Only a socket with a name can be answered. */
		struct sockaddr_un un = { .sun_family = AF_UNIX };

		ck_assert_int_eq(
		    bind(client, (struct sockaddr *)&un, sizeof(sa_family_t)),
		    0);
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		ck_assert_int_eq(
		    send(client, pattern(), sizes[i], 0), (ssize_t)sizes[i]);
		lab_wake(&lab);
		net_expect(client, pattern(), sizes[i]);
		ck_assert_uint_eq(lab.seen.calls, i + 1);
		ck_assert_uint_eq(lab.seen.len, sizes[i]);
		ck_assert_uint_eq(lab.seen.size, sizes[i]);
		ck_assert_uint_eq(lab.seen.wire_len, sizes[i]);
		bytes += sizes[i];
	}
	ck_assert_uint_eq(lab.counters.received, COUNT(sizes));
	ck_assert_uint_eq(lab.counters.received_bytes, bytes);
	ck_assert_uint_eq(lab.counters.answered, COUNT(sizes));
	ck_assert_uint_eq(lab.counters.answered_bytes, bytes);
	ck_assert_uint_eq(lab.counters.cut, 0);
	ck_assert_uint_eq(lab.counters.unanswered, 0);
	lab_close(&lab);
}

START_TEST(test_sizes)
{
	char text[NET_PATH_SIZE];

	echo_sizes("127.0.0.1:0/udp");
	echo_sizes("[::1]:0/udp");
	echo_sizes("0.0.0.0:0/udp");
	echo_sizes("[::]:0/udp");
	echo_sizes(net_path(text, "unixgram:", "socket"));
}
END_TEST

/* 300 wait at once: five batches and two wake-ups. */
START_TEST(test_burst)
{
	struct lab lab = { 0 };
	unsigned answered = 0;
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, true, 1);
	client = net_connect(lab.fd);
	net_set_buffer(client, SO_RCVBUF, 200000); /* for all of a wake-up's */
	for (unsigned i = 0; i < 300; i++)
		ck_assert_int_eq(send(client, &i, sizeof(i), 0), sizeof(i));
	while (answered < 300) {
		unsigned number;

		lab_wake(&lab);
		while (recv(client, &number, sizeof(number), MSG_DONTWAIT) > 0)
			ck_assert_uint_eq(number, answered++);
	}
	ck_assert_uint_eq(lab.seen.calls, 300);
	ck_assert_uint_eq(lab.seen.batches, 2);
	ck_assert_uint_eq(lab.counters.answered, 300);
	lab_close(&lab);
}
END_TEST

/* An answer may be this long: with headers so many times the question, and
 * what UDP carries. */
START_TEST(test_answer_size)
{
	static const struct {
		unsigned amplification;
		size_t len, expected;
	} table[] = {
		{ 1, 0, 0 },
		{ 1, 100, 100 },
		{ 1, 65507, 65507 },
		{ 2, 0, 28 },
		{ 2, 100, 228 },
		{ 2, 32739, 65506 },
		{ 2, 32740, 65507 },
		{ 2, 65507, 65507 },
		{ 20, 0, 532 },
		{ 20, 65507, 65507 },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct lab lab = { 0 };
		int client;

		lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, true,
		    table[i].amplification);
		client = net_connect(lab.fd);
		ck_assert_int_eq(send(client, pattern(), table[i].len, 0),
		    (ssize_t)table[i].len);
		lab_wake(&lab);
		ck_assert_uint_eq(lab.seen.size, table[i].expected);
		close(client);
		lab_close(&lab);
	}
}
END_TEST

START_TEST(test_answer_too_long)
{
	struct lab lab = { .add = 29 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 0, true, 2);
	client = net_connect(lab.fd);
	ck_assert_int_eq(send(client, "", 0, 0), 0);
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.counters.refused[GUARD_AMPLIFICATION], 1);
	ck_assert_uint_eq(lab.counters.answered, 1);
	ck_assert_uint_eq(lab.counters.answered_bytes, 30);
	close(client);
	lab_close(&lab);
}
END_TEST

/* The pair rule's clock. */
static int64_t now_ms = 1000;
int64_t __wrap_clock_monotonic_ms(void);

int64_t
__wrap_clock_monotonic_ms(void)
{
	return now_ms;
}

/* A peer is answered once in half a second; another one, too. */
START_TEST(test_pair_rule)
{
	struct lab lab = { .pair_rule = PAIR_STRICT };

	lab_open(&lab, "127.0.0.1:0/udp", 0, true, 1);
	for (unsigned i = 1; i <= 2; i++) {
		int client = net_connect(lab.fd);

		ck_assert_int_eq(send(client, "a", 1, 0), 1);
		lab_wake(&lab);
		ck_assert_int_eq(send(client, "b", 1, 0), 1);
		lab_wake(&lab);
		now_ms += 500;
		ck_assert_int_eq(send(client, "b", 1, 0), 1);
		lab_wake(&lab);
		ck_assert_uint_eq(lab.counters.answered, 2 * i);
		ck_assert_uint_eq(lab.counters.refused[GUARD_PAIR], i);
		close(client);
	}
	lab_close(&lab);
}
END_TEST

/* The guard keeps a service from answering, and counts why. */
START_TEST(test_guarded)
{
	struct lab lab = { 0 }, one_way = { 0 };
	int client, sender;

	lab_open(&lab, "127.0.0.1:0/udp", 0, true, 1);
	one_way.base = lab.base;
	lab_open(&one_way, "127.0.0.1:0/udp", 0, false, 1);
	client = net_connect(lab.fd);
	sender = net_connect(one_way.fd);
	guard_claim_port(net_port(client));
	guard_claim_port(net_port(sender));
	ck_assert_int_eq(send(client, "a", 1, 0), 1);
	ck_assert_int_eq(send(sender, "b", 1, 0), 1);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.seen.calls, 0);
	ck_assert_uint_eq(lab.counters.received, 1);
	ck_assert_uint_eq(lab.counters.refused[GUARD_OWN_PORT], 1);
	ck_assert_uint_eq(one_way.seen.calls, 1);
	ck_assert_uint_eq(one_way.counters.refused[GUARD_OWN_PORT], 0);
	guard_release_port(net_port(client));
	ck_assert_int_eq(send(client, "c", 1, 0), 1);
	lab_wake(&lab);
	net_expect(client, "c", 1);
	ck_assert_uint_eq(lab.counters.answered, 1);
	datagram_close(one_way.sock, true);
	lab_close(&lab);
}
END_TEST

/* Netlabd's own sockets may not talk to each other, whichever asks. */
START_TEST(test_claims_its_port)
{
	struct lab lab = { 0 };
	struct sockaddr_in peer = { .sin_family = AF_INET };

	lab_open(&lab, "127.0.0.1:0/udp", 0, true, 1);
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer.sin_port = htons((uint16_t)net_port(lab.fd));
	ck_assert_int_eq(
	    guard_check_source((struct sockaddr *)&peer, NULL), GUARD_OWN_PORT);
	lab_close(&lab);
	ck_assert_int_eq(
	    guard_check_source((struct sockaddr *)&peer, NULL), GUARD_PASS);
}
END_TEST

/* A broadcast is answered by many: not by us. */
START_TEST(test_broadcast)
{
	struct lab lab = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int client, one = 1;

	lab_open(&lab, "0.0.0.0:0/udp", 0, true, 1);
	client = net_socket_like(lab.fd);
	setsockopt(client, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	to.sin_addr.s_addr = htonl(0x7fffffff);
	to.sin_port = htons((uint16_t)net_port(lab.fd));
	ck_assert_int_eq(
	    sendto(client, "a", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.counters.received, 1);
	ck_assert_uint_eq(lab.counters.refused[GUARD_DESTINATION], 1);
	ck_assert_uint_eq(lab.seen.calls, 0);
	lab_close(&lab);
}
END_TEST

/* Only a unix socket takes more than DATAGRAM_SIZE. */
START_TEST(test_cut)
{
	char text[NET_PATH_SIZE];
	struct lab lab = { 0 }, one_way = { 0 };

	lab_open(&lab, net_path(text, "unixgram:", "answers"), 0, true, 1);
	one_way.base = lab.base;
	lab_open(&one_way, net_path(text, "unixgram:", "one-way"), 0, false, 1);
	ck_assert_int_eq(
	    send(net_connect(lab.fd), pattern(), 100000, 0), 100000);
	ck_assert_int_eq(
	    send(net_connect(one_way.fd), pattern(), 100000, 0), 100000);
	ck_assert_int_eq(
	    send(net_connect(one_way.fd), pattern(), 65535, 0), 65535);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.seen.calls, 0);
	ck_assert_uint_eq(lab.counters.cut, 1);
	ck_assert_uint_eq(lab.counters.received, 1);
	ck_assert_uint_eq(lab.counters.received_bytes, 100000);
	ck_assert_uint_eq(lab.counters.answered, 0);
	ck_assert_uint_eq(one_way.seen.calls, 2);
	ck_assert_uint_eq(one_way.seen.len, 65535);
	ck_assert_uint_eq(one_way.counters.cut, 1);
	ck_assert_uint_eq(one_way.counters.received_bytes, 165535);
	datagram_close(one_way.sock, true);
	lab_close(&lab);
}
END_TEST

START_TEST(test_cut_wire_len)
{
	char text[NET_PATH_SIZE];
	struct lab lab = { 0 };

	lab_open(&lab, net_path(text, "unixgram:", "socket"), 0, false, 1);
	ck_assert_int_eq(
	    send(net_connect(lab.fd), pattern(), 100000, 0), 100000);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.len, DATAGRAM_SIZE);
	ck_assert_uint_eq(lab.seen.wire_len, 100000);
	ck_assert_uint_eq(lab.seen.first[0], (unsigned char)pattern()[0]);
	lab_close(&lab);
}
END_TEST

/* A unix socket need not have a name, and then it gets no answer. */
START_TEST(test_nameless)
{
	char text[NET_PATH_SIZE];
	struct lab lab = { 0 };

	lab_open(&lab, net_path(text, "unixgram:", "socket"), 0, true, 1);
	ck_assert_int_eq(send(net_connect(lab.fd), "a", 1, 0), 1);
	lab_wake(&lab);
	ck_assert_uint_eq(lab.seen.calls, 1);
	ck_assert_uint_eq(lab.seen.peer_len, 0);
	ck_assert_uint_eq(lab.counters.answered, 0);
	ck_assert_uint_eq(lab.counters.unanswered, 1);
	lab_close(&lab);
}
END_TEST

/* An answer that cannot be sent costs that one, not those beside it. */
START_TEST(test_unanswered_between)
{
	char text[NET_PATH_SIZE], path[NET_PATH_SIZE];
	struct lab lab = { 0 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int named;

	lab_open(&lab, net_path(text, "unixgram:", "socket"), 0, true, 1);
	named = net_connect(lab.fd);
	strcpy(un.sun_path, net_path(path, "", "client"));
	ck_assert_int_eq(bind(named, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(send(named, "1", 1, 0), 1);
	ck_assert_int_eq(send(net_connect(lab.fd), "2", 1, 0), 1);
	ck_assert_int_eq(send(named, "3", 1, 0), 1);
	lab_wake(&lab);
	net_expect(named, "1", 1);
	net_expect(named, "3", 1);
	ck_assert_uint_eq(lab.counters.answered, 2);
	ck_assert_uint_eq(lab.counters.answered_bytes, 2);
	ck_assert_uint_eq(lab.counters.unanswered, 1);
	lab_close(&lab);
}
END_TEST

/* Descriptors sent along are not wanted, and must not pile up. */
static void
check_passed_descriptors(bool kernel_time)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS,
			  .cmsg_len = CMSG_LEN(2 * sizeof(int)) } };
	char text[NET_PATH_SIZE];
	struct lab lab = { .kernel_time = kernel_time }, udp = { 0 };
	struct iovec data = { .iov_base = (char[]){ 'a' }, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	unsigned before;
	int client;

	memset(CMSG_DATA(&control.header), 0, 2 * sizeof(int));
	lab_open(&lab, net_path(text, "unixgram:", "socket"), 0, false, 1);
	socket_set_kernel_time(lab.fd, kernel_time);
	udp.base = lab.base;
	lab_open(&udp, "127.0.0.1:0/udp", 0, false, 1);
	client = net_connect(lab.fd);
	ck_assert_int_eq(send(net_connect(udp.fd), "a", 1, 0), 1);
	lab_drain(&lab);
	before = net_count_descriptors();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sendmsg(client, &message, 0), 1);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.seen.calls, 3);
	ck_assert_uint_eq(net_count_descriptors(), before);
	datagram_close(udp.sock, true);
	lab_close(&lab);
}

START_TEST(test_passed_descriptors)
{
	check_passed_descriptors(false);
	check_passed_descriptors(true);
}
END_TEST

CHECK_MAIN("datagram", test_sizes, test_burst, test_answer_size,
    test_answer_too_long, test_pair_rule, test_guarded, test_claims_its_port,
    test_broadcast, test_cut, test_cut_wire_len, test_nameless,
    test_unanswered_between, test_passed_descriptors)
