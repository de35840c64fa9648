/* SPDX-License-Identifier: ISC */
/* Sockets that wait: found by address, and by owner where that says nothing. */
#include "net/shelf.h"

#include <fcntl.h>

#include "check_main.h"
#include "check_net.h"

static void
put(struct shelf *shelf, const char *text, const char *owner, int fd)
{
	struct shelf_item item = { .fd = fd, .address = net_parse(text) };

	snprintf(item.owner, sizeof(item.owner), "%s", owner);
	ck_assert_int_eq(shelf_put(shelf, &item), 0);
}

/* The descriptor that is found for who asks; -1: none. */
static int
take(struct shelf *shelf, const char *text, const char *owner)
{
	struct address address = net_parse(text);
	struct shelf_item item = { .fd = -1 };
	bool has = shelf_has(shelf, &address, owner);
	size_t before = shelf->count;
	int result = shelf_take(shelf, &address, owner, &item);

	ck_assert_int_eq(result, has ? 0 : -1);
	ck_assert_uint_eq(shelf->count, before - has);
	return item.fd;
}

static const struct {
	const char *put, *wanted;
	bool found;
} addresses[] = {
	{ "127.0.0.1:7/udp", "127.0.0.1:7/udp", true },
	{ "127.0.0.1:7/udp", "127.0.0.1:7/tcp", false },
	{ "127.0.0.1:7/udp", "127.0.0.1:8/udp", false },
	{ "127.0.0.1:7/udp", "127.0.0.2:7/udp", false },
	{ "127.0.0.1:7/udp", "*:7/udp", false },
	{ "[::1]:7/tcp", "[::1]:7/tcp", true },
	{ "[::1]:7/tcp", "127.0.0.1:7/tcp", false },
	{ "localhost:7/udp", "127.0.0.1:7/udp", true },
	{ "unix:/run/a", "unix:/run/a", true },
	{ "unix:/run/a", "unixgram:/run/a", false },
	{ "unix:/run/a", "unix:/run/ab", false },
	{ "unix:/run/ab", "unix:/run/a", false },
	{ "127.0.0.1:0/udp", "127.0.0.1:0/udp", false },
	{ "[::1]:0/tcp", "[::1]:0/tcp", false },
};

/* Of another name: an address belongs to nobody, but port 0 does. */
START_TEST(test_addresses)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct shelf shelf = { .places = NULL };
		int fd = open("/dev/null", O_RDONLY), taken;

		put(&shelf, addresses[i].put, "one", fd);
		taken = take(&shelf, addresses[i].wanted, "two");
		ck_assert_msg(taken == (addresses[i].found ? fd : -1), "%s %s",
		    addresses[i].put, addresses[i].wanted);
		ck_assert_int_eq(take(&shelf, addresses[i].put, "one"),
		    addresses[i].found ? -1 : fd);
		close(fd);
		shelf_close(&shelf);
	}
}
END_TEST

/* Each its own, and those of one in their order. */
START_TEST(test_port_0)
{
	static const char *const owners[] = { "a", "b", "a", "b", "a", "" };
	static const struct {
		const char *owner;
		int fd;
	} wanted[] = {
		{ "b", 1001 },
		{ "c", -1 },
		{ "a", 1000 },
		{ "aa", -1 },
		{ "a", 1002 },
		{ "b", 1003 },
		{ "b", -1 },
		{ "a", 1004 },
		{ "a", -1 },
		{ "", 1005 },
	};
	struct shelf shelf = { .places = NULL };

	for (size_t i = 0; i < COUNT(owners); i++)
		put(&shelf, "127.0.0.1:0/udp", owners[i], 1000 + (int)i);
	for (size_t i = 0; i < COUNT(wanted); i++)
		ck_assert_int_eq(
		    take(&shelf, "127.0.0.1:0/udp", wanted[i].owner),
		    wanted[i].fd);
	ck_assert_uint_eq(shelf.count, 0);
	shelf_close(&shelf);
}
END_TEST

/* What nobody takes is closed, and what is taken is not. */
START_TEST(test_close)
{
	unsigned before = net_count_descriptors();
	struct shelf shelf = { .places = NULL };
	char text[NET_PATH_SIZE], gram[NET_PATH_SIZE];
	int taken = net_open("127.0.0.1:0/tcp", 0);

	net_path(text, "unix:", "stream");
	net_path(gram, "unixgram:", "gram");
	put(&shelf, "127.0.0.1:7", "a", net_open("127.0.0.1:0/udp", 0));
	put(&shelf, text, "a", net_open(text, 0));
	put(&shelf, gram, "a", net_open(gram, 0));
	put(&shelf, "127.0.0.1:8/tcp", "a", taken);
	ck_assert_int_eq(take(&shelf, "127.0.0.1:8/tcp", "b"), taken);
	ck_assert_uint_eq(net_count_descriptors(), before + 4);
	shelf_close(&shelf);
	ck_assert_uint_eq(net_count_descriptors(), before + 1);
	ck_assert_int_eq(access(strchr(text, '/'), F_OK), -1);
	ck_assert_int_eq(access(strchr(gram, '/'), F_OK), -1);
	ck_assert_ptr_null(shelf.places);
	ck_assert_uint_eq(shelf.count, 0);
	shelf_close(&shelf);
	ck_assert_int_eq(listen(taken, 1), 0);
	close(taken);
}
END_TEST

