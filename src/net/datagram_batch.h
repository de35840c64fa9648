/* SPDX-License-Identifier: ISC */
/*
 * The buffers of the datagram engine: one set for all sockets, as each batch is
 * served before the next is received.
 */
#ifndef NET_DATAGRAM_BATCH_H
#define NET_DATAGRAM_BATCH_H

#include <time.h>

#include "net/datagram.h"

#define BATCH_SIZE 64

/*
 * Control messages taken: of IP sockets (address, drops, size of a run); of
 * unix sockets (credentials), where room for more than there is would let
 * descriptors in; and the time, if told.
 */
#define BATCH_CONTROL_IP                            \
	(CMSG_SPACE(sizeof(struct in6_pktinfo)) +   \
	    CMSG_SPACE(sizeof(struct in_pktinfo)) + \
	    CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(int)))
#define BATCH_CONTROL_UNIX CMSG_SPACE(sizeof(struct ucred))
#define BATCH_CONTROL_TIME CMSG_SPACE(sizeof(struct timespec))

/*
 * Receives up to so many messages, at most BATCH_SIZE, without waiting. Returns
 * how many, or -1 with errno.
 */
int batch_receive(int fd, unsigned count, size_t control_size);

/* The i-th that was received: its data, header and length as it was sent. */
char *batch_data(unsigned i);
struct msghdr *batch_header(unsigned i);
size_t batch_wire_len(unsigned i);

/* A buffer beside those, of DATAGRAM_SIZE. */
char *batch_spare(void);

#endif
