/* SPDX-License-Identifier: ISC */
/* Those who wait for a place at a listener that closes get it in turn. */
#include "check_main.h"
#include "check_stream.h"

#define CLIENTS 300

static void
echo_data(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
}

static const struct stream_handler echo = { .data = echo_data };

/* How often somebody was judged: not all are, whenever one leaves. */
static unsigned judged;

enum guard_reason __real_admission_check_connection(
    const struct admission *admission, const struct sockaddr *peer);
enum guard_reason __wrap_admission_check_connection(
    const struct admission *admission, const struct sockaddr *peer);

enum guard_reason
__wrap_admission_check_connection(
    const struct admission *admission, const struct sockaddr *peer)
{
	judged++;
	return __real_admission_check_connection(admission, peer);
}

/* One that is answered and closed as soon as he is served. */
static void
open_passing(struct client *client, struct host *host)
{
	client_open(client, host);
	ck_assert_int_eq(send(client->fd, "hello", 5, 0), 5);
	ck_assert_int_eq(shutdown(client->fd, SHUT_WR), 0);
}

/*
 * More wait than may be in at once: each gets his turn, whether the listener
 * only closes, with those who are in going on, or stops.
 */
static void
check_turns(bool stops)
{
	static struct client clients[CLIENTS];
	struct host host;

	judged = 0;
	host_init(&host, &echo);
	host.config.max_connections = 1;
	host_open(&host, "127.0.0.1:0/tcp");
	for (size_t i = 0; i < CLIENTS; i++)
		open_passing(&clients[i], &host);
	if (stops)
		stream_listener_stop(host.listener);
	else
		stream_listener_close(host.listener, true);
	ck_assert_int_eq(stream_listener_fd(host.listener), -1);
	ck_assert_uint_gt(host.counters.waiting, 0);
	ck_assert_uint_le(host.counters.open, 1);
	for (size_t i = 0; i < CLIENTS; i++) {
		HOST_UNTIL(&host, clients[i].at_end);
		client_expect(&clients[i], "hello", 5);
		client_close(&clients[i]);
	}
	ck_assert_uint_eq(host.counters.accepted, CLIENTS);
	ck_assert_uint_eq(host.counters.waiting, 0);
	ck_assert_uint_eq(host.counters.refused[GUARD_MAX_CONNECTIONS], 0);
	ck_assert_uint_le(judged, 2 * CLIENTS);
	host_close(&host);
}

START_TEST(test_close_in_turn)
{
	check_turns(false);
}
END_TEST

START_TEST(test_stop_in_turn)
{
	check_turns(true);
}
END_TEST

/* Nobody leaves, so it is not waited for long; or the pool is full; or ever. */
START_TEST(test_no_turn)
{
	static const size_t pools[] = { 10, 3, 10 };

	for (size_t i = 0; i < COUNT(pools); i++) {
		const uint64_t *refused;
		struct client clients[4];
		struct host host;

		judged = 0;
		host_init(&host, &echo);
		refused = &host.counters.refused[GUARD_MAX_CONNECTIONS];
		host.config.max_connections = 1;
		host.pool.max = pools[i];
		host_open(&host, "127.0.0.1:0/tcp");
		for (size_t j = 0; j < COUNT(clients); j++)
			client_open(&clients[j], &host);
		stream_listener_close(host.listener, true);
		ck_assert_uint_eq(host.pool.open, i == 1 ? 3 : 4);
		ck_assert_uint_eq(host.counters.waiting, i == 1 ? 2 : 3);
		ck_assert_uint_eq(*refused, i == 1 ? 1 : 0);
		if (i < 2)
			HOST_UNTIL(&host, *refused == 3);
		ck_assert_uint_le(judged, 2 * COUNT(clients));
		host_close(&host);
		ck_assert_uint_eq(host.counters.accepted, 1);
		ck_assert_uint_eq(*refused, 3);
		for (size_t j = 0; j < COUNT(clients); j++)
			client_close(&clients[j]);
	}
}
END_TEST

/* Who leaves makes a place at both; nobody is judged in vain. */
START_TEST(test_places_of_two_listeners)
{
	struct client in, waiting[20];
	struct stream_listener *other;
	struct host host;
	int fd = net_open("127.0.0.1:0/tcp", 0);

	host_init(&host, &echo);
	host.config.max_connections = 1;
	host_open(&host, "127.0.0.1:0/tcp");
	other = stream_listen(host.base, fd, &host.config);
	client_open(&in, &host);
	HOST_UNTIL(&host, host.opened == 1);
	for (size_t i = 0; i < COUNT(waiting); i++) {
		if (i == COUNT(waiting) / 2)
			host.fd = fd;
		open_passing(&waiting[i], &host);
	}
	stream_listener_close(host.listener, true);
	stream_listener_close(other, true);
	ck_assert_uint_eq(host.counters.waiting, COUNT(waiting));
	judged = 0;
	client_close(&in);
	for (size_t i = 0; i < COUNT(waiting); i++) {
		HOST_UNTIL(&host, waiting[i].at_end);
		client_expect(&waiting[i], "hello", 5);
		client_close(&waiting[i]);
	}
	ck_assert_uint_eq(judged, COUNT(waiting));
	HOST_UNTIL(&host, host.counters.open == 0);
	stream_listener_free(other);
	host_close(&host);
}
END_TEST

