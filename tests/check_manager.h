/* SPDX-License-Identifier: ISC */
/* A socket in the place of systemd's, to be told by what is tested. */
#ifndef CHECK_MANAGER_H
#define CHECK_MANAGER_H

#include <stddef.h>
#include <sys/un.h>

#include "check_main.h"
#include "check_net.h"

#define TEXT_SIZE 4096

/* Listens where $NOTIFY_SOCKET says: a path, or @name. */
static inline int
open_manager(const char *address)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	memcpy(un.sun_path, address, len);
	if (address[0] == '@')
		un.sun_path[0] = '\0';
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", address, 1), 0);
	return fd;
}

/* Receives one message; returns the descriptor that came with it, or -1. */
static inline int
receive(int manager, char text[TEXT_SIZE])
{
	struct iovec data = { text, TEXT_SIZE - 1 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(manager, &message, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = -1;

	ck_assert_msg(len >= 0, "nothing was sent");
	text[len] = '\0';
	if (header != NULL) {
		ck_assert_int_eq(header->cmsg_type, SCM_RIGHTS);
		ck_assert_uint_eq(header->cmsg_len, CMSG_LEN(sizeof(int)));
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	}
	return fd;
}

#endif
