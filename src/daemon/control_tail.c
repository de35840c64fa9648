/* SPDX-License-Identifier: ISC */
/*
 * Following a bucket. Nothing is kept for a viewer but the number of the record
 * that it is to see next: it is given a block when it has taken the one before,
 * and where the bucket has forgotten what comes next by then, it is told how
 * many it has missed.
 */
#include "daemon/control_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A block is sent when it is so long; the last record may be longer. */
#define BLOCK_SIZE (32UL << 10)

/* The longest record as JSON: what does not fit is missed. */
#define RECORD_MAX (1UL << 20)

/* Room for the word on what was missed. */
#define MISSED_SIZE 64

/* Records are looked at for so long at a time, so that the loop goes on. */
#define LOOK_MS 3

/* Those who need more of it take turns, and so long the others have theirs. */
#define TURN_MS 3

/* Viewers of records that come all the time are woken so often. */
#define REST_MS 20

struct control_tail {
	struct history_watcher watcher;
	struct control_connection *connection;
	struct control_query query;
	struct service *bucket;  /* as long as its history */
	struct history *history; /* NULL: it is gone, with no other */
	char *name;              /* of the bucket */
	uint64_t back;   /* looking for the first: to be looked at next */
	uint64_t wanted; /* of the last ones: still to be found */
	uint64_t next;   /* to be looked at next */
	uint64_t limit;  /* where it ends */
	uint64_t missed; /* and not told */
	bool searches;   /* for the first */
	bool woken;      /* while it rests */
	bool is_hungry;  /* time was over before it was through */
	bool is_over;    /* the last block was made */
	LIST_ENTRY(control_tail) entry;
};

static LIST_HEAD(, control_tail) tails = LIST_HEAD_INITIALIZER(tails);

/* When the next of the hungry ones has its turn. */
static int64_t next_turn_ms;

/* The lines of the block that is being made. */
static struct {
	char data[BLOCK_SIZE + RECORD_MAX];
	size_t len;
} lines;

static void
wake(struct history_watcher *watcher)
{
	struct control_tail *tail = (void *)watcher;
	struct stream *stream = tail->connection->stream;
	struct service *service = stream_service(stream);
	struct control_state *state = service_state(service);

	if (state->rests) {
		tail->woken = true;
		return;
	}
	state->rests = true;
	service_set_timer(service, REST_MS);
	stream_pull(stream);
}

void
control_tail_timer(struct service *service)
{
	struct control_state *state = service_state(service);
	struct control_tail *tail;

	state->rests = false;
	LIST_FOREACH(tail, &tails, entry)
	{
		struct stream *stream = tail->connection->stream;

		if (!tail->woken || stream_service(stream) != service)
			continue;
		tail->woken = false;
		state->rests = true;
		stream_pull(stream);
	}
	if (state->rests)
		service_set_timer(service, REST_MS);
}

static struct history *
history_of(struct service *service)
{
	if (service == NULL || service_type(service)->history == NULL ||
	    service_type(service)->history_json == NULL)
		return NULL;
	return service_type(service)->history(service);
}

static void
add_missed(struct control_tail *tail)
{
	if (tail->missed == 0)
		return;
	lines.len += (size_t)snprintf(lines.data + lines.len, MISSED_SIZE,
	    "{\"missed\":%" PRIu64 "}\n", tail->missed);
	tail->missed = 0;
}

/* Adds a record to the lines, behind what was missed before it. */
static void
add_record(struct control_tail *tail, const struct history_item *item)
{
	const struct service_type *type = service_type(tail->bucket);
	char *record = lines.data + lines.len + MISSED_SIZE;
	size_t len = type->history_json(
	    tail->bucket, item, record, RECORD_MAX - MISSED_SIZE - 1);

	if (len == 0) {
		tail->missed++;
		return;
	}
	add_missed(tail);
	memmove(lines.data + lines.len, record, len);
	lines.len += len;
	lines.data[lines.len++] = '\n';
}

/*
 * Looks back for the first of the last ones, until it is found or time is over,
 * which false tells.
 */
static bool
search(struct control_tail *tail, int64_t end_ms)
{
	struct history_item item;

	while (tail->wanted > 0 && tail->back >= history_first(tail->history)) {
		if (clock_monotonic_ms() >= end_ms)
			return false;
		if (history_find(tail->history, tail->back, &item) &&
		    control_query_wants(&tail->query, &item)) {
			tail->wanted--;
			tail->next = tail->back;
		}
		tail->back--;
	}
	tail->searches = false;
	return true;
}

/* Adds what comes next, until the block is full or time is over. */
static void
add_records(struct control_tail *tail, int64_t end_ms)
{
	uint64_t first = history_first(tail->history);
	struct history_item item;

	if (tail->next < first) {
		tail->missed += first - tail->next;
		tail->next = first;
	}
	while (lines.len < BLOCK_SIZE && tail->next < tail->limit &&
	    history_find(tail->history, tail->next, &item)) {
		if (control_query_wants(&tail->query, &item))
			add_record(tail, &item);
		tail->next = item.sequence + 1;
		if (clock_monotonic_ms() >= end_ms)
			break;
	}
	if (lines.len < BLOCK_SIZE)
		add_missed(tail);
}

/* Makes the lines that come next, as far as time allows. */
static void
look(struct control_tail *tail)
{
	int64_t end_ms = clock_monotonic_ms() + LOOK_MS, now_ms;

	lines.len = 0;
	if (tail->history == NULL)
		return;
	if (!tail->searches || search(tail, end_ms))
		add_records(tail, end_ms);
	now_ms = clock_monotonic_ms();
	tail->is_hungry = now_ms >= end_ms;
	if (tail->is_hungry)
		next_turn_ms = now_ms + TURN_MS;
}

