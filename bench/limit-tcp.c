/* SPDX-License-Identifier: ISC */
/*
 * The limit of TCP echo: level-triggered epoll, one recv and one send a
 * wake-up of a connection; read and write would cost two in a hundred more.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limit.h"

#define EVENTS      256
#define BUFFER_SIZE (256 * 1024)

static void
accept_all(int epoll, int listener)
{
	struct epoll_event event = { .events = EPOLLIN };

	for (;;) {
		int fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1)
			return;
		event.data.fd = fd;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
			limit_fail("epoll_ctl");
	}
}

/* Waits where a server would keep output: the load reads all the time. */
static int
write_all(int fd, const char *data, size_t len)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (len > 0) {
		ssize_t written = send(fd, data, len, MSG_NOSIGNAL);

		if (written == -1 && errno != EAGAIN)
			return -1;
		if (written == -1) {
			poll(&room, 1, -1);
			continue;
		}
		data += written;
		len -= (size_t)written;
	}
	return 0;
}

static void
echo(int fd)
{
	static char buffer[BUFFER_SIZE];
	ssize_t len = recv(fd, buffer, sizeof(buffer), 0);

	if (len == -1 && errno == EAGAIN)
		return;
	if (len <= 0 || write_all(fd, buffer, (size_t)len) == -1)
		close(fd);
}

int
main(void)
{
	static struct epoll_event events[EVENTS];
	int listener = limit_open(SOCK_STREAM);
	int epoll = limit_watch(listener);

	limit_announce(listener);
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				echo(events[i].data.fd);
		}
	}
}
