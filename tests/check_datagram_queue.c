/* SPDX-License-Identifier: ISC */
/*
 * The datagram engine and the kernel's queue: what is lost is told at its
 * place, nobody starves, answers leave from the address that was asked, and
 * what waits is served at the end.
 */
#include "net/datagram.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "check_datagram.h"
#include "check_main.h"

static void
send_many(int client, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(send(client, &i, 1, 0), 1);
}

/* A queue that has ten already gets no room: what is sent now is dropped. */
static void
shut_queue(struct lab *lab)
{
	net_set_buffer(lab->fd, SO_RCVBUF, 1);
}

static void
widen_queue(struct lab *lab)
{
	net_set_buffer(lab->fd, SO_RCVBUF, 200000);
}

/* Those that nothing follows are told too, at once, and only once. */
START_TEST(test_lost_at_the_end)
{
	struct lab lab = { 0 };
	char local[ADDRESS_TEXT_SIZE];
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 4096, true, 1);
	client = net_connect(lab.fd);
	socket_format_local(lab.fd, local);
	send_many(client, 200);
	lab_drain(&lab);
	ck_assert_uint_gt(lab.seen.calls, 0);
	ck_assert_uint_eq(lab.seen.losses, 1);
	ck_assert_uint_eq(lab.seen.calls + lab.seen.lost, 200);
	ck_assert_uint_eq(lab.seen.calls_before_loss, lab.seen.calls);
	ck_assert_uint_eq(lab.counters.lost, lab.seen.lost);
	ck_assert_str_eq(lab.seen.local, local);
	send_many(client, 1);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.seen.losses, 1);
	ck_assert_uint_eq(lab.seen.calls + lab.seen.lost, 201);
	lab_close(&lab);
	ck_assert_uint_eq(lab.seen.losses, 1);
}
END_TEST

/* The socket remembers what was told, but not before it is safe. */
START_TEST(test_lost_is_noted)
{
	struct lab lab = { .waits = true };
	int client, fd;

	lab_open(&lab, "127.0.0.1:0/udp", 200000, false, 1);
	client = net_connect(lab.fd);
	fd = dup(lab.fd);
	shut_queue(&lab);
	send_many(client, 44);
	widen_queue(&lab);
	lab_drain(&lab);
	send_many(client, 1);
	lab_drain(&lab);
	ck_assert_uint_gt(lab.seen.lost, 0);
	ck_assert_uint_eq(socket_noted_drops(fd), 0);
	ck_assert(!datagram_is_noted(lab.sock));
	lab.waits = false;
	datagram_note_drops(lab.sock);
	ck_assert_uint_eq(socket_noted_drops(fd), lab.seen.lost);
	ck_assert(datagram_is_noted(lab.sock));
	lab_close(&lab);
	close(fd);
}
END_TEST

/* One that is stopped serves no more, and remembers at the latest at the end.
 */
START_TEST(test_lost_is_noted_at_close)
{
	for (int safe = 0; safe < 2; safe++) {
		struct lab lab = { .waits = true };
		int client, fd;

		lab_open(&lab, "127.0.0.1:0/udp", 200000, false, 1);
		client = net_connect(lab.fd);
		fd = dup(lab.fd);
		send_many(client, 10);
		shut_queue(&lab);
		send_many(client, 44);
		widen_queue(&lab);
		datagram_stop(lab.sock);
		datagram_stop(lab.sock);
		ck_assert_uint_eq(lab.seen.batches, 1);
		ck_assert_uint_eq(lab.seen.lost, 44);
		ck_assert_uint_eq(socket_noted_drops(fd), 0);
		send_many(client, 1);
		lab_drain(&lab);
		lab.waits = !safe;
		lab_close(&lab);
		ck_assert_uint_eq(lab.seen.calls, 10);
		ck_assert_uint_eq(socket_noted_drops(fd), safe ? 44 : 0);
		close(fd);
	}
}
END_TEST

