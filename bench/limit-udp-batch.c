/* SPDX-License-Identifier: ISC */
/*
 * The limit of UDP echo in batches: epoll_wait, then at most ROUNDS times
 * recvmmsg and sendmmsg of up to BATCH datagrams, as netlabd's engine does,
 * without a library, a service or a check between them.
 */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "limit.h"

#define BATCH         64
#define ROUNDS        4
#define DATAGRAM_SIZE 65535
/* Buffers a power of two apart would share one set of the cache. */
#define BUFFER_STRIDE (65536 + 128)

static char buffers[BATCH][BUFFER_STRIDE];
static struct sockaddr_storage peers[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static void
prepare(void)
{
	for (int i = 0; i < BATCH; i++) {
		vectors[i].iov_base = buffers[i];
		messages[i].msg_hdr.msg_name = &peers[i];
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Echoes one batch and returns how many were in it. */
static int
echo_batch(int fd)
{
	int received, sent;

	for (int i = 0; i < BATCH; i++) {
		vectors[i].iov_len = DATAGRAM_SIZE;
		messages[i].msg_hdr.msg_namelen = sizeof(peers[i]);
	}
	received = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < received; i++)
		vectors[i].iov_len = messages[i].msg_len;
	for (int i = 0; i<received; i += sent> 0 ? sent : 1)
		sent = sendmmsg(fd, messages + i, (unsigned)(received - i), 0);
	return received;
}

int
main(void)
{
	int fd = limit_open(SOCK_DGRAM);
	int epoll = limit_watch(fd);
	struct epoll_event event;

	prepare();
	limit_announce(fd);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		for (int round = 0; round < ROUNDS; round++) {
			if (echo_batch(fd) < BATCH)
				break;
		}
	}
}
