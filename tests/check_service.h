/* SPDX-License-Identifier: ISC */
/* Services for tests: made by name and options, asked without sockets or over
 * a unix socket.
 */
#ifndef CHECK_SERVICE_H
#define CHECK_SERVICE_H

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>

#include "check_net.h"
#include "core/service.h"
#include "core/service_private.h"
#include "services/services.h"

static inline void
set_option(struct service *service, const char *name, const char *value)
{
	const struct option *row =
	    service_find_option(service_type(service), name);
	char why[WHY_SIZE] = "";

	ck_assert_msg(row != NULL, "no option %s", name);
	ck_assert_msg(service_set_option(service, row, value, why) == 0,
	    "%s = %s: %s", name, value, why);
}

/* make_service("echo", "listen", "2345", NULL): options and values in pairs. */
static inline struct service *
make_service(const char *type, ...)
{
	struct service *service;
	const char *name;
	va_list ap;

	ck_assert_msg(service_type_find(type) != NULL, "no type %s", type);
	service = service_new(service_type_find(type), "test");
	ck_assert_ptr_nonnull(service);
	va_start(ap, type);
	while ((name = va_arg(ap, const char *)) != NULL)
		set_option(service, name, va_arg(ap, const char *));
	va_end(ap);
	return service;
}

/* A datagram in memory of its own, so that tools see what is written beyond. */
struct question {
	struct datagram datagram;
	char *memory;
	struct sockaddr_storage peer;
};

static inline void
question_set(struct question *question, const void *data, size_t len,
    size_t size, int64_t received_ns)
{
	memset(question, 0, sizeof(*question));
	question->memory = malloc(size + 1);
	ck_assert_ptr_nonnull(question->memory);
	memcpy(question->memory, data, len);
	question->datagram = (struct datagram){
		.data = question->memory,
		.len = len,
		.size = size,
		.wire_len = len,
		.peer = (struct sockaddr *)&question->peer,
		.received_ns = received_ns,
	};
}

/* Asks a service as the engine would; true: it answers. */
static inline bool
ask_datagram(struct service *service, struct question *question,
    const void *data, size_t len, int64_t received_ns)
{
	const struct service_type *type = service_type(service);
	unsigned factor = type->amplification != 0 ? type->amplification : 1;

	/* By the headers of IPv4 and UDP, too. */
	question_set(
	    question, data, len, factor * (len + 28) - 28, received_ns);
	return type->datagram(service, &question->datagram);
}

static inline void
expect_answer(struct question *question, const void *data, size_t len)
{
	ck_assert_uint_eq(question->datagram.len, len);
	ck_assert_uint_le(question->datagram.len, question->datagram.size);
	if (len > 0)
		ck_assert_mem_eq(question->datagram.data, data, len);
	free(question->memory);
}

/* A service that listens on a unix socket. */
struct served {
	struct event_base *base;
	struct stream_pool pool;
	struct service *service;
	int fd; /* of its listener */
};

static inline void
serve(struct served *served, struct service *service)
{
	char text[NET_PATH_SIZE], why[WHY_SIZE] = "";
	struct shelf shelf = { .places = NULL };

	signal(SIGPIPE, SIG_IGN);
	memset(served, 0, sizeof(*served));
	served->base = event_base_new();
	served->pool.max = 1000;
	served->service = service;
	set_option(service, "listen", net_path(text, "unix:", "socket"));
	ck_assert_int_eq(service_check(service, why), 0);
	ck_assert_msg(service_listen(service, served->base, &served->pool,
			  &shelf, why) == 0 &&
		service_start(service, why) == 0,
	    "%s", why);
	served->fd = stream_listener_fd(service->listeners[0].stream);
}

static inline void
serve_end(struct served *served)
{
	service_free(served->service);
	event_base_free(served->base);
}

static inline int
serve_connect(struct served *served)
{
	uint64_t before = served->service->streams.accepted;
	int client = net_connect(served->fd);

	ck_assert_int_eq(fcntl(client, F_SETFL, O_NONBLOCK), 0);
	while (served->service->streams.accepted == before)
		event_base_loop(served->base, EVLOOP_ONCE);
	return client;
}

/* Sends a piece and waits until the service has read it, or has gone. */
static inline void
serve_send(struct served *served, int client, const void *data, size_t len)
{
	const struct stream_counters *counters = &served->service->streams;
	uint64_t expected = counters->read_bytes + len;

	if (send(client, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		return;
	while (counters->read_bytes < expected && counters->open > 0)
		event_base_loop(served->base, EVLOOP_ONCE);
}

/* Reads what is there; returns how much, *ends: and then the end. */
static inline size_t
serve_read(int client, char *out, size_t size, bool *ends)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(client, out + len, size - len, 0)) > 0)
		len += (size_t)n;
	*ends = n == 0;
	return len;
}

/*
 * One conversation of `len` bytes, cut after byte i where bit i of `cuts` is
 * set. Returns the length of what came back; *ends tells whether the service
 * ended it before the client did.
 */
static inline size_t
converse(struct served *served, const char *data, size_t len, unsigned cuts,
    char *out, size_t size, bool *ends)
{
	int client = serve_connect(served);
	size_t begin = 0, got;
	bool at_end;

	for (size_t i = 0; i < len; i++)
		if (i + 1 == len || (i < 32 && (cuts >> i & 1) != 0)) {
			serve_send(served, client, data + begin, i + 1 - begin);
			begin = i + 1;
		}
	got = serve_read(client, out, size, ends);
	shutdown(client, SHUT_WR);
	while (served->service->streams.open > 0)
		event_base_loop(served->base, EVLOOP_ONCE);
	if (!*ends) {
		got += serve_read(client, out + got, size - got, &at_end);
		ck_assert(at_end);
	}
	close(client);
	return got;
}

#endif
