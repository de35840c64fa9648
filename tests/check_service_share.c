/* SPDX-License-Identifier: ISC */
/* A service takes over another's sockets, and what waits there, or does not. */
#include "core/service.h"

#include <sys/resource.h>

#include "check_main.h"
#include "check_service.h"

static struct stream_pool pool = { .max = 100 };

struct pair {
	struct event_base *base;
	struct shelf shelf;
	struct service *old, *fresh;
};

static void
start(struct pair *pair, struct service *service)
{
	char why[WHY_SIZE] = "";

	ck_assert_msg(service_listen(
			  service, pair->base, &pool, &pair->shelf, why) == 0 &&
		service_start(service, why) == 0,
	    "%s", why);
}

/* Both listen on `text`; the old one runs and has shared its sockets. */
static void
share(
    struct pair *pair, const char *old_type, const char *type, const char *text)
{
	memset(pair, 0, sizeof(*pair));
	pair->base = event_base_new();
	pair->old = make_service(
	    old_type, "listen", text, "receive-buffer", "8K", NULL);
	pair->fresh =
	    make_service(type, "listen", text, "receive-buffer", "8K", NULL);
	if (strcmp(type, "creosote") == 0) {
		set_option(pair->old, "file", "/dev/null");
		set_option(pair->fresh, "file", "/dev/null");
	}
	start(pair, pair->old);
	ck_assert_int_eq(service_share(pair->old, &pair->shelf), 0);
	ck_assert_uint_eq(pair->shelf.count, pair->old->listener_count);
}

static void
pair_free(struct pair *pair)
{
	shelf_close(&pair->shelf);
	service_free(pair->old);
	service_free(pair->fresh);
	event_base_free(pair->base);
}

static int
fd_of(const struct service *service)
{
	const struct service_listener *listener = &service->listeners[0];

	return listener->datagram != NULL
	    ? datagram_fd(listener->datagram)
	    : stream_listener_fd(listener->stream);
}

static void
turn(struct pair *pair)
{
	event_base_loop(pair->base, EVLOOP_NONBLOCK);
}

static const struct {
	const char *type, *name, *listen, *option, *value;
	bool equal;
} others[] = {
	{ "echo", "a", "127.0.0.1:7", "backlog", "1024", true },
	{ "echo", "a", "127.0.0.1:7", "idle-timeout", "600s", true },
	{ "echo-upper", "a", "127.0.0.1:7", "backlog", "1024", false },
	{ "echo", "b", "127.0.0.1:7", "backlog", "1024", false },
	{ "echo", "a", "127.0.0.1:8", "backlog", "1024", false },
	{ "echo", "a", "127.0.0.2:7", "backlog", "1024", false },
	{ "echo", "a", "127.0.0.1:7/udp", "backlog", "1024", false },
	{ "echo", "a", "127.0.0.1:7", "listen", "127.0.0.1:8", false },
	{ "echo", "a", "127.0.0.1:7", "backlog", "1023", false },
	{ "echo", "a", "127.0.0.1:7", "max-connections", "1", false },
	{ "echo", "a", "127.0.0.1:7", "idle-timeout", "0", false },
	{ "echo", "a", "127.0.0.1:7", "max-output", "1M", false },
	{ "echo", "a", "127.0.0.1:7", "receive-buffer", "0", false },
	{ "echo", "a", "127.0.0.1:7", "datagram-rate", "9", false },
	{ "echo", "a", "127.0.0.1:7", "source-prefix6", "56", false },
	/* What it takes as it runs. */
	{ "echo", "a", "127.0.0.1:7", "allow", "10.0.0.0/8", true },
	{ "echo", "a", "127.0.0.1:7", "deny", "10.0.0.0/8", true },
	{ "echo", "a", "127.0.0.1:7", "log-only", "yes", true },
};

static struct service *
named(const char *type, const char *name, const char *listen)
{
	struct service *service = service_new(service_type_find(type), name);

	ck_assert_ptr_nonnull(service);
	set_option(service, "listen", listen);
	return service;
}

START_TEST(test_equal)
{
	struct service *service = named("echo", "a", "127.0.0.1:7");

	for (size_t i = 0; i < COUNT(others); i++) {
		struct service *other =
		    named(others[i].type, others[i].name, others[i].listen);

		set_option(other, others[i].option, others[i].value);
		ck_assert_msg(
		    service_is_equal(service, other) == others[i].equal, "%zu",
		    i);
		ck_assert(service_is_equal(other, service) == others[i].equal);
		service_free(other);
	}
	service_free(service);
}
END_TEST