static void
open_from(struct client *client, struct host *host, const char *source)
{
	struct address address = net_parse(source);
	struct sockaddr_storage local;
	socklen_t len = net_local(host->fd, &local);
	int fd = net_socket_like(host->fd);

	ck_assert_int_eq(bind(fd, &address.u.sa, address.len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&local, len), 0);
	client_use(client, host, fd);
}

/*
 * One of each of two sources may be in; then two more of the first and one of
 * the second wait.
 */
static void
open_sources(struct client clients[5], struct host *host)
{
	static const char *const sources[] = { "127.0.0.1:0/tcp",
		"127.0.0.2:0/tcp", "127.0.0.1:0/tcp", "127.0.0.1:0/tcp",
		"127.0.0.2:0/tcp" };
	static const struct admission_config limits = {
		.max_connections_per_source = 1,
		.max_connections = 10,
		.prefix4 = 32,
		.prefix6 = 64,
	};

	host_init(host, &echo);
	host->config.admission = admission_new(&limits);
	ck_assert_ptr_nonnull(host->config.admission);
	host_open(host, "127.0.0.1:0/tcp");
	for (size_t i = 0; i < COUNT(sources); i++)
		open_from(&clients[i], host, sources[i]);
	stream_listener_close(host->listener, true);
	ck_assert_uint_eq(host->opened, 2);
	ck_assert_uint_eq(host->counters.waiting, 3);
}

static void
close_sources(struct host *host)
{
	host_close(host);
	admission_free(host->config.admission);
}

static bool
is_served(struct host *host, struct client *client)
{
	size_t len = client->in_len;

	ck_assert_int_eq(send(client->fd, "x", 1, 0), 1);
	host_settle(host);
	return client->in_len == len + 1;
}

/* Who is of a source that has a place does not wait for those before him. */
START_TEST(test_place_of_a_source)
{
	struct client clients[5];
	struct host host;

	open_sources(clients, &host);
	client_close(&clients[1]);
	HOST_UNTIL(&host, host.opened == 3);
	ck_assert(is_served(&host, &clients[4]));
	judged = 0;
	client_close(&clients[0]);
	HOST_UNTIL(&host, host.opened == 4);
	ck_assert_uint_eq(judged, 1);
	ck_assert(is_served(&host, &clients[2]));
	client_close(&clients[4]);
	client_close(&clients[2]);
	HOST_UNTIL(&host, host.opened == 5);
	ck_assert_uint_eq(host.counters.waiting, 0);
	client_close(&clients[3]);
	close_sources(&host);
}
END_TEST

/* A place that nobody may take is looked at once, and nobody hopes for it. */
START_TEST(test_place_for_nobody)
{
	struct client clients[5];
	const uint64_t *refused;
	struct host host;

	open_sources(clients, &host);
	refused = &host.counters.refused[GUARD_MAX_CONNECTIONS_PER_SOURCE];
	client_close(&clients[1]);
	HOST_UNTIL(&host, host.opened == 3);
	judged = 0;
	client_close(&clients[4]);
	HOST_UNTIL(&host, *refused == 2);
	ck_assert_uint_le(judged, 4);
	client_close(&clients[0]);
	client_close(&clients[2]);
	client_close(&clients[3]);
	close_sources(&host);
}
END_TEST

/* Who is denied from now on does not wait for a place. */
START_TEST(test_review_denies)
{
	struct network_set *set = NULL;
	struct client clients[5];
	struct host host;
	char why[WHY_SIZE];

	open_sources(clients, &host);
	ck_assert_int_eq(network_set_parse(&set, "127.0.0.2", false, why), 0);
	admission_set(host.config.admission, set, false);
	network_set_release(set);
	stream_listener_review(host.listener);
	ck_assert_uint_eq(host.counters.waiting, 2);
	ck_assert_uint_eq(host.counters.refused[GUARD_DENIED_CONNECTION], 1);
	for (size_t i = 0; i < COUNT(clients); i++)
		client_close(&clients[i]);
	close_sources(&host);
}
END_TEST

/* Whom it is only told of from now on waits no more. */
START_TEST(test_review)
{
	struct client clients[5];
	struct host host;

	open_sources(clients, &host);
	admission_set(host.config.admission, NULL, true);
	stream_listener_review(host.listener);
	ck_assert_uint_eq(host.opened, 5);
	ck_assert_uint_eq(host.counters.waiting, 0);
	for (size_t i = 0; i < COUNT(clients); i++)
		client_close(&clients[i]);
	close_sources(&host);
}
END_TEST

CHECK_MAIN("stream_guest", test_close_in_turn, test_stop_in_turn, test_no_turn,
    test_places_of_two_listeners, test_place_of_a_source, test_place_for_nobody,
    test_review_denies, test_review)
