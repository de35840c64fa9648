/* SPDX-License-Identifier: ISC */
/*
 * Sends datagrams to one address, over UDP or to a unix datagram socket, in
 * batches (sendmmsg) and without ever waiting. What the peer does not take is
 * the caller's to keep or to count.
 */
#ifndef NET_OUTLET_H
#define NET_OUTLET_H

#include <stddef.h>

#include "base/address.h"
#include "base/slice.h"

struct outlet;

/* What came of sending. */
struct outlet_result {
	size_t taken; /* so many of those given, in order */
	/*
	 * Why the next was not; 0: all were. EAGAIN: a queue is full, here or
	 * at the peer; EMSGSIZE: it is too long, so the next goes without it;
	 * ECONNREFUSED, ENOENT, ENETUNREACH and so on: nobody is there; ELOOP:
	 * it would come back to netlabd.
	 */
	int error;
	/*
	 * Of those taken, now or before, so many were told since to be lost on
	 * the way (ICMP), and why the last one.
	 */
	size_t bounced;
	int bounce_error;
};

/*
 * An outlet to the address (udp or unixgram, copied), which need not be there
 * yet: it is connected when there is something to send, and again when a unix
 * peer was restarted. NULL: out of memory.
 */
struct outlet *outlet_new(const struct address *address);
void outlet_free(struct outlet *outlet);

/*
 * Sends datagrams in their order, as many as are taken. After it was told that
 * nobody is there, it does not try again for a tenth of a second.
 */
struct outlet_result
outlet_send(struct outlet *outlet, const struct slice *datagrams, size_t count);

/*
 * Hands what is too long for a datagram to a unix peer as a sealed file in
 * memory, as journald takes it. Returns 0, or an error as above.
 */
int outlet_send_file(struct outlet *outlet, const char *data, size_t len);

#endif
