/* SPDX-License-Identifier: ISC */
/* What the files of the stream engine share: connections and listeners. */
#ifndef NET_STREAM_PRIVATE_H
#define NET_STREAM_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "net/stream.h"

struct evbuffer;

/* What a connection holds back; few ever need it, so it is apart. */
struct stream_backlog {
	struct evbuffer *output; /* not yet sent; NULL: nothing ever */
	char *line;              /* the beginning of a line */
	size_t line_len;
	size_t line_size; /* of the memory at `line` */
};

/*
 * An idle connection costs one of these and a place in the pool's table: it is
 * kept small.
 */
struct stream {
	struct event event;             /* one, for reading, writing or both */
	struct stream_backlog *backlog; /* NULL: nothing is held back */
	unsigned id;
	uint32_t ticket;      /* of admission_enter() */
	uint8_t reason;       /* enum stream_reason, of `ended` */
	uint8_t linger_reads; /* left before a lingering one is closed */
	bool broken : 1;      /* to be freed, output or not */
	bool ended : 1;       /* to be closed when output is sent */
	bool at_end : 1;      /* the peer sends no more */
	bool lingers : 1;     /* we send no more; waits for its end */
	bool finished : 1;    /* its last bytes leave with our end */
	bool held : 1;        /* the service wants no input now */
	bool fed : 1;         /* was given input since batch_end */
	bool pulls : 1;       /* the pull slot is to be called */
	bool stays : 1;       /* it does not idle out */
	bool busy : 1;        /* will be settled when its slot returns */
	_Alignas(8) char state[];
};

struct stream_listener {
	struct event accept_event;
	struct event pause_event; /* ends the rest after a failed accept */
	struct stream_config config;
	struct timeval idle;             /* of idle_ms */
	const struct timeval *idle_time; /* for event_add(); NULL: never */
	const struct timeval *linger_time;
	unsigned singles;         /* to be taken in one at a time */
	bool closed;              /* the listening socket is */
	bool stopped;             /* connections are to end */
	size_t open;              /* connections */
	struct event guest_event; /* looks whether there is a place */
	int64_t patient_until_ms; /* for guests; 0: they do not wait */
	uint64_t left; /* connections that had ended at the last look */
	TAILQ_HEAD(, stream_guest) guests;
};

/*
 * The listener that it came in by is what its event carries along: read as
 * event_get_callback_arg() does, without its call, ten times an answer.
 */
static inline struct stream_listener *
stream_listener(const struct stream *stream)
{
	return stream->event.ev_evcallback.evcb_arg;
}

/*
 * The connections of a pool by descriptor. Notes one: 0, or -1: out of memory.
 * With the last that is removed goes the table.
 */
int stream_pool_add(struct stream_pool *pool, int fd, struct stream *stream);
void stream_pool_remove(struct stream_pool *pool, int fd);
/* The same of one that counts and was never noted. */
void stream_pool_leave(struct stream_pool *pool);

/* Calls the function for each connection; it may free the connection. */
void stream_each(
    struct stream_listener *listener, void (*function)(struct stream *));

/* Judges who was accepted, and serves or refuses him; takes the descriptor. */
void stream_guest_admit(struct stream_listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_len);

/*
 * Those who find no place wait for one, from stream_guests_expect() on: until
 * nobody has left for a second, or stream_guests_end() lets them try once more.
 * After stream_guests_review() none is left that would not have to wait.
 */
void
stream_guests_init(struct stream_listener *listener, struct event_base *base);
void stream_guests_expect(struct stream_listener *listener);
void stream_guests_review(struct stream_listener *listener);
void stream_guests_end(struct stream_listener *listener);

/* Starts serving a connection that was accepted; takes the descriptor. */
void stream_begin(struct stream_listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_len);

/* Takes in what has been received, then ends when its output is sent. */
void stream_stop(struct stream *stream);

/* Frees it now. */
void stream_abort(struct stream *stream);

/* What it waits for may have changed, other than by its own slots. */
void stream_touch(struct stream *stream);

/* The connection is over, whatever is still to be sent. */
void stream_break(struct stream *stream, enum stream_reason reason);

/* Hands input over line by line; see struct stream_handler. */
void stream_lines_feed(struct stream *stream, char *data, size_t len);
/* At the end of input: the last line may lack its end. */
void stream_lines_end(struct stream *stream);

/* The backlog, made when it is not there; NULL: out of memory. */
struct stream_backlog *stream_backlog(struct stream *stream);
void stream_backlog_free(struct stream_backlog *backlog);

/* Reads once and hands it over; true: there may be more. */
bool stream_input_read(struct stream *stream);
/* Reads once and throws it away. Returns as recv(2). */
ssize_t stream_input_discard(struct stream *stream);

/* Bytes of output that the socket has not taken yet. */
size_t stream_output_waiting(const struct stream *stream);

/* True when the peer has gone, so that nobody would get what is written. */
bool stream_is_deserted(const struct stream *stream);

/* Sends what waits; returns true when all of it is gone. */
bool stream_output_send(struct stream *stream);

#endif
