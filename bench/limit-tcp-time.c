/* SPDX-License-Identifier: ISC */
/*
 * The limit of a time service over TCP: epoll_wait, then for each connection
 * that waits accept4, one write and close. The text is always the same.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limit.h"

static const char text[] = "Thu Jan  1 00:00:00 1970";

int
main(void)
{
	int listener = limit_open(SOCK_STREAM), fd;
	int epoll = limit_watch(listener);
	struct epoll_event event;

	signal(SIGPIPE, SIG_IGN);
	limit_announce(listener);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		while ((fd = accept4(listener, NULL, NULL,
			    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
			ssize_t len = write(fd, text, sizeof(text) - 1);

			(void)len; /* the client sees what is missing */
			close(fd);
		}
	}
}
