/* SPDX-License-Identifier: ISC */
/* What the files of the datagram engine share: a socket from the inside. */
#ifndef NET_DATAGRAM_PRIVATE_H
#define NET_DATAGRAM_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/datagram.h"
#include "net/datagram_answers.h"

struct datagram_socket {
	struct event event;          /* not there while it gathers */
	struct gathering *gathering; /* NULL: it serves at once */
	struct datagram_config config;
	unsigned port;  /* claimed at the guard; 0: none */
	uint32_t drops; /* of the kernel's, told so far */
	uint32_t noted; /* of those, what the socket remembers */
	struct answers_runs runs;
	bool wildcard;
	bool is_stopped;
	size_t control_size; /* bytes of control messages taken */
};

/*
 * Receives up to so many batches, serves and answers them. Returns how many
 * datagrams it were; fewer than there is room for: none waits.
 */
unsigned datagram_serve(struct datagram_socket *sock, unsigned rounds);

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
