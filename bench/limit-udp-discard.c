/* SPDX-License-Identifier: ISC */
/*
 * UDP discard: epoll_wait, then recvmmsg until nothing is left, and nothing
 * else. The least that receiving costs, however what came is kept.
 */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "limit.h"

#define BATCH         64
#define DATAGRAM_SIZE 65535

int
main(void)
{
	static char buffers[BATCH][DATAGRAM_SIZE];
	static struct mmsghdr messages[BATCH];
	static struct iovec vectors[BATCH];
	int fd = limit_open(SOCK_DGRAM);
	int epoll = limit_watch(fd);
	struct epoll_event event;

	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ buffers[i], DATAGRAM_SIZE };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	limit_announce(fd);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		while (recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL) > 0)
			continue;
	}
}
