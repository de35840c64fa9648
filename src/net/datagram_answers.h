/* SPDX-License-Identifier: ISC */
/*
 * Answers on their way out, in batches (sendmmsg). Consecutive ones to the same
 * peer, from the same address and of the same size (the last may be shorter)
 * are a run: one message that passes the kernel once and is cut up at its end
 * (UDP_SEGMENT, udp(7)), which costs a fraction of sending them singly. Who
 * gets them sees no difference.
 */
#ifndef NET_DATAGRAM_ANSWERS_H
#define NET_DATAGRAM_ANSWERS_H

#include "net/datagram.h"

/*
 * What is known of runs on a socket. Where the kernel does not take one, its
 * datagrams are sent singly, and either no runs are tried any more (the network
 * cannot cut them up), or for a while none of datagrams so long: a run cannot
 * have longer ones than fit the way to the peer, where a single datagram goes
 * in fragments. That is of one peer, so that it is not for ever.
 */
struct answers_runs {
	size_t limit;     /* of the size of a run's datagrams; 0: no runs */
	unsigned skipped; /* datagrams above it since it was found */
};

/* Finds out whether the socket can send runs. */
void answers_open_runs(struct answers_runs *runs, int fd);

/*
 * Queues len bytes of data, which stay where they are, as the answer to a
 * question's sender; source (IP_PKTINFO, IPV6_PKTINFO; NULL: as it comes) tells
 * the address that was asked, which it leaves from.
 */
void answers_add(struct answers_runs *runs, const struct msghdr *question,
    char *data, size_t len, const struct cmsghdr *source);

/* The same to a unix socket that unix_peer_open() holds, which is closed. */
void answers_add_held(
    const struct msghdr *question, char *data, size_t len, int peer_fd);

/* True when they have to be sent before another is added. */
bool answers_are_full(void);

/* Sends the answers, and counts those that the kernel does not take. */
void answers_send(
    struct answers_runs *runs, int fd, struct datagram_counters *counters);

#endif
