/* SPDX-License-Identifier: ISC */
/* Sockets that share a port, and how one of them leaves it without a loss. */
#include "net/socket.h"

#include <errno.h>

#include "check_main.h"
#include "check_net.h"

/* So many senders that each of two sockets is given some of them. */
#define SENDERS 64

/* A socket that shares a port with others. */
static int
open_shared(const char *host, unsigned port)
{
	struct socket_config config = { .reuse_port = true };
	char text[NET_PATH_SIZE], why[WHY_SIZE] = "";
	struct address address;
	int fd;

	snprintf(text, sizeof(text), "%s:%u/udp", host, port);
	address = net_parse(text);
	fd = socket_open(&address, &config, why);
	ck_assert_msg(fd != -1, "%s", why);
	return fd;
}

/* Each of new sockets sends a datagram to the port of fd. */
static void
send_all(int fd)
{
	for (int i = 0; i < SENDERS; i++) {
		int client = net_connect(fd);

		ck_assert_int_eq(send(client, "x", 1, 0), 1);
		close(client);
	}
}

static int
count_waiting(int fd)
{
	char byte;
	int count = 0;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
		count++;
	ck_assert_int_eq(errno, EAGAIN);
	return count;
}

START_TEST(test_leave_port)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]", "0.0.0.0",
		"[::]" };

	for (size_t i = 0; i < COUNT(hosts); i++) {
		int fd = open_shared(hosts[i], 0);
		int other = open_shared(hosts[i], net_port(fd)), before;

		send_all(other);
		socket_leave_port(fd);
		send_all(other);
		before = count_waiting(fd);
		ck_assert_int_gt(before, 0);
		ck_assert_int_lt(before, SENDERS);
		ck_assert_int_eq(before + count_waiting(other), 2 * SENDERS);
		close(fd);
		close(other);
	}
}
END_TEST

/* Nobody else would get it. */
START_TEST(test_stay_alone)
{
	int fd = net_open("127.0.0.1:0/udp", 0);

	socket_leave_port(fd);
	send_all(fd);
	ck_assert_int_eq(count_waiting(fd), SENDERS);
	close(fd);
}
END_TEST

CHECK_MAIN("socket_share", test_leave_port, test_stay_alone)