/* `before` arrive, `drops` are lost, `after` arrive, then `last` are lost. */
static void
lose(unsigned before, unsigned drops, unsigned after, unsigned last)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 200000, false, 1);
	client = net_connect(lab.fd);
	send_many(client, before);
	shut_queue(&lab);
	send_many(client, drops);
	widen_queue(&lab);
	send_many(client, after);
	shut_queue(&lab);
	send_many(client, last);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.seen.calls, before + after);
	ck_assert_uint_eq(lab.seen.lost, drops + last);
	ck_assert_int_eq((int)lab.seen.losses, (drops != 0) + (last != 0));
	ck_assert_uint_eq(
	    lab.seen.calls_before_loss, last != 0 ? before + after : before);
	ck_assert_uint_eq(lab.counters.received, before + after);
	ck_assert_uint_eq(lab.counters.lost, drops + last);
	lab_close(&lab);
	ck_assert_uint_eq(lab.seen.lost, drops + last);
}

START_TEST(test_lost_between)
{
	lose(10, 5, 2, 0);
	lose(10, 1, 1, 0);
	lose(63, 7, 1, 0);
	lose(64, 7, 1, 0);
	lose(65, 7, 64, 0);
	lose(10, 5, 2, 4);
	lose(100, 1, 20, 1);
}
END_TEST

/* Whole batches, so that no short one shows that the queue is empty. */
START_TEST(test_lost_after_full_batches)
{
	static const unsigned counts[] = { 10, 63, 64, 65, 128, 192, 255, 256,
		257, 320 };

	for (size_t i = 0; i < COUNT(counts); i++) {
		struct lab lab = { 0 };
		int client;

		lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, false, 1);
		client = net_connect(lab.fd);
		send_many(client, counts[i]);
		shut_queue(&lab);
		send_many(client, 44);
		lab_drain(&lab);
		ck_assert_uint_eq(lab.seen.calls, counts[i]);
		ck_assert_uint_eq(lab.seen.lost, 44);
		ck_assert_uint_eq(lab.seen.calls_before_loss, counts[i]);
		ck_assert_uint_eq(lab.seen.losses, 1);
		close(client);
		lab_close(&lab);
	}
}
END_TEST

/* Lost ones are told at a stop as well, after those that waited. */
START_TEST(test_lost_at_close)
{
	struct lab lab = { 0 };
	int client;

	lab_open(&lab, "127.0.0.1:0/udp", 200000, false, 1);
	client = net_connect(lab.fd);
	send_many(client, 64);
	shut_queue(&lab);
	send_many(client, 9);
	lab_close(&lab);
	ck_assert_uint_eq(lab.seen.calls, 64);
	ck_assert_uint_eq(lab.seen.lost, 9);
	ck_assert_uint_eq(lab.seen.calls_before_loss, 64);
	ck_assert_uint_eq(lab.seen.batches, 1);
}
END_TEST

START_TEST(test_close_serves)
{
	static const unsigned counts[] = { 0, 1, 64, 70, 256, 300 };

	for (size_t i = 0; i < COUNT(counts); i++) {
		struct lab lab = { 0 };
		unsigned answered = 0;
		char byte;
		int client;

		lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, true, 1);
		client = net_connect(lab.fd);
		net_set_buffer(client, SO_RCVBUF, 1 << 20);
		send_many(client, counts[i]);
		lab_close(&lab);
		while (recv(client, &byte, 1, MSG_DONTWAIT) == 1)
			answered++;
		ck_assert_uint_eq(lab.seen.calls, counts[i]);
		ck_assert_uint_eq(answered, counts[i]);
		ck_assert_uint_eq(lab.seen.batches, 1);
		close(client);
	}
}
END_TEST

START_TEST(test_batch_end)
{
	static const struct {
		unsigned datagrams, wakes;
	} table[] = { { 1, 1 }, { 10, 1 }, { 64, 1 }, { 65, 1 }, { 255, 1 },
		{ 257, 2 }, { 600, 3 } };

	for (size_t i = 0; i < COUNT(table); i++) {
		struct lab lab = { 0 };
		int client;

		lab_open(&lab, "127.0.0.1:0/udp", 1 << 20, false, 1);
		client = net_connect(lab.fd);
		send_many(client, table[i].datagrams);
		lab_drain(&lab);
		ck_assert_uint_eq(lab.seen.calls, table[i].datagrams);
		ck_assert_uint_eq(lab.seen.batches, table[i].wakes);
		close(client);
		lab_close(&lab);
	}
}
END_TEST

