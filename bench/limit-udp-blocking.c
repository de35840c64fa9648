/* SPDX-License-Identifier: ISC */
/*
 * UDP discard as the simplest receiver does it: a loop around a recv that
 * waits. Each datagram that comes by itself wakes it up.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "limit.h"

#define DATAGRAM_SIZE 65535

int
main(void)
{
	static char buffer[DATAGRAM_SIZE];
	int fd = limit_open(SOCK_DGRAM);

	if (fcntl(fd, F_SETFL, 0) == -1)
		limit_fail("fcntl");
	limit_announce(fd);
	for (;;) {
		if (recv(fd, buffer, sizeof(buffer), 0) == -1)
			limit_fail("recv");
	}
}
