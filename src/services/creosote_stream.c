/* SPDX-License-Identifier: ISC */
/* Connections to a bucket. */
#include "services/creosote_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * What is read at once is taken in such parts of the queue: one of empty lines
 * becomes more than a hundred times as long.
 */
#define PIECE_SHARE 1024

/* Messages on their way out of the framing. */
struct delivery {
	struct service *service;
	struct bucket_arrival arrival;
};

static struct framing_rules
rules_of(const struct service *service)
{
	const struct bucket_settings *settings = service_settings(service);

	return (struct framing_rules){
		.kind = settings->decode == BUCKET_DECODE_SYSLOG
		    ? FRAMING_SYSLOG
		    : FRAMING_LINES,
		.max = settings->max_record,
	};
}

static struct delivery
delivery_of(const struct bucket_stream *connection)
{
	return (struct delivery){
		.service = stream_service(connection->stream),
		.arrival = { .peer = (const struct sockaddr *)&connection->peer,
		    .peer_len = connection->peer_len,
		    .source = { connection->source, connection->source_len },
		    .time_ns = clock_now_ns() },
	};
}

static void
take_message(void *arg, const char *data, size_t len, uint64_t true_len)
{
	struct delivery *delivery = arg;

	delivery->arrival.data = (struct slice){ data, len };
	delivery->arrival.true_len = true_len;
	bucket_take(delivery->service, &delivery->arrival);
}

/* Half of the queue is left to datagrams, and to what was read already. */
static bool
is_above_mark(const struct bucket *bucket)
{
	return bucket->sinks.memory.used > bucket->sinks.memory.max / 2;
}

static void
hold_all(struct bucket *bucket, bool hold)
{
	struct bucket_stream *connection;

	bucket->holds = hold;
	LIST_FOREACH(connection, &bucket->streams, entry)
	stream_hold(connection->stream, hold);
}

static void
feed(struct bucket_stream *connection, const char *data, size_t len)
{
	struct delivery delivery = delivery_of(connection);
	struct framing_rules rules = rules_of(delivery.service);

	framing_feed(
	    &connection->framing, &rules, data, len, take_message, &delivery);
}

/* As much as there is room for; returns how much. */
static size_t
feed_until_mark(struct bucket_stream *connection, const char *data, size_t len)
{
	struct service *service = stream_service(connection->stream);
	struct bucket *bucket = service_state(service);
	size_t piece = bucket->sinks.memory.max / PIECE_SHARE, done = 0;

	while (done < len) {
		if (is_above_mark(bucket))
			(void)bucket_sinks_flush(&bucket->sinks, false);
		if (is_above_mark(bucket))
			break;
		if (piece > len - done)
			piece = len - done;
		feed(connection, data + done, piece);
		done += piece;
	}
	return done;
}

/* Gives what waits of it, whether there is room or not. */
static void
feed_rest(struct bucket_stream *connection)
{
	if (connection->rest == NULL)
		return;
	feed(connection, connection->rest, connection->rest_len);
	free(connection->rest);
	connection->rest = NULL;
}

/* What finds no room waits with its connection. */
static void
keep_rest(struct bucket_stream *connection, const char *data, size_t len)
{
	if ((connection->rest = malloc(len)) == NULL) {
		feed(connection, data, len);
		return;
	}
	memcpy(connection->rest, data, len);
	connection->rest_len = len;
}

void
bucket_stream_open(struct stream *stream)
{
	struct bucket_stream *connection = stream_state(stream);
	struct bucket *bucket = service_state(stream_service(stream));

	connection->stream = stream;
	connection->peer_len = stream_peer(stream, &connection->peer);
	connection->source_len = address_format(connection->source,
	    (struct sockaddr *)&connection->peer, connection->peer_len);
	LIST_INSERT_HEAD(&bucket->streams, connection, entry);
	stream_hold(stream, bucket->holds);
}

void
bucket_stream_data(struct stream *stream, char *data, size_t len)
{
	struct bucket_stream *connection = stream_state(stream);
	size_t done;

	feed_rest(connection); /* only at a stop is it read all the same */
	done = feed_until_mark(connection, data, len);
	if (done == len)
		return;
	keep_rest(connection, data + done, len - done);
	hold_all(service_state(stream_service(stream)), true);
}

void
bucket_stream_end(struct stream *stream)
{
	struct bucket_stream *connection = stream_state(stream);
	struct delivery delivery = delivery_of(connection);
	struct framing_rules rules = rules_of(delivery.service);

	feed_rest(connection);
	framing_end(&connection->framing, &rules, take_message, &delivery);
}

/*
 * It may have been reset: what came until then came. After that no end of a
 * batch follows, so the timer has to have it written.
 */
void
bucket_stream_close(struct stream *stream)
{
	struct bucket_stream *connection = stream_state(stream);

	bucket_stream_end(stream);
	framing_free(&connection->framing);
	LIST_REMOVE(connection, entry);
	service_set_timer(stream_service(stream), 0);
}

bool
bucket_streams_release(struct service *service)
{
	struct bucket *bucket = service_state(service);
	struct bucket_stream *connection;
	bool fed = false;

	if (!bucket->holds ||
	    bucket->sinks.memory.used > bucket->sinks.memory.max / 4)
		return false;
	LIST_FOREACH(connection, &bucket->streams, entry)
	{
		size_t done;

		if (connection->rest == NULL)
			continue;
		fed = true;
		done = feed_until_mark(
		    connection, connection->rest, connection->rest_len);
		if (done < connection->rest_len) {
			connection->rest_len -= done;
			memmove(connection->rest, connection->rest + done,
			    connection->rest_len);
			return true;
		}
		free(connection->rest);
		connection->rest = NULL;
	}
	hold_all(bucket, false);
	return fed;
}
