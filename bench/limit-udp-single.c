/* SPDX-License-Identifier: ISC */
/*
 * UDP echo as most servers do it: epoll_wait, then recvfrom and sendto one by
 * one until nothing is left. What batches save is the distance between this
 * and limit-udp-batch.
 */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "limit.h"

#define DRAIN_MAX     256
#define DATAGRAM_SIZE 65535

/* Echoes one datagram; false when none is left. */
static int
echo_one(int fd)
{
	static char buffer[DATAGRAM_SIZE];
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof(peer);
	ssize_t len = recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT,
	    (struct sockaddr *)&peer, &peer_len);

	if (len == -1)
		return 0;
	if (sendto(fd, buffer, (size_t)len, 0, (struct sockaddr *)&peer,
		peer_len) == -1)
		perror("sendto");
	return 1;
}

int
main(void)
{
	int fd = limit_open(SOCK_DGRAM);
	int epoll = limit_watch(fd);
	struct epoll_event event;

	limit_announce(fd);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		for (int i = 0; i < DRAIN_MAX && echo_one(fd); i++)
			continue;
	}
}