/* A flood on one socket costs another a wake-up of 256 datagrams. */
START_TEST(test_fairness)
{
	struct lab flooded = { 0 }, other = { 0 };

	lab_open(&flooded, "127.0.0.1:0/udp", 1 << 20, false, 1);
	other.base = flooded.base;
	lab_open(&other, "127.0.0.1:0/udp", 0, false, 1);
	send_many(net_connect(flooded.fd), 1000);
	send_many(net_connect(other.fd), 1);
	event_base_loop(flooded.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(flooded.seen.calls, 256);
	ck_assert_uint_eq(other.seen.calls, 1);
	event_base_loop(flooded.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(flooded.seen.calls, 512);
	lab_drain(&flooded);
	ck_assert_uint_eq(flooded.seen.calls, 1000);
	datagram_close(other.sock, true);
	lab_close(&flooded);
}
END_TEST

/* Sends the host's name there, and writes it with the port. */
static void
send_to(int client, char text[64], const char *host, unsigned port)
{
	struct address to;

	snprintf(text, 64, "%s:%u/udp", host, port);
	to = net_parse(text);
	ck_assert_int_eq(
	    sendto(client, host, strlen(host), 0, &to.u.sa, to.len),
	    (int)strlen(host));
	*strrchr(text, '/') = '\0';
}

static void
ask(struct lab *lab, const char *host)
{
	char text[64], from_text[ADDRESS_TEXT_SIZE];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int client = net_socket_like(lab->fd);
	char byte;

	send_to(client, text, host, net_port(lab->fd));
	lab_wake(lab);
	ck_assert_int_eq(
	    recvfrom(client, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
	address_format(from_text, (struct sockaddr *)&from, len);
	ck_assert_str_eq(from_text, text);
	close(client);
}

START_TEST(test_asked_address)
{
	struct lab ipv4 = { 0 }, ipv6 = { 0 }, bound = { 0 };

	lab_open(&ipv4, "0.0.0.0:0/udp", 0, true, 1);
	ask(&ipv4, "127.0.0.1");
	ask(&ipv4, "127.0.0.2");
	ask(&ipv4, "127.0.0.3");
	ask(&ipv4, "127.1.2.3");
	lab_open(&ipv6, "[::]:0/udp", 0, true, 1);
	ask(&ipv6, "[::1]");
	lab_open(&bound, "127.0.0.2:0/udp", 0, true, 1);
	ask(&bound, "127.0.0.2");
	ck_assert_uint_eq(ipv4.counters.unanswered, 0);
	lab_close(&ipv4);
	lab_close(&ipv6);
	lab_close(&bound);
}
END_TEST

/* What came before the kernel was asked where: no answer leaves to many. */
START_TEST(test_asked_late)
{
	struct lab lab = { 0 };
	struct address address = net_parse("0.0.0.0:0/udp");
	char text[64], answer[64] = "";
	unsigned port;
	int client, one = 1;

	lab_open(&lab, "0.0.0.0:0/udp", 0, true, 1);
	port = net_port(lab.fd);
	client = net_socket_like(lab.fd);
	setsockopt(client, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	ck_assert_int_eq(socket_set_destination(lab.fd, &address, false), 0);
	send_to(client, text, "127.255.255.255", port);
	send_to(client, text, "127.0.0.2", port);
	ck_assert_int_eq(socket_set_destination(lab.fd, &address, true), 0);
	lab_drain(&lab);
	ck_assert_uint_eq(lab.counters.answered, 1);
	ck_assert_uint_eq(lab.counters.unanswered, 1);
	ck_assert_int_eq(recv(client, answer, sizeof(answer), 0), 9);
	ck_assert_str_eq(answer, "127.0.0.2");
	close(client);
	lab_close(&lab);
}
END_TEST

CHECK_MAIN("datagram_queue", test_lost_at_the_end, test_lost_is_noted,
    test_lost_is_noted_at_close, test_lost_between,
    test_lost_after_full_batches, test_lost_at_close, test_close_serves,
    test_batch_end, test_fairness, test_asked_address, test_asked_late)
