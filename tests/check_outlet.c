/* SPDX-License-Identifier: ISC */
/* Sending to one address: all of it, in order, or why not. */
#include "net/outlet.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "check_main.h"
#include "check_net.h"
#include "net/guard.h"

#define MANY 1000

/* Numbered datagrams of four bytes. */
static const struct slice *
numbered(size_t count)
{
	static uint32_t numbers[MANY];
	static struct slice datagrams[MANY];

	ck_assert_uint_le(count, MANY);
	for (size_t i = 0; i < count; i++) {
		numbers[i] = (uint32_t)i;
		datagrams[i].data = (const char *)&numbers[i];
		datagrams[i].len = sizeof(numbers[i]);
	}
	return datagrams;
}

/* Reads what has come; returns the number that is expected next. */
static uint32_t
take_numbered(int fd, uint32_t next)
{
	uint32_t number;

	while (
	    recv(fd, &number, sizeof(number), MSG_DONTWAIT) == sizeof(number))
		ck_assert_uint_eq(number, next++);
	return next;
}

static struct outlet *
outlet_to(const char *text)
{
	struct address address = net_parse(text);
	struct outlet *outlet = outlet_new(&address);

	ck_assert_ptr_nonnull(outlet);
	return outlet;
}

/* To where fd is bound. */
static struct outlet *
outlet_to_fd(int fd)
{
	struct address address;

	ck_assert_int_eq(socket_get_address(fd, &address), 0);
	return outlet_new(&address);
}

static struct outlet_result
send_text(struct outlet *outlet, const char *text)
{
	struct slice datagram = { text, strlen(text) };

	return outlet_send(outlet, &datagram, 1);
}

static void
expect(struct outlet_result result, size_t taken, int error)
{
	ck_assert_uint_eq(result.taken, taken);
	ck_assert_int_eq(result.error, error);
	ck_assert_uint_eq(result.bounced, 0);
}

/* All arrive in order; where the peer's queue is full, the rest later. */
static void
check_all(const char *text)
{
	unsigned before = net_count_descriptors();
	int fd = net_open(text, 1 << 20);
	struct outlet *outlet = outlet_to_fd(fd);
	const struct slice *datagrams = numbered(MANY);
	uint32_t next = 0;
	size_t sent = 0;

	while (sent < MANY) {
		struct outlet_result result =
		    outlet_send(outlet, datagrams + sent, MANY - sent);

		ck_assert_uint_gt(result.taken, 0);
		ck_assert_uint_eq(result.bounced, 0);
		sent += result.taken;
		ck_assert_int_eq(result.error, sent < MANY ? EAGAIN : 0);
		next = take_numbered(fd, next);
	}
	ck_assert_uint_eq(next, MANY);
	expect(outlet_send(outlet, NULL, 0), 0, 0);
	outlet_free(outlet);
	socket_close(fd);
	ck_assert_uint_eq(net_count_descriptors(), before);
}

START_TEST(test_all)
{
	char text[NET_PATH_SIZE];

	check_all("127.0.0.1:0/udp");
	check_all("[::1]:0/udp");
	check_all(net_path(text, "unixgram:", "socket"));
	outlet_free(NULL);
}
END_TEST

/* Of no byte, of the most that UDP carries, and of one more. */
START_TEST(test_sizes)
{
	static char data[65508];
	const struct slice datagrams[] = { { data, 0 }, { data, 65507 },
		{ data, 65508 }, { "end", 3 } };
	int fd = net_open("127.0.0.1:0/udp", 1 << 20);
	struct outlet *outlet = outlet_to_fd(fd);

	memset(data, 'd', sizeof(data));
	fcntl(fd, F_SETFL, 0);
	expect(outlet_send(outlet, datagrams, 4), 2, EMSGSIZE);
	expect(outlet_send(outlet, datagrams + 3, 1), 1, 0);
	net_expect(fd, "", 0);
	net_expect(fd, data, 65507);
	net_expect(fd, "end", 3);
	outlet_free(outlet);
	socket_close(fd);
}
END_TEST

/* Sends until it is taken again; nothing must be told to be lost. */
static void
send_until_taken(struct outlet *outlet, const char *text, int error)
{
	int64_t begin_ms = clock_monotonic_ms();
	struct outlet_result result;

	while ((result = send_text(outlet, text)).taken == 0)
		expect(result, 0, error);
	expect(result, 1, 0);
	ck_assert_int_ge(clock_monotonic_ms() - begin_ms, 50);
}

/* The one that tells is lost and told of; the others are not tried. */
static void
check_nobody(const char *host, size_t count)
{
	char text[64];
	struct outlet_result result;
	struct outlet *outlet;
	int fd;

	snprintf(text, sizeof(text), "%s:0/udp", host);
	fd = net_open(text, 0);
	snprintf(text, sizeof(text), "%s:%u/udp", host, net_port(fd));
	socket_close(fd);
	outlet = outlet_to(text);
	result = outlet_send(outlet, numbered(count), count);
	ck_assert_uint_eq(result.taken, 1);
	ck_assert_uint_eq(result.bounced, 1);
	ck_assert_int_eq(result.bounce_error, ECONNREFUSED);
	ck_assert_int_eq(result.error, count > 1 ? ECONNREFUSED : 0);
	expect(outlet_send(outlet, numbered(count), count), 0, ECONNREFUSED);
	fd = net_open(text, 0);
	fcntl(fd, F_SETFL, 0);
	send_until_taken(outlet, "back", ECONNREFUSED);
	net_expect(fd, "back", 4);
	outlet_free(outlet);
	socket_close(fd);
}

