/* SPDX-License-Identifier: ISC */
/* Listeners: their limits, and what they do without descriptors. */
#include "net/stream.h"

#include <sys/resource.h>

#include "check_main.h"
#include "check_stream.h"

#define CLIENTS 200

static void
echo_data(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
}

static const struct stream_handler echo = { .data = echo_data };

/* It is served: a byte goes there and back. */
static void
check_served(struct host *host, struct client *client)
{
	size_t before = client->in_len;

	ck_assert_int_eq(send(client->fd, "x", 1, MSG_NOSIGNAL), 1);
	HOST_UNTIL(host, client->in_len > before || client->at_end);
	ck_assert(!client->at_end);
	ck_assert_uint_eq(client->in_len, before + 1);
}

/* More than a batch at once, all served side by side. */
START_TEST(test_many)
{
	static struct client clients[CLIENTS];
	struct host host;

	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	for (size_t i = 0; i < CLIENTS; i++)
		client_open(&clients[i], &host);
	for (size_t i = CLIENTS; i-- > 0;)
		check_served(&host, &clients[i]);
	ck_assert_uint_eq(host.counters.open, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i += 2)
		client_close(&clients[i]);
	HOST_UNTIL(&host, host.closed == CLIENTS / 2);
	for (size_t i = 1; i < CLIENTS; i += 2)
		check_served(&host, &clients[i]);
	for (size_t i = 1; i < CLIENTS; i += 2)
		client_close(&clients[i]);
	HOST_UNTIL(&host, host.closed == CLIENTS);
	host_close(&host);
}
END_TEST

/* Over the limit: reset at once, counted, and the others unharmed. */
static void
check_limit(struct host *host)
{
	struct client in[2], over[3], later;

	host_open(host, "127.0.0.1:0/tcp");
	for (size_t i = 0; i < COUNT(in); i++)
		client_open(&in[i], host);
	HOST_UNTIL(host, host->opened == 2);
	for (size_t i = 0; i < COUNT(over); i++)
		client_open(&over[i], host);
	for (size_t i = 0; i < COUNT(over); i++) {
		HOST_UNTIL(host, over[i].at_end);
		ck_assert_int_eq(over[i].error, ECONNRESET);
		ck_assert_uint_eq(over[i].in_len, 0);
		client_close(&over[i]);
	}
	ck_assert_uint_eq(host->counters.refused[GUARD_MAX_CONNECTIONS], 3);
	ck_assert_uint_eq(host->counters.accepted, 2);
	ck_assert_uint_eq(host->counters.open, 2);
	check_served(host, &in[0]);
	client_close(&in[1]);
	HOST_UNTIL(host, host->closed == 1);
	client_open(&later, host);
	check_served(host, &later);
	check_served(host, &in[0]);
	ck_assert_uint_eq(host->counters.refused[GUARD_MAX_CONNECTIONS], 3);
	client_close(&later);
	client_close(&in[0]);
	host_close(host);
}

START_TEST(test_max_connections)
{
	struct host host;

	host_init(&host, &echo);
	host.config.max_connections = 2;
	check_limit(&host);
}
END_TEST

START_TEST(test_pool)
{
	struct host host;

	host_init(&host, &echo);
	host.pool.max = 2;
	check_limit(&host);
}
END_TEST

/* The limits count what all listeners of a service have, and all services. */
START_TEST(test_shared)
{
	struct stream_listener *other;
	struct client one, two;
	struct host host;
	int fd;

	host_init(&host, &echo);
	host.config.max_connections = 1;
	host_open(&host, "127.0.0.1:0/tcp");
	fd = net_open("127.0.0.1:0/tcp", 0);
	other = stream_listen(host.base, fd, &host.config);
	client_open(&one, &host);
	check_served(&host, &one);
	host.fd = fd;
	client_open(&two, &host);
	HOST_UNTIL(&host, two.at_end);
	ck_assert_uint_eq(host.counters.refused[GUARD_MAX_CONNECTIONS], 1);
	check_served(&host, &one);
	stream_listener_free(other);
	client_close(&one);
	client_close(&two);
	host_close(&host);
}
END_TEST

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

/* No descriptor may be opened above those that are open now. */
static void
set_descriptors(rlim_t count)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* It accepts first, and closes then what is over the limit. */
static bool
is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* Without descriptors it looks again ten times a second, and no oftener. */
START_TEST(test_no_descriptors)
{
	struct timeval while_resting = { .tv_usec = 350000 };
	struct client served, waiting[3];
	struct host host;
	bool over = false;
	int free_fd;

	if (is_valgrind())
		return;
	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&served, &host);
	check_served(&host, &served);
	for (size_t i = 0; i < COUNT(waiting); i++)
		client_open(&waiting[i], &host);
	free_fd = dup(0);
	close(free_fd);
	set_descriptors((rlim_t)free_fd);
	event_base_once(
	    host.base, -1, EV_TIMEOUT, end_cb, &over, &while_resting);
	HOST_UNTIL(&host, host.accept_failed == 1);
	ck_assert_int_eq(host.error, EMFILE);
	while (!over)
		check_served(&host, &served);
	ck_assert_uint_ge(host.counters.accept_failures, 2);
	ck_assert_uint_le(host.counters.accept_failures, 5);
	ck_assert_uint_eq(host.accept_failed, host.counters.accept_failures);
	ck_assert_uint_eq(host.counters.accepted, 1);
	set_descriptors((rlim_t)free_fd + 10);
	for (size_t i = 0; i < COUNT(waiting); i++) {
		check_served(&host, &waiting[i]);
		client_close(&waiting[i]);
	}
	client_close(&served);
	host_close(&host);
}
END_TEST

/* A stop while it rests leaves no timer behind. */
START_TEST(test_stop_while_resting)
{
	struct client waiting;
	struct host host;
	int free_fd;

	host_init(&host, &echo);
	host_open(&host, "127.0.0.1:0/tcp");
	client_open(&waiting, &host);
	free_fd = dup(0);
	close(free_fd);
	set_descriptors((rlim_t)free_fd);
	HOST_UNTIL(&host, host.accept_failed == 1);
	stream_listener_stop(host.listener);
	HOST_UNTIL(&host, waiting.at_end);
	client_close(&waiting);
	ck_assert_int_eq(
	    event_base_get_num_events(host.base, EVENT_BASE_COUNT_ADDED), 0);
	host_close(&host);
}
END_TEST

CHECK_MAIN("stream_listener", test_many, test_max_connections, test_pool,
    test_shared, test_no_descriptors, test_stop_while_resting)
