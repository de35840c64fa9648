/* SPDX-License-Identifier: ISC */
/*
 * The stream engine: listeners and connections over TCP and unix sockets. What
 * is read is served at once and written at once; output is kept only when the
 * socket takes no more, and then reading waits (back-pressure).
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/admission.h"
#include "net/guard.h"

struct event_base;
struct stream;
struct stream_listener;

/* Why a connection ended. */
enum stream_reason {
	STREAM_SERVED,       /* the service closed it */
	STREAM_PEER,         /* end of input */
	STREAM_RESET,        /* reset or broken */
	STREAM_IDLE,         /* nothing moved for idle-timeout */
	STREAM_LINE_LIMIT,   /* a line longer than it may be */
	STREAM_OUTPUT_LIMIT, /* more output than max-output waits */
	STREAM_MEMORY,       /* out of memory */
	STREAM_STOP,         /* the listener was closed */
	STREAM_DENIED,       /* its peer may not come in any more */
	STREAM_REASONS
};

/* What a service does with its connections; NULL: nothing. */
struct stream_handler {
	void (*open)(struct stream *stream);
	/*
	 * What was read; may be rewritten in place. Not with `line`. An answer
	 * is at most 16 bytes longer: what was held back before.
	 */
	void (*data)(struct stream *stream, char *data, size_t len);
	/*
	 * One line with its end; the last one may lack it. May be rewritten in
	 * place.
	 */
	void (*line)(struct stream *stream, char *line, size_t len);
	/*
	 * The peer sends no more, or we listen no more; it is still to read.
	 */
	void (*end)(struct stream *stream);
	/*
	 * All output is sent and more is taken: for services that generate. As
	 * their input is not answered, it is read all the time.
	 */
	void (*drain)(struct stream *stream);
	/*
	 * After stream_pull(): all output is sent. For services whose answers
	 * are made piece by piece; until the last one, no input is read.
	 */
	void (*pull)(struct stream *stream);
	void (*close)(struct stream *stream);
};

/* What the owner of a listener is told. */
struct stream_observer {
	void (*opened)(void *owner, unsigned id, const struct sockaddr *peer,
	    socklen_t peer_len);
	void (*closed)(void *owner, unsigned id, enum stream_reason reason);
	/* accept failed: the listener rests a moment (errno in error). */
	void (*accept_failed)(void *owner, int error);
	/* One was refused, and reset; NULL: nothing. */
	guard_refused_fn *refused;
	/* All that a wake-up of a connection brought was handed over. */
	void (*batch_end)(void *owner);
};

/* Counted since the owner began; a service's listeners share one. */
struct stream_counters {
	uint64_t accepted;
	uint64_t read_bytes, written_bytes;
	uint64_t accept_failures; /* no descriptors or memory left */
	uint64_t refused[GUARD_REASONS];
	uint64_t would_refuse[GUARD_REASONS]; /* but for log-only */
	uint64_t closed[STREAM_REASONS];
	size_t open;    /* now */
	size_t waiting; /* accepted, and waiting for a place among those */
};

/*
 * What the connections of all services share: the process's descriptors, and
 * the memory for output that waits for slow readers. When that is used up,
 * connections are read in small pieces: none has to be ended, and each costs
 * little more.
 */
struct stream_pool {
	size_t open, max;
	size_t output, max_output; /* bytes */
	struct stream **by_fd;     /* the engine's own; NULL: none open */
	size_t by_fd_size;
};

struct stream_config {
	const struct stream_handler *handler;
	const struct stream_observer *observer;
	void *owner;
	struct stream_counters *counters;
	struct stream_pool *pool;
	struct admission *admission; /* NULL: everybody may come in */
	size_t state_size;           /* of stream_state(), zeroed */
	size_t max_connections; /* of all listeners that share the counters */
	size_t max_output;      /* bytes a connection may hold back */
	size_t max_line;        /* bytes of a line with its end */
	uint64_t idle_ms;       /* 0: never */
};

/*
 * Accepts on a listening, non-blocking socket (see socket_open()), which it
 * owns from then on, also when it fails: NULL, with errno set. config is
 * copied; what it points to must outlive the listener.
 */
struct stream_listener *stream_listen(
    struct event_base *base, int fd, const struct stream_config *config);

/*
 * Stops listening; connections go on. With serve, who waits is taken in first,
 * one after the other where limits of the owner let only so many in at once,
 * as long as they go on ending; without, they are left to those who have a copy
 * of the socket.
 */
void stream_listener_close(struct stream_listener *listener, bool serve);

/*
 * Takes in who waits and stops listening. Each connection is answered what has
 * been received and what is on its way, and closed when nothing more has come
 * for a moment and its output is sent. stream_listener_free() ends those that
 * are left.
 */
void stream_listener_stop(struct stream_listener *listener);
void stream_listener_free(struct stream_listener *listener);

/* Ends the connections of those whom the admission denies by now. */
void stream_listener_review(struct stream_listener *listener);

/* The descriptor, to be asked for its address; -1 once closed. */
int stream_listener_fd(const struct stream_listener *listener);

/*
 * Sends bytes, after those before. Too many, or a broken peer, ends it. This,
 * closing and holding may be called from anywhere until the close slot was.
 */
void stream_write(struct stream *stream, const char *data, size_t len);

/*
 * Sends what the socket takes now and returns how much that is; the rest is not
 * kept. For the drain slot, which is called again as soon as more is taken.
 */
size_t stream_offer(struct stream *stream, const char *data, size_t len);

/* Ends the connection once its output is sent; further input is thrown away. */
void stream_close(struct stream *stream);

/*
 * Sends the last bytes together with our end, a segment less than writing and
 * closing, and closes the connection as soon as what has come in is read: for
 * services that ask for nothing. What a peer sends later finds nobody, and its
 * system may be told so (RFC 9293, section 3.6.1).
 */
void stream_finish(struct stream *stream, const char *data, size_t len);

/*
 * Reads no more from the connection until it is released: what its peer sends
 * waits there (back-pressure). What has been read already, the rest of a line
 * buffer, is still handed over. A held connection does not idle out, but where
 * output waits for its peer; its end is noticed when it is released. At a stop
 * nothing is held: what was received is handed over.
 */
void stream_hold(struct stream *stream, bool hold);

/*
 * Has the pull slot called once when all output is sent, from the loop; this
 * may be asked from anywhere. The end of input does not end a connection that
 * waits for it, so that an answer comes whole.
 */
void stream_pull(struct stream *stream);

/*
 * Silence ends it no more: it waits for something to say. A peer that does not
 * take what is sent still idles out.
 */
void stream_stay(struct stream *stream);

/* The user at the other end of a unix socket, when it connected: 0, or -1. */
int stream_peer_uid(const struct stream *stream, uid_t *uid);

/* The peer's address and its length; 0: it is gone already. */
socklen_t
stream_peer(const struct stream *stream, struct sockaddr_storage *peer);

/* The service's own state of this connection; zeroed at its start. */
void *stream_state(struct stream *stream);

/* The `owner` of the connection's listener. */
void *stream_owner(const struct stream *stream);

/* "idle", "reset" and so on. */
const char *stream_reason_name(enum stream_reason reason);

#endif
