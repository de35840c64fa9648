/* SPDX-License-Identifier: ISC */
/*
 * A control service in a loop of the test's, a bucket whose history the test
 * fills, and clients.
 */
#ifndef CHECK_CONTROL_H
#define CHECK_CONTROL_H

#include <errno.h>
#include <stdio.h>

#include "check_service.h"
#include "daemon/control.h"
#include "daemon/daemon_private.h"
#include "net/http.h"

/* --- The bucket */

struct fake {
	struct history *history;
	const char *rotate_fails; /* why; NULL: it does not */
	unsigned rotated;
	size_t too_long; /* messages of this length do not fit; 0: all do */
};

static inline struct history *
fake_history(struct service *service)
{
	return ((struct fake *)service_state(service))->history;
}

static inline size_t
fake_json(const struct service *service, const struct history_item *item,
    char *out, size_t size)
{
	const struct fake *fake = service_state_const(service);
	int len;

	if (fake->too_long != 0 && item->message.len == fake->too_long)
		return 0;
	len = snprintf(out, size, "{\"sequence\":%llu,\"message\":\"%.*s\"}",
	    (unsigned long long)item->sequence, (int)item->message.len,
	    item->message.data);
	return (size_t)len < size ? (size_t)len : 0;
}

static inline int
fake_rotate(struct service *service, char why[WHY_SIZE])
{
	struct fake *fake = service_state(service);

	if (fake->rotate_fails != NULL)
		return why_set(why, "%s", fake->rotate_fails);
	fake->rotated++;
	return 0;
}

static inline void
fake_describe(const struct service *service, const struct service_words *words)
{
	(void)service;
	words->number(words->arg, "waiting", 7);
	words->text(words->arg, "file", "/tmp/\xff\"x");
}

static void
fake_paths(const void *settings, service_path_fn *file, void *arg)
{
	(void)settings;
	file(arg, "/tmp/bucket");
}

static const struct service_type fake_type = {
	.name = "fake",
	.summary = "a bucket",
	.state_size = sizeof(struct fake),
	.history = fake_history,
	.history_json = fake_json,
	.rotate = fake_rotate,
	.paths = fake_paths,
	.describe = fake_describe,
};

/* --- The daemon */

struct world {
	struct daemon daemon;
	struct config config;
	struct service *services[2]; /* the control service, the bucket */
	struct fake *fake;
	char path[NET_PATH_SIZE];
};

/* In place of a reload. */
static inline void
world_reload_cb(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;

	(void)fd;
	(void)what;
	world->daemon.last_reload.time_ns = 1;
	control_reloaded();
}

/* The stop comes first. */
static inline void
world_no_reload_cb(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;

	(void)fd;
	(void)what;
	world->daemon.stopping = true;
}

static inline void
world_open(struct world *world, const char *option, const char *value)
{
	struct shelf shelf = { .places = NULL };
	char why[WHY_SIZE];

	memset(world, 0, sizeof(*world));
	signal(SIGPIPE, SIG_IGN);
	world->daemon.base = event_base_new();
	world->daemon.pool.max = 1000;
	world->daemon.config = &world->config;
	world->daemon.reload_event =
	    evtimer_new(world->daemon.base, world_reload_cb, world);
	world->services[0] = make_service("control", "listen",
	    net_path(world->path, "unix:", "control"), option, value, NULL);
	world->services[1] = service_new(&fake_type, "bucket");
	world->fake = service_state(world->services[1]);
	world->fake->history = history_new(0);
	world->config.services = world->services;
	world->config.service_count = 2;
	ck_assert_int_eq(control_open(&world->daemon), 0);
	ck_assert_int_eq(service_listen(world->services[0], world->daemon.base,
			     &world->daemon.pool, &shelf, why),
	    0);
	ck_assert_int_eq(service_start(world->services[0], why), 0);
}

static inline void
world_close(struct world *world)
{
	service_free(world->services[0]);
	if (world->config.service_count > 1) {
		history_free(world->fake->history);
		service_free(world->services[1]);
	}
	control_close();
	ck_assert_uint_eq(world->daemon.pool.open, 0);
	event_free(world->daemon.reload_event);
	event_base_free(world->daemon.base);
}