/* A path that somebody still serves by a copy stays. */
START_TEST(test_close_beside_a_copy)
{
	static const char *const prefixes[] = { "unix:", "unixgram:" };

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct shelf shelf = { .places = NULL };
		char text[NET_PATH_SIZE];
		int fd = net_open(net_path(text, prefixes[i], "socket"), 0);

		put(&shelf, text, "a", dup(fd));
		shelf_close(&shelf);
		close(net_connect(fd));
		socket_close(fd);
		ck_assert_int_eq(access(strchr(text, '/'), F_OK), -1);
	}
}
END_TEST

/* Asked for its own address, with the port that the system chose. */
START_TEST(test_put_bound)
{
	static const char *const texts[] = { "127.0.0.1:0/udp",
		"127.0.0.1:0/tcp", "unix:", "unixgram:" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct shelf shelf = { .places = NULL };
		struct shelf_item item;
		struct address bound;
		char text[NET_PATH_SIZE];
		int fd = net_open(strncmp(texts[i], "unix", 4) == 0
			? net_path(text, texts[i], "socket")
			: texts[i],
		    0);

		ck_assert_int_eq(socket_get_address(fd, &bound), 0);
		ck_assert_int_eq(shelf_put_bound(&shelf, fd, SHELF_PASSED), 0);
		ck_assert_int_eq(shelf_take(&shelf, &bound, "any", &item), 0);
		ck_assert_int_eq(item.fd, fd);
		ck_assert_int_eq(item.origin, SHELF_PASSED);
		ck_assert_uint_eq(item.drops, 0);
		ck_assert_str_eq(item.owner, "");
		socket_close(fd);
		shelf_close(&shelf);
	}
}
END_TEST

/* What was dropped before is told by who comes, unless it was told. */
START_TEST(test_put_bound_with_drops)
{
	struct shelf shelf = { .places = NULL };
	int fd = net_open("127.0.0.1:0/udp", 4096);
	int client = net_connect(fd);

	while (socket_drops(fd) < 10)
		ck_assert_int_eq(send(client, "x", 1, 0), 1);
	ck_assert_int_eq(shelf_put_bound(&shelf, fd, SHELF_STORED), 0);
	ck_assert_uint_eq(shelf_item(&shelf, 0)->drops, 0);
	ck_assert_int_eq(shelf_item(&shelf, 0)->origin, SHELF_STORED);
	socket_note_drops(fd, 7);
	ck_assert_int_eq(shelf_put_bound(&shelf, dup(fd), SHELF_PASSED), 0);
	ck_assert_uint_eq(shelf_item(&shelf, 1)->drops, 7);
	socket_note_drops(fd, UINT32_MAX);
	ck_assert_uint_eq(socket_noted_drops(fd), UINT32_MAX);
	close(client);
	shelf_close(&shelf);
}
END_TEST

/* Binds beside what is on the shelf; -1: it is in use. */
static int
bind_beside(struct shelf *shelf, const char *host, unsigned port)
{
	struct socket_config config = { .backlog = 1, .reuse_port = true };
	char text[64], why[WHY_SIZE];
	struct address address;
	int fd;

	snprintf(text, sizeof(text), "%s:%u/udp", host, port);
	address = net_parse(text);
	(void)shelf_lend_port(shelf, &address);
	fd = socket_open(&address, &config, why);
	shelf_end_loan(shelf);
	return fd;
}

/* To who comes beside it, not to who takes its place, and not for ever. */
START_TEST(test_lend_port)
{
	for (int claimed = 0; claimed < 2; claimed++) {
		struct shelf shelf = { .places = NULL };
		struct address address = net_parse("127.0.0.1:0/udp");
		int fd = net_open("127.0.0.1:0/udp", 0), beside;
		unsigned port = net_port(fd);

		put(&shelf, "127.0.0.1:0/udp", "a", fd);
		if (claimed)
			shelf_claim(&shelf, &address, "a");
		shelf_claim(&shelf, &address, "b");
		beside = bind_beside(&shelf, "0.0.0.0", port);
		ck_assert_int_eq(beside == -1, claimed);
		ck_assert(!socket_shares_port(fd));
		if (!claimed)
			socket_close(beside);
		ck_assert_int_eq(take(&shelf, "127.0.0.1:0/udp", "a"), fd);
		ck_assert_int_eq(bind_beside(&shelf, "0.0.0.0", port), -1);
		socket_close(fd);
		shelf_close(&shelf);
	}
}
END_TEST

/* One that shares its port anyway goes on doing so. */
START_TEST(test_lend_a_shared_port)
{
	struct shelf shelf = { .places = NULL };
	int fd = net_open("0.0.0.0:0/udp", 0), beside;
	unsigned port = net_port(fd);

	ck_assert_int_eq(socket_share_port(fd, true), 0);
	put(&shelf, "0.0.0.0:0/udp", "a", fd);
	beside = bind_beside(&shelf, "127.0.0.1", port);
	ck_assert_int_ne(beside, -1);
	ck_assert(socket_shares_port(fd));
	socket_close(beside);
	shelf_close(&shelf);
}
END_TEST

START_TEST(test_put_what_is_no_socket)
{
	struct shelf shelf = { .places = NULL };
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(shelf_put_bound(&shelf, fds[0], SHELF_PASSED), -1);
	ck_assert_int_eq(fcntl(fds[0], F_GETFD), -1);
	ck_assert_int_eq(shelf_put_bound(&shelf, fds[0], SHELF_PASSED), -1);
	ck_assert_uint_eq(shelf.count, 0);
	close(fds[1]);
	shelf_close(&shelf);
}
END_TEST

CHECK_MAIN("shelf", test_addresses, test_port_0, test_close,
    test_close_beside_a_copy, test_put_bound, test_lend_port,
    test_lend_a_shared_port, test_put_bound_with_drops,
    test_put_what_is_no_socket)
