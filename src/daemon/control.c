/* SPDX-License-Identifier: ISC */
/*
 * The control service: HTTP/1.1 (RFC 9112) over unix sockets. A connection is
 * the stream engine's, with its limits and time-outs; a request is answered at
 * once where the answer is short, and piece by piece where it is not.
 */
#include "daemon/control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control_private.h"
#include "daemon/control_rates.h"

/* An answer may be long, and wait for who asked and does not read. */
#define CONNECTIONS_MAX 100

/* What the answers to one reading may come to, to be sent at once. */
#define ROOM (32UL << 10)

enum {
	OWNER,
	ALL
};

static const char *const who_names[] = {
	[OWNER] = "owner", [ALL] = "all", NULL
};

struct control_settings {
	int allow_changes; /* of who_names */
};

static const struct option control_options[] = {
	{ .name = "allow-changes",
	    .kind = OPTION_CHOICE,
	    .offset = offsetof(struct control_settings, allow_changes),
	    .initial = "owner",
	    .choices = who_names,
	    .help = "who may reload and rotate: root and netlabd's own user, "
		    "or all who can connect" },
	{ .name = NULL },
};

/* What is shown; NULL while no daemon runs. */
static struct daemon *the_daemon;

/* Connections that asked for a reload. */
static LIST_HEAD(, control_connection) waiting = LIST_HEAD_INITIALIZER(waiting);

struct daemon *
control_daemon(void)
{
	return the_daemon;
}

int
control_open(struct daemon *daemon)
{
	the_daemon = daemon;
	control_status_open();
	control_watch_memory();
	return control_rates_open(daemon);
}

void
control_close(void)
{
	control_rates_close();
	control_status_close();
	the_daemon = NULL;
}

struct service *
control_find(const char *name)
{
	const struct config *config = the_daemon->config;

	for (size_t i = 0; i < config->service_count; i++)
		if (strcmp(service_name(config->services[i]), name) == 0)
			return config->services[i];
	return NULL;
}

void
control_wait_for_reload(struct control_connection *connection)
{
	connection->is_busy = true;
	connection->waits = true;
	connection->room = 0;
	LIST_INSERT_HEAD(&waiting, connection, waiting);
	daemon_ask_reload(the_daemon);
}

static void
stop_waiting(struct control_connection *connection)
{
	if (connection->waits)
		LIST_REMOVE(connection, waiting);
	connection->waits = false;
}

void
control_reloaded(void)
{
	const struct outcome *outcome = &the_daemon->last_reload;
	struct control_connection *connection;

	control_rates_forget();
	while ((connection = LIST_FIRST(&waiting)) != NULL) {
		stop_waiting(connection);
		control_answer(connection, outcome->done ? 200 : 409,
		    control_outcome(outcome));
	}
}

/* --- Slots */

static void
take_head(void *arg, const struct http_head *head)
{
	struct control_connection *connection = arg;

	connection->head = head;
	if (head->expects && !head->is_old)
		stream_write(
		    connection->stream, HTTP_CONTINUE, strlen(HTTP_CONTINUE));
}

static const struct http_handler handler = { .head = take_head };

static void
control_stream_open(struct stream *stream)
{
	struct control_connection *connection = stream_state(stream);

	connection->stream = stream;
	connection->http = http_new(HTTP_REQUESTS, &handler, connection);
	if (connection->http == NULL)
		stream_close(stream);
}

/* One request, or a part of it: returns how many bytes. */
static size_t
take_request(
    struct control_connection *connection, const char *data, size_t len)
{
	struct http *http = connection->http;
	size_t taken = http_feed(http, data, len);
	unsigned fault = http_fault(http);

	connection->has_more = taken < len;
	if (fault != 0) {
		connection->head = NULL;
		control_error(connection, fault, "%s", http_status_text(fault));
		return len;
	}
	if (http_is_complete(http))
		control_request(connection);
	return taken;
}

static void
control_stream_data(struct stream *stream, char *data, size_t len)
{
	struct control_connection *connection = stream_state(stream);

	connection->room = ROOM;
	/* An answer that takes its time is the last, where more has come. */
	while (len > 0 && !connection->is_busy && !connection->closes) {
		size_t taken = take_request(connection, data, len);

		data += taken;
		len -= taken;
	}
}

/* It is not over before its answer: the reload is next, or will not be. */
static void
wait_on(struct control_connection *connection)
{
	if (!the_daemon->stopping) {
		stream_pull(connection->stream);
		return;
	}
	stop_waiting(connection);
	control_error(connection, 503, "netlabd is stopping");
}

static void
control_stream_end(struct stream *stream)
{
	struct control_connection *connection = stream_state(stream);

	if (connection->tail != NULL)
		control_tail_end(connection);
	else if (connection->waits)
		wait_on(connection);
}

static void
control_stream_pull(struct stream *stream)
{
	struct control_connection *connection = stream_state(stream);

	if (connection->waits)
		wait_on(connection);
	else
		control_pull(connection);
}

static void
control_stream_close(struct stream *stream)
{
	struct control_connection *connection = stream_state(stream);

	stop_waiting(connection);
	control_tail_free(connection->tail);
	http_free(connection->http);
	free(connection->block);
}

static int
control_start(struct service *service, char why[WHY_SIZE])
{
	(void)service;
	(void)why;
	control_rates_need();
	return 0;
}

bool
control_may_change(const struct control_connection *connection)
{
	const struct control_settings *settings =
	    service_settings(stream_service(connection->stream));
	uid_t uid;

	if (settings->allow_changes == ALL)
		return true;
	return stream_peer_uid(connection->stream, &uid) == 0 &&
	    (uid == 0 || uid == geteuid());
}

const struct service_type control_service = {
	.name = "control",
	.summary = "shows the daemon and takes orders, in HTTP and JSON over "
		   "unix sockets",
	.options = control_options,
	.settings_size = sizeof(struct control_settings),
	.state_size = sizeof(struct control_state),
	.stream_state_size = sizeof(struct control_connection),
	.transports = TRANSPORT_UNIX,
	.connections_max = CONNECTIONS_MAX,
	.start = control_start,
	.timer = control_tail_timer,
	.stream.open = control_stream_open,
	.stream.data = control_stream_data,
	.stream.end = control_stream_end,
	.stream.pull = control_stream_pull,
	.stream.close = control_stream_close,
};