START_TEST(test_nobody)
{
	check_nobody("127.0.0.1", MANY);
	check_nobody("127.0.0.1", 1);
	check_nobody("[::1]", MANY);
}
END_TEST

/* A peer that goes in between: each that was lost is told, at the latest when
 * there is more to send.
 */
START_TEST(test_gone)
{
	int fd = net_open("127.0.0.1:0/udp", 0);
	struct outlet *outlet = outlet_to_fd(fd);
	struct outlet_result result;

	fcntl(fd, F_SETFL, 0);
	expect(send_text(outlet, "one"), 1, 0);
	net_expect(fd, "one", 3);
	socket_close(fd);
	result = send_text(outlet, "two");
	ck_assert_uint_eq(result.taken + result.bounced, 2);
	ck_assert_int_eq(result.bounce_error, ECONNREFUSED);
	outlet_free(outlet);
}
END_TEST

/* No way there: at once, and nothing is sent. */
START_TEST(test_no_way)
{
	struct outlet *outlet = outlet_to("127.255.255.255:9/udp");

	expect(send_text(outlet, "broadcast"), 0, EACCES);
	outlet_free(outlet);
}
END_TEST

START_TEST(test_unix_peer)
{
	char text[NET_PATH_SIZE];
	struct outlet *outlet =
	    outlet_to(net_path(text, "unixgram:", "socket"));
	const char *path = strchr(text, '/');
	int fd;

	expect(send_text(outlet, "a"), 0, ENOENT);
	fd = net_open(text, 0);
	send_until_taken(outlet, "b", ENOENT);
	fcntl(fd, F_SETFL, 0);
	net_expect(fd, "b", 1);
	/* Another took its place: not one is lost, nor has to wait. */
	close(fd);
	fd = net_open(text, 0);
	fcntl(fd, F_SETFL, 0);
	expect(send_text(outlet, "c"), 1, 0);
	net_expect(fd, "c", 1);
	/* It died, and left its path. */
	close(fd);
	ck_assert_int_eq(access(path, F_OK), 0);
	expect(send_text(outlet, "d"), 0, ECONNREFUSED);
	outlet_free(outlet);
	unlink(path);
	fd = net_open(net_path(text, "unix:", "stream"), 0);
	outlet = outlet_to(net_path(text, "unixgram:", "stream"));
	expect(send_text(outlet, "e"), 0, EPROTOTYPE);
	outlet_free(outlet);
	socket_close(fd);
}
END_TEST

/* What netlabd serves itself would send it round for ever. */
START_TEST(test_not_to_itself)
{
	static const char *const texts[] = { "127.0.0.1", "127.1.2.3",
		"[::1]" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[64];
		struct outlet *outlet;
		unsigned port;
		int fd;

		snprintf(text, sizeof(text), "%s:0/udp", texts[i]);
		fd = net_open(text, 0);
		fcntl(fd, F_SETFL, 0);
		port = net_port(fd);
		outlet = outlet_to_fd(fd);
		guard_claim_port(port);
		expect(send_text(outlet, "round"), 0, ELOOP);
		guard_release_port(port);
		expect(send_text(outlet, "out"), 1, 0);
		net_expect(fd, "out", 3);
		outlet_free(outlet);
		socket_close(fd);
	}
}
END_TEST

/* Receives a descriptor and nothing else. */
static int
receive_descriptor(int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd;

	ck_assert_int_eq(recvmsg(socket, &message, MSG_DONTWAIT), 0);
	ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&message));
	ck_assert_int_eq(CMSG_FIRSTHDR(&message)->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

START_TEST(test_file)
{
	static char data[3 << 20], got[sizeof(data) + 1];
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	unsigned before = net_count_descriptors();
	char text[NET_PATH_SIZE];
	struct outlet *outlet;
	int socket_fd = socket(AF_UNIX, SOCK_DGRAM, 0), fd;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 251);
	net_path(text, "unixgram:", "socket");
	strcpy(local.sun_path, strchr(text, '/'));
	ck_assert_int_eq(
	    bind(socket_fd, (struct sockaddr *)&local, sizeof(local)), 0);
	outlet = outlet_to(text);
	ck_assert_int_eq(outlet_send_file(outlet, data, sizeof(data)), 0);
	fd = receive_descriptor(socket_fd);
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS),
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), (ssize_t)sizeof(data));
	ck_assert_mem_eq(got, data, sizeof(data));
	close(fd);
	close(socket_fd);
	ck_assert_int_eq(outlet_send_file(outlet, data, 10), ECONNREFUSED);
	outlet_free(outlet);
	outlet = outlet_to("127.0.0.1:9/udp");
	ck_assert_int_eq(outlet_send_file(outlet, data, 10), EMSGSIZE);
	outlet_free(outlet);
	ck_assert_uint_eq(net_count_descriptors(), before);
}
END_TEST

CHECK_MAIN("outlet", test_all, test_sizes, test_nobody, test_gone, test_no_way,
    test_unix_peer, test_not_to_itself, test_file)