/* Whether there is nothing to be looked at now. */
static bool
is_through(const struct control_tail *tail)
{
	return tail->history == NULL ||
	    (!tail->searches &&
		(tail->next >= tail->limit ||
		    tail->next >= history_next(tail->history)));
}

/* Appends a copy of the lines, with what HTTP has around them, to the block. */
static int
make_block(struct control_connection *connection, bool is_last)
{
	bool chunked = !connection->head->is_old;
	size_t room = lines.len + HTTP_TEXT_SIZE;
	char *block = realloc(connection->block, connection->block_len + room);
	char *out, head[HTTP_TEXT_SIZE];

	if (block == NULL)
		return -1;
	out = block + connection->block_len;
	if (lines.len > 0 && chunked)
		out = mempcpy(out, head, http_format_chunk(head, lines.len));
	out = mempcpy(out, lines.data, lines.len);
	if (lines.len > 0 && chunked)
		out = stpcpy(out, HTTP_CHUNK_END);
	if (is_last && chunked)
		out = stpcpy(out, HTTP_LAST_CHUNK);
	connection->block = block;
	connection->block_len = (size_t)(out - block);
	return 0;
}

bool
control_tail_fill(struct control_connection *connection)
{
	struct control_tail *tail = connection->tail;
	bool is_last;

	if (tail->is_over)
		return false;
	if (tail->is_hungry && clock_monotonic_ms() < next_turn_ms) {
		stream_pull(connection->stream);
		return true;
	}
	look(tail);
	is_last =
	    is_through(tail) && (!tail->query.follows || tail->history == NULL);
	connection->block_len = connection->block_sent = 0;
	if ((lines.len > 0 || is_last) && make_block(connection, is_last) == -1)
		is_last = true; /* cut, which the missing end tells */
	tail->is_over = is_last;
	/* Time was over before anything was found. */
	if (connection->block == NULL && !is_through(tail))
		stream_pull(connection->stream);
	return !is_last;
}

/* Begins with the bucket as it is now. */
static void
attach(
    struct control_tail *tail, struct service *bucket, struct history *history)
{
	tail->bucket = bucket;
	tail->history = history;
	tail->next = history_next(history);
	tail->limit = tail->query.follows ? UINT64_MAX : tail->next;
	history_watch(history, &tail->watcher);
}

/*
 * The bucket ends. What it still has goes to the viewer as far as it fits into
 * a block; then another of its name, after a reload, takes its place.
 */
static void
gone(struct history_watcher *watcher)
{
	struct control_tail *tail = (void *)watcher;
	struct control_connection *connection = tail->connection;
	struct service *bucket = control_find(tail->name);
	struct history *history = history_of(bucket);

	lines.len = 0;
	if (!tail->searches)
		add_records(tail, INT64_MAX);
	if (!tail->searches && tail->next < history_next(tail->history))
		tail->missed += history_next(tail->history) - tail->next;
	if (lines.len < BLOCK_SIZE)
		add_missed(tail);
	if (lines.len > 0)
		(void)make_block(connection, false);
	tail->searches = false;
	if (history != NULL && history != tail->history &&
	    tail->query.follows) {
		attach(tail, bucket, history);
		tail->next = 1; /* all that it has is new */
	} else {
		tail->history = NULL;
	}
	stream_pull(connection->stream);
}

static struct control_tail *
tail_new(struct control_connection *connection, const char *name)
{
	struct control_tail *tail = calloc(1, sizeof(*tail));

	if (tail == NULL)
		return NULL;
	tail->connection = connection;
	tail->watcher.wake = wake;
	tail->watcher.gone = gone;
	tail->name = strdup(name);
	LIST_INSERT_HEAD(&tails, tail, entry);
	if (tail->name == NULL) {
		control_tail_free(tail);
		return NULL;
	}
	return tail;
}

void
control_tail_free(struct control_tail *tail)
{
	if (tail == NULL)
		return;
	if (tail->history != NULL)
		history_unwatch(tail->history, &tail->watcher);
	LIST_REMOVE(tail, entry);
	control_query_free(&tail->query);
	free(tail->name);
	free(tail);
}

static void
begin(struct control_tail *tail)
{
	struct history *history = tail->history;

	tail->searches = true;
	tail->wanted = tail->query.last;
	tail->back = history_next(history) - 1;
	/* All of them: there is nothing to look for. */
	if (tail->wanted == UINT64_MAX) {
		tail->searches = false;
		tail->next = history_first(history);
	}
	stream_stay(tail->connection->stream);
	control_begin_lines(tail->connection);
}

void
control_tail(struct control_connection *connection, const char *name)
{
	struct service *bucket = control_find(name);
	struct history *history = history_of(bucket);
	struct control_tail *tail;
	char why[WHY_SIZE];

	if (history == NULL) {
		control_refuse_name(connection, name, true);
		return;
	}
	tail = tail_new(connection, name);
	if (tail == NULL) {
		control_error(connection, 503, "out of memory");
		return;
	}
	if (control_query_parse(&tail->query,
		http_query(connection->head->target), why) == -1) {
		control_error(connection, 400, "%s", why);
		control_tail_free(tail);
		return;
	}
	connection->tail = tail;
	attach(tail, bucket, history);
	begin(tail);
}

void
control_tail_end(struct control_connection *connection)
{
	struct control_tail *tail = connection->tail;

	tail->query.follows = false;
	if (tail->history != NULL)
		tail->limit = history_next(tail->history);
	if (connection->block == NULL && is_through(tail))
		control_pull(connection); /* at a stop, this is the last call */
	else
		stream_pull(connection->stream);
}
