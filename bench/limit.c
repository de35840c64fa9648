/* SPDX-License-Identifier: ISC */
/* The start of every limit program: a socket, its port, an epoll. */
#include "limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BACKLOG    4096
#define QUEUE_SIZE (16 << 20)

void
limit_fail(const char *what)
{
	perror(what);
	exit(1);
}

/* As much as the system gives; FORCE takes CAP_NET_ADMIN. */
static void
enlarge(int fd)
{
	int bytes = QUEUE_SIZE;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

int
limit_open(int type)
{
	struct sockaddr_in local = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(local);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&local, len) == -1)
		limit_fail("bind");
	if (type == SOCK_STREAM && listen(fd, BACKLOG) == -1)
		limit_fail("listen");
	if (type == SOCK_DGRAM)
		enlarge(fd);
	return fd;
}

void
limit_announce(int fd)
{
	struct sockaddr_in local;
	socklen_t len = sizeof(local);

	if (getsockname(fd, (struct sockaddr *)&local, &len) == -1)
		limit_fail("getsockname");
	printf("%u\n", (unsigned)ntohs(local.sin_port));
	if (fflush(stdout) == EOF)
		limit_fail("stdout");
}

int
limit_watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		limit_fail("epoll");
	return epoll;
}