static inline uint64_t
world_add(struct world *world, const char *source, int64_t time_ns,
    const char *message)
{
	struct history_item item = { .time_ns = time_ns,
		.source = { source, strlen(source) },
		.message = { message, strlen(message) } };

	return history_add(world->fake->history, &item);
}

/* --- Clients */

struct viewer {
	int fd;
	struct http *http;
	unsigned status;
	char *body;
	size_t len;
	bool is_complete, at_end, sleeps;
};

static inline void
viewer_head(void *arg, const struct http_head *head)
{
	((struct viewer *)arg)->status = head->status;
}

static inline void
viewer_body(void *arg, const char *data, size_t len)
{
	struct viewer *viewer = arg;

	viewer->body = realloc(viewer->body, viewer->len + len + 1);
	memcpy(viewer->body + viewer->len, data, len);
	viewer->len += len;
	viewer->body[viewer->len] = '\0';
}

static inline void
viewer_end(void *arg)
{
	((struct viewer *)arg)->is_complete = true;
}

static inline void
viewer_open(struct viewer *viewer, struct world *world, const char *request)
{
	static const struct http_handler handler = {
		.head = viewer_head, .body = viewer_body, .end = viewer_end
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(viewer, 0, sizeof(*viewer));
	viewer->body = calloc(1, 1);
	viewer->http = http_new(HTTP_RESPONSES, &handler, viewer);
	viewer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	strcpy(address.sun_path, world->path + strlen("unix:"));
	ck_assert_int_eq(
	    connect(viewer->fd, (struct sockaddr *)&address, sizeof(address)),
	    0);
	ck_assert_int_eq(send(viewer->fd, request, strlen(request), 0),
	    (int)strlen(request));
}

static inline void
viewer_close(struct viewer *viewer)
{
	close(viewer->fd);
	http_free(viewer->http);
	free(viewer->body);
}

static inline void
viewer_read(struct viewer *viewer)
{
	char data[65536];
	ssize_t len = 1;

	while (!viewer->sleeps && !viewer->at_end && len > 0) {
		len = read(viewer->fd, data, sizeof(data));
		if (len > 0)
			ck_assert_uint_eq(
			    http_feed(viewer->http, data, (size_t)len),
			    (size_t)len);
		else if (len == 0 || errno != EAGAIN)
			viewer->at_end = true;
		if (viewer->at_end)
			(void)http_close(viewer->http);
	}
}

/* Runs the loop and reads until the condition holds. */
#define UNTIL(world, viewers, count, condition)                                \
	do {                                                                   \
		while (!(condition)) {                                         \
			event_base_loop(                                       \
			    (world)->daemon.base, EVLOOP_NONBLOCK);            \
			for (size_t viewer_ = 0; viewer_ < (count); viewer_++) \
				viewer_read(&(viewers)[viewer_]);              \
		}                                                              \
	} while (0)

#define GET(target)                        \
	"GET " target " HTTP/1.1\r\n"      \
	"Host: x\r\nConnection: close\r\n" \
	"\r\n"
#define POST(target)                       \
	"POST " target " HTTP/1.1\r\n"     \
	"Host: x\r\nConnection: close\r\n" \
	"\r\n"

/* The status of the answer, and its body, which is to be freed. */
static inline unsigned
ask(struct world *world, const char *request, char **body)
{
	struct viewer viewer;

	viewer_open(&viewer, world, request);
	UNTIL(world, &viewer, 1, viewer.at_end);
	ck_assert(viewer.is_complete);
	*body = strdup(viewer.body);
	viewer_close(&viewer);
	return viewer.status;
}

static inline void
ask_expect(struct world *world, const char *request, unsigned status,
    const char *expected)
{
	char *body;
	unsigned got = ask(world, request, &body);

	ck_assert_msg(got == status && strcmp(body, expected) == 0,
	    "%s: %u '%s', not %u '%s'", request, got, body, status, expected);
	free(body);
}

#endif
