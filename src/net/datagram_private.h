/* SPDX-License-Identifier: ISC */
/* What the files of the datagram engine share: a socket from the inside. */
#ifndef NET_DATAGRAM_PRIVATE_H
#define NET_DATAGRAM_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/datagram.h"

struct datagram_socket {
	struct event event;
	struct datagram_config config;
	unsigned port;  /* claimed at the guard; 0: none */
	uint32_t drops; /* of the kernel's, told so far */
	uint32_t noted; /* of those, what the socket remembers */
	bool wildcard;
	size_t control_size; /* bytes of control messages taken */
};

/*
 * Receives up to so many batches, serves and answers them. Returns how many
 * datagrams it were; fewer than there is room for: none waits.
 */
unsigned datagram_serve(struct datagram_socket *sock, unsigned rounds);

/* Tells the owner what the kernel dropped since it was told last. */
void datagram_tell_drops(struct datagram_socket *sock, uint32_t drops);

#endif
