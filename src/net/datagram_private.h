/* SPDX-License-Identifier: ISC */
/* What the files of the datagram engine share: a socket from the inside. */
#ifndef NET_DATAGRAM_PRIVATE_H
#define NET_DATAGRAM_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/datagram.h"
#include "net/datagram_answers.h"
#include "net/datagram_merge.h"

struct datagram_socket {
	struct event event;          /* not there while it gathers */
	struct gathering *gathering; /* NULL: it serves at once */
	struct datagram_config config;
	unsigned port;  /* claimed at the guard; 0: none */
	uint32_t drops; /* of the kernel's, told so far */
	uint32_t noted; /* of those, what the socket remembers */
	struct answers_runs runs;
	struct merge merge;
	bool wildcard;
	bool is_stopped;
	bool has_more;       /* the last call took all that it asked for */
	size_t control_size; /* bytes of control messages taken */
};

/* A message of the kernel's: one datagram, or a run of them. */
struct message {
	struct msghdr *header;
	char *data;
	/*
	 * The address it was sent to, or over unix sockets who sent it; NULL:
	 * not told. IPv4 on a socket for both families is told twice, the
	 * second time all of it.
	 */
	const struct cmsghdr *told;
	int64_t received_ns;
	size_t size; /* of a run's datagrams but the last; 0: it is one */
};

/*
 * Reads what the kernel says beside the data: when it came in, the size of a
 * run, and what was dropped before, which the owner is told.
 */
void
datagram_read_control(struct datagram_socket *sock, struct message *message);

/*
 * Receives, serves and answers batches until none waits any more, or so many
 * datagrams were served. Returns how many it were.
 */
unsigned datagram_serve(struct datagram_socket *sock, unsigned enough);

/*
 * Serves the socket when it has gathered for the time of its configuration.
 * Returns NULL where it does not, or cannot, gather: then it serves at once.
 */
struct gathering *gathering_new(struct datagram_socket *sock);
void gathering_free(struct gathering *gathering);

/* Decides after a wake-up that served so many when the next one is. */
void gathering_wait(struct gathering *gathering, unsigned served);

/* One wake-up: serves what waits, up to a bound. Returns how many it were. */
unsigned datagram_wake(struct datagram_socket *sock);

/* Tells the owner what the kernel dropped since it was told last. */
void datagram_tell_drops(struct datagram_socket *sock, uint32_t drops);

#endif
