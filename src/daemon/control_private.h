/* SPDX-License-Identifier: ISC */
/* What the files of the control service share: connections and answers. */
#ifndef DAEMON_CONTROL_PRIVATE_H
#define DAEMON_CONTROL_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/network.h"
#include "base/pattern.h"
#include "core/service.h"
#include "daemon/daemon_private.h"
#include "net/http.h"

struct control_tail;

/* A connection. It has one answer at a time. */
struct control_connection {
	struct stream *stream;
	struct http *http;
	const struct http_head *head; /* of the request at hand */
	/* What is still to be sent of the answer, in pieces. */
	char *block;
	size_t block_len, block_sent;
	struct control_tail *tail; /* it follows a bucket; NULL: it does not */
	size_t room;               /* for answers at once, of one reading */
	bool has_more;             /* another request came with this one */
	bool is_busy;              /* the answer is not complete */
	bool closes;               /* when it is */
	bool waits;                /* for a reload */
	LIST_ENTRY(control_connection) waiting;
};

/* A control service: those who follow a bucket are not woken all the time. */
struct control_state {
	bool rests; /* the timer slot will be called */
};

/* The daemon that is shown. */
struct daemon *control_daemon(void);

/* A service by its name; NULL: there is none. */
struct service *control_find(const char *name);

/* Whether who is connected may reload and rotate. */
bool control_may_change(const struct control_connection *connection);

/* Does what the request that has come asks for, and answers it. */
void control_request(struct control_connection *connection);

/* Asks for a reload; its outcome will be the answer. */
void control_wait_for_reload(struct control_connection *connection);

/* --- Answers (control_answer.c) */

#define CONTROL_JSON "application/json"

/*
 * From here on it is noticed where an object that is built gets no memory for
 * one of its parts: jansson's functions would go on without it.
 */
void control_watch_memory(void);

/*
 * Sends an object, which is taken. One that is not complete for want of memory,
 * or NULL, becomes an error.
 */
void control_answer(
    struct control_connection *connection, unsigned status, json_t *object);

/* Sends {"error": text}. */
void control_error(struct control_connection *connection, unsigned status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * With 404: no service, or no bucket with a history, of that name, and which
 * there are, first of all the one that was likely meant (control_unknown.c).
 */
void control_refuse_name(
    struct control_connection *connection, const char *wanted, bool is_bucket);

/* With 405: methods that are allowed. */
void
control_refuse_method(struct control_connection *connection, const char *allow);

/* Begins an answer without a length, of which the tail makes the blocks. */
void control_begin_lines(struct control_connection *connection);

/* Sends the next piece of the answer, or asks for it; ends it after the last.
 */
void control_pull(struct control_connection *connection);

/* Whatever bytes the text has, as a JSON string. */
json_t *control_text(const char *text);

/* --- What is shown (control_status.c) */

/* Holds what control_status() reads of itself; without it, that is left out. */
void control_status_open(void);
void control_status_close(void);

json_t *control_status(void);
json_t *control_services(void);
json_t *control_service_object(const struct service *service);
json_t *control_outcome(const struct outcome *outcome);

/* --- Following a bucket (control_tail.c, control_tail_query.c) */

#define CONTROL_NETWORKS 16

/* Which records are wanted. */
struct control_query {
	uint64_t last; /* so many of those that are there */
	int64_t since_ns;
	struct network networks[CONTROL_NETWORKS]; /* in any of them */
	size_t network_count;                      /* 0: from anywhere */
	struct pattern *pattern;                   /* NULL: any message */
	bool follows;                              /* and those that come */
};

/* Reads ?n=..&since=..&from=..&match=..&follow=1: 0, or -1 with why. */
int control_query_parse(
    struct control_query *query, const char *text, char why[WHY_SIZE]);
void control_query_free(struct control_query *query);

/* Whether a record is wanted. What netlabd itself says is, at its time. */
bool control_query_wants(
    const struct control_query *query, const struct history_item *item);

/* GET /buckets/NAME/tail, the query in the head. */
void control_tail(struct control_connection *connection, const char *name);

/*
 * Makes the next block of the connection, or none while there is nothing new;
 * false: that was the last.
 */
bool control_tail_fill(struct control_connection *connection);

/* The peer sends no more: it gets what there is. */
void control_tail_end(struct control_connection *connection);
void control_tail_free(struct control_tail *tail);

/* The timer slot: wakes those whose bucket has got something meanwhile. */
void control_tail_timer(struct service *service);

#endif
