/* SPDX-License-Identifier: ISC */
/* The stream engine with a handler of the test, and clients in its loop. */
#ifndef CHECK_STREAM_H
#define CHECK_STREAM_H

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>

#include "check_net.h"
#include "net/stream.h"

/* A listener and what its observer was told. */
struct host {
	struct event_base *base;
	struct stream_counters counters;
	struct stream_pool pool;
	struct stream_config config; /* may be changed before host_open() */
	struct stream_listener *listener;
	int fd;
	unsigned opened, closed, accept_failed;
	enum stream_reason reason; /* of the last one closed */
	int error;                 /* of the last failed accept */
};

static inline void
host_opened(
    void *owner, unsigned id, const struct sockaddr *peer, socklen_t peer_len)
{
	(void)peer;
	(void)peer_len;
	ck_assert_uint_eq(id, ++((struct host *)owner)->opened);
}

static inline void
host_closed(void *owner, unsigned id, enum stream_reason reason)
{
	struct host *host = owner;

	(void)id;
	host->closed++;
	host->reason = reason;
}

static inline void
host_accept_failed(void *owner, int error)
{
	struct host *host = owner;

	host->accept_failed++;
	host->error = error;
}

static const struct stream_observer host_observer = {
	.opened = host_opened,
	.closed = host_closed,
	.accept_failed = host_accept_failed,
};

/* Defaults that limit nothing; the daemon ignores SIGPIPE too. */
static inline void
host_init(struct host *host, const struct stream_handler *handler)
{
	memset(host, 0, sizeof(*host));
	signal(SIGPIPE, SIG_IGN);
	host->base = event_base_new();
	ck_assert_ptr_nonnull(host->base);
	host->pool.max = 10000;
	host->pool.max_output = 1 << 26;
	host->config = (struct stream_config){
		.handler = handler,
		.observer = &host_observer,
		.owner = host,
		.counters = &host->counters,
		.pool = &host->pool,
		.max_connections = 10000,
		.max_output = 1 << 18,
		.max_line = 1 << 16,
	};
}

static inline void
host_open(struct host *host, const char *text)
{
	host->fd = net_open(text, 0);
	host->listener = stream_listen(host->base, host->fd, &host->config);
	ck_assert_ptr_nonnull(host->listener);
	ck_assert_int_eq(stream_listener_fd(host->listener), host->fd);
}

/* Every figure must come out even. */
static inline void
host_close(struct host *host)
{
	uint64_t closed = 0;

	stream_listener_free(host->listener);
	ck_assert_uint_eq(host->counters.open, 0);
	ck_assert_uint_eq(host->pool.open, 0);
	ck_assert_uint_eq(host->pool.output, 0);
	for (int i = 0; i < STREAM_REASONS; i++)
		closed += host->counters.closed[i];
	ck_assert_uint_eq(closed, host->counters.accepted);
	ck_assert_uint_eq(host->closed, host->counters.accepted);
	ck_assert_uint_eq(host->opened, host->counters.accepted);
	event_base_free(host->base);
}

/* Runs what is due now. */
static inline void
host_step(struct host *host)
{
	event_base_loop(host->base, EVLOOP_NONBLOCK);
}

/* Runs until the condition holds; check's time-out is the end of patience. */
#define HOST_UNTIL(host, condition)                                 \
	do {                                                        \
		while (!(condition))                                \
			event_base_loop((host)->base, EVLOOP_ONCE); \
	} while (0)

/* Runs until nothing moves any more, neither bytes nor connections. */
static inline void
host_settle(struct host *host)
{
	const struct stream_counters *now = &host->counters;
	uint64_t before = ~now->read_bytes;

	for (int quiet = 0; quiet < 20; quiet++) {
		uint64_t sum = now->read_bytes + now->written_bytes +
		    now->accepted + host->closed;

		if (sum != before)
			quiet = 0;
		before = sum;
		host_step(host);
	}
}

/* A client in the host's loop: reads all that comes, while it `reads`. */
struct client {
	int fd;
	struct event *readable, *writable;
	char *in;
	size_t in_len, in_size;
	const char *out; /* to be sent */
	size_t out_len, out_done;
	bool finishes; /* half-closes when all is sent */
	bool at_end;
	int error; /* of reading or writing; 0: none */
};

static inline void
client_read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	ssize_t n;

	(void)what;
	if (client->in_size - client->in_len < 65536) {
		client->in_size += client->in_size + 65536;
		client->in = realloc(client->in, client->in_size);
		ck_assert_ptr_nonnull(client->in);
	}
	n = read(fd, client->in + client->in_len, 65536);
	if (n > 0) {
		client->in_len += (size_t)n;
		return;
	}
	if (n == -1 && errno == EAGAIN)
		return;
	client->at_end = true;
	client->error = n == 0 ? 0 : errno;
	event_del(client->readable);
}

static inline void
client_write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	ssize_t n = send(fd, client->out + client->out_done,
	    client->out_len - client->out_done, MSG_NOSIGNAL);

	(void)what;
	if (n == -1 && errno != EAGAIN) {
		client->error = errno;
		event_del(client->writable);
	}
	if (n > 0)
		client->out_done += (size_t)n;
	if (client->out_done < client->out_len)
		return;
	event_del(client->writable);
	if (client->finishes)
		shutdown(fd, SHUT_WR);
}

/* Takes a connected socket. */
static inline void
client_use(struct client *client, struct host *host, int fd)
{
	memset(client, 0, sizeof(*client));
	client->fd = fd;
	ck_assert_int_eq(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
	client->readable = event_new(host->base, client->fd,
	    EV_READ | EV_PERSIST, client_read_cb, client);
	client->writable = event_new(host->base, client->fd,
	    EV_WRITE | EV_PERSIST, client_write_cb, client);
	event_add(client->readable, NULL);
}

static inline void
client_open(struct client *client, struct host *host)
{
	client_use(client, host, net_connect(host->fd));
}

/* Sends in the loop; the data stay the caller's, and must stay. */
static inline void
client_send(struct client *client, const char *data, size_t len, bool finishes)
{
	client->out = data;
	client->out_len = len;
	client->out_done = 0;
	client->finishes = finishes;
	event_add(client->writable, NULL);
}

static inline void
client_close(struct client *client)
{
	event_free(client->readable);
	event_free(client->writable);
	close(client->fd);
	free(client->in);
}

/* Closes with a reset instead of an end. */
static inline void
client_reset(struct client *client)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	client_close(client);
}

/* It got these bytes, in this order, and a clean end. */
static inline void
client_expect(const struct client *client, const char *data, size_t len)
{
	ck_assert_int_eq(client->error, 0);
	ck_assert_uint_eq(client->in_len, len);
	if (len > 0)
		ck_assert_mem_eq(client->in, data, len);
	ck_assert(client->at_end);
}

/* Bytes that show where they belong. */
static inline char *
make_pattern(size_t len)
{
	char *data = malloc(len);

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 251 + i / 65537);
	return data;
}

#endif
