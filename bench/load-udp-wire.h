/* SPDX-License-Identifier: ISC */
/*
 * Batches of datagrams on their way out and in. Segmented, a batch passes the
 * kernel as one, to be cut up at its end (UDP_SEGMENT), and answers that came
 * together are taken together (UDP_GRO): udp(7).
 */
#ifndef LOAD_UDP_WIRE_H
#define LOAD_UDP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define WIRE_BATCH 64

struct wire {
	bool segment;
	size_t size; /* bytes of each datagram that is sent */
	size_t room; /* for what is received */
	char *data[WIRE_BATCH];
	struct mmsghdr messages[WIRE_BATCH];
	struct iovec vectors[WIRE_BATCH];
	union wire_control *controls;
};

/* The buffers are kept until the end of the process. */
void wire_prepare(struct wire *wire, size_t size, bool segment);

/* Makes a connected socket one that takes datagrams as wire_receive() does. */
void wire_enable(const struct wire *wire, int fd);

/* How many datagrams fit into one call. */
size_t wire_limit(const struct wire *wire);

/* Sends the first `count` of wire->data; returns how many, or -1 with errno. */
int wire_send(struct wire *wire, int fd, size_t count);

/*
 * Calls each(arg, data, len) for every datagram of a batch that has come, and
 * returns how many messages there were, or -1 with errno.
 */
int wire_receive(struct wire *wire, int fd,
    void (*each)(void *arg, const char *data, size_t len), void *arg);

#endif