/* What the addresses come to counts, in any order. */
START_TEST(test_equal_addresses)
{
	static const struct {
		const char *a, *b, *c, *d;
		bool equal;
	} table[] = {
		{ "127.0.0.1:7", "127.0.0.1:8", "127.0.0.1:8", "127.0.0.1:7",
		    true },
		{ "127.0.0.1:7/udp", "127.0.0.1:7/tcp", "127.0.0.1:7/tcp",
		    "127.0.0.1:7/udp", true },
		{ "127.0.0.1:0/udp", "127.0.0.1:0/udp", "127.0.0.1:0/udp",
		    "127.0.0.1:0/tcp", false },
		{ "127.0.0.1:0/udp", "127.0.0.1:0/tcp", "127.0.0.1:0/udp",
		    "127.0.0.1:0/udp", false },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct service *a = named("echo", "x", table[i].a);
		struct service *b = named("echo", "x", table[i].c);

		set_option(a, "listen", table[i].b);
		set_option(b, "listen", table[i].d);
		ck_assert_msg(
		    service_is_equal(a, b) == table[i].equal, "%zu", i);
		service_free(a);
		service_free(b);
	}
}
END_TEST

START_TEST(test_equal_of_own_options)
{
	static const struct {
		const char *type, *name, *a, *b;
	} table[] = {
		{ "creosote", "file", "/tmp/a", "/tmp/b" },
		{ "creosote", "format", "raw", "json" },
		{ "time", "format", "ctime", "unix" },
		{ "timestamp", "max-line", "64K", "32K" },
		{ "echo-upper", "end-on-empty-line", "yes", "no" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct service *a = named(table[i].type, "x", "127.0.0.1:7");
		struct service *b = named(table[i].type, "x", "127.0.0.1:7");

		ck_assert(service_is_equal(a, b));
		set_option(a, table[i].name, table[i].a);
		set_option(b, table[i].name, table[i].b);
		ck_assert_msg(!service_is_equal(a, b), "%s", table[i].name);
		set_option(b, table[i].name, table[i].a);
		ck_assert(service_is_equal(a, b));
		service_free(a);
		service_free(b);
	}
}
END_TEST

/* What waits in a socket that was taken stays there when the next fails. */
START_TEST(test_failed_listen)
{
	struct pair pair;
	char text[NET_PATH_SIZE], why[WHY_SIZE];
	int client;

	share(&pair, "echo", "echo-upper", net_path(text, "unix:", "taken"));
	client = net_connect(fd_of(pair.old));
	ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	set_option(pair.fresh, "listen", "unix:/missing/socket");
	ck_assert_int_eq(service_start(pair.fresh, why), 0);
	ck_assert(service_listen(
		      pair.fresh, pair.base, &pool, &pair.shelf, why) == -1);
	turn(&pair);
	turn(&pair);
	net_expect(client, "hello", 5);
	close(client);
	pair_free(&pair);
}
END_TEST

/* What waits is served once, by who took the socket. */
START_TEST(test_hand_over_queue)
{
	struct pair pair;
	int client;

	share(&pair, "echo", "echo-upper", "127.0.0.1:0/udp");
	client = net_connect(fd_of(pair.old));
	ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	start(&pair, pair.fresh);
	ck_assert_uint_eq(pair.shelf.count, 0);
	service_retire(pair.old, &pair.shelf);
	ck_assert_uint_eq(pair.old->datagrams.received, 0);
	turn(&pair);
	net_expect(client, "HELLO", 5);
	ck_assert_uint_eq(pair.fresh->datagrams.received, 1);
	close(client);
	pair_free(&pair);
}
END_TEST

/* Nobody took it: those who asked get their answers from the old one. */
START_TEST(test_retire_serves_what_is_left)
{
	static const char *const texts[] = { "127.0.0.1:0/udp",
		"127.0.0.1:0/tcp" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct pair pair;
		int client;

		share(&pair, "echo-upper", "echo", texts[i]);
		client = net_connect(fd_of(pair.old));
		ck_assert_int_eq(send(client, "hello", 5, 0), 5);
		service_retire(pair.old, &pair.shelf);
		shelf_close(&pair.shelf);
		turn(&pair);
		net_expect(client, "HELLO", 5);
		close(client);
		pair_free(&pair);
	}
}
END_TEST

/* Some told before the hand-over, some after: none twice. */
START_TEST(test_hand_over_drops)
{
	struct pair pair;
	uint64_t dropped;
	int client;

	share(&pair, "creosote", "creosote", "127.0.0.1:0/udp");
	shelf_close(&pair.shelf);
	client = net_connect(fd_of(pair.old));
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	while (pair.old->datagrams.lost == 0)
		turn(&pair);
	dropped = pair.old->datagrams.lost;
	ck_assert_uint_eq(dropped, socket_drops(fd_of(pair.old)));
	ck_assert_uint_eq(dropped + pair.old->datagrams.received, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	ck_assert_int_eq(service_share(pair.old, &pair.shelf), 0);
	start(&pair, pair.fresh);
	service_retire(pair.old, &pair.shelf);
	ck_assert_uint_eq(pair.old->datagrams.lost, dropped);
	while (pair.fresh->datagrams.lost == 0)
		turn(&pair);
	ck_assert_uint_eq(
	    pair.fresh->datagrams.lost + pair.fresh->datagrams.received, 1000);
	close(client);
	pair_free(&pair);
}
END_TEST

START_TEST(test_hand_over_connections)
{
	struct pair pair;
	int open, waiting;

	share(&pair, "echo", "echo-upper", "127.0.0.1:0/tcp");
	open = net_connect(fd_of(pair.old));
	turn(&pair);
	ck_assert_uint_eq(service_connections(pair.old), 1);
	waiting = net_connect(fd_of(pair.old));
	start(&pair, pair.fresh);
	service_retire(pair.old, &pair.shelf);
	ck_assert_int_eq(send(open, "old", 3, 0), 3);
	ck_assert_int_eq(send(waiting, "new", 3, 0), 3);
	for (int i = 0; i < 3; i++)
		turn(&pair);
	net_expect(open, "old", 3);
	net_expect(waiting, "NEW", 3);
	ck_assert_uint_eq(service_connections(pair.old), 1);
	ck_assert_uint_eq(pair.fresh->streams.accepted, 1);
	close(open);
	close(waiting);
	pair_free(&pair);
}
END_TEST

/* The path is the last one's to remove, in whatever order they go. */
START_TEST(test_unix_paths)
{
	static const char *const prefixes[] = { "unix:", "unixgram:" };

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char text[NET_PATH_SIZE], path[NET_PATH_SIZE];
		struct pair pair;
		int client;

		net_path(text, prefixes[i], "socket");
		net_path(path, "", "socket");
		share(&pair, "echo", "echo-upper", text);
		start(&pair, pair.fresh);
		service_retire(pair.old, &pair.shelf);
		service_stop(pair.old);
		ck_assert_int_eq(access(path, F_OK), 0);
		client = net_connect(fd_of(pair.fresh));
		close(client);
		service_stop(pair.fresh);
		ck_assert_int_eq(access(path, F_OK), -1);
		pair_free(&pair);
	}
}
END_TEST

/* A roll-back: nothing served, nothing removed, the old one goes on. */
START_TEST(test_cancel)
{
	static const char *const prefixes[] = { "unix:", "127.0.0.1:0/udp",
		"127.0.0.1:0/tcp" };

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char text[NET_PATH_SIZE];
		const char *listen = i == 0
		    ? net_path(text, prefixes[i], "socket")
		    : prefixes[i];
		struct pair pair;
		int client;
		unsigned before;

		share(&pair, "echo", "echo-upper", listen);
		shelf_close(&pair.shelf);
		before = net_count_descriptors();
		client = net_connect(fd_of(pair.old));
		ck_assert_int_eq(send(client, "hello", 5, 0), 5);
		ck_assert_int_eq(service_share(pair.old, &pair.shelf), 0);
		start(&pair, pair.fresh);
		service_cancel(pair.fresh);
		service_cancel(pair.fresh);
		ck_assert_uint_eq(pair.fresh->datagrams.received, 0);
		ck_assert_uint_eq(pair.fresh->streams.accepted, 0);
		ck_assert_uint_eq(net_count_descriptors(), before + 1);
		for (int j = 0; j < 3; j++)
			turn(&pair);
		net_expect(client, "hello", 5);
		close(client);
		pair_free(&pair);
	}
}
END_TEST

/* Without descriptors it fails, and what it has made so far can be closed. */
START_TEST(test_share_without_descriptors)
{
	struct rlimit limit = { .rlim_cur = 0, .rlim_max = 1024 };
	unsigned before;
	struct pair pair;

	share(&pair, "echo", "echo", "localhost:0");
	shelf_close(&pair.shelf);
	before = net_count_descriptors();
	limit.rlim_cur = (rlim_t)dup(0) + 1;
	close((int)limit.rlim_cur - 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(service_share(pair.old, &pair.shelf), -1);
	ck_assert_uint_eq(pair.shelf.count, 1);
	limit.rlim_cur = 1024;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	shelf_close(&pair.shelf);
	ck_assert_uint_eq(net_count_descriptors(), before);
	pair_free(&pair);
}
END_TEST

CHECK_MAIN("service_share", test_equal, test_equal_addresses,
    test_equal_of_own_options, test_failed_listen, test_hand_over_queue,
    test_retire_serves_what_is_left, test_hand_over_drops,
    test_hand_over_connections, test_unix_paths, test_cancel,
    test_share_without_descriptors)
