/* SPDX-License-Identifier: ISC */
/*
 * In place of accept4(2) and recvmmsg(2), for what listens on ports of this
 * machine that the system chose: somebody else's client may take one for the
 * port of a server that is gone. What comes over the network is his, and as if
 * it had not come; whoever is meant comes over a unix socket.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int __real_accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout);

/* The linker puts these in their place: see --wrap in ld(1). */
int __wrap_accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout);

/* To accept, it has ended already. */
int
__wrap_accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags)
{
	int accepted = __real_accept4(fd, peer, len, flags);

	if (accepted == -1 || peer->sa_family == AF_UNIX)
		return accepted;
	close(accepted);
	errno = ECONNABORTED;
	return -1;
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout)
{
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(own);
	int received = __real_recvmmsg(fd, messages, count, flags, timeout);

	(void)getsockname(fd, (struct sockaddr *)&own, &len);
	if (received == -1 || own.ss_family == AF_UNIX)
		return received;
	errno = EAGAIN;
	return -1;
}
