/* SPDX-License-Identifier: ISC */
/* Whom a unix datagram is answered to. */
#include "net/unix_peer.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
unix_peer_is_path(const struct sockaddr *peer, socklen_t len)
{
	const struct sockaddr_un *un = (const void *)peer;

	return len > offsetof(struct sockaddr_un, sun_path) &&
	    peer->sa_family == AF_UNIX && un->sun_path[0] != '\0';
}

/* Root may answer for everybody's sockets. */
static bool
is_own(const struct stat *st, const struct cmsghdr *sender)
{
	struct ucred credentials;

	if (sender == NULL || sender->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&credentials, CMSG_DATA(sender), sizeof(credentials));
	return S_ISSOCK(st->st_mode) &&
	    (credentials.uid == 0 || credentials.uid == st->st_uid);
}

int
unix_peer_open(
    const struct sockaddr *peer, socklen_t len, const struct cmsghdr *sender)
{
	const struct sockaddr_un *un = (const void *)peer;
	char path[sizeof(un->sun_path) + 1];
	size_t path_len = len - offsetof(struct sockaddr_un, sun_path);
	struct stat st;
	int fd;

	if (path_len > sizeof(un->sun_path))
		path_len = sizeof(un->sun_path);
	*(char *)mempcpy(path, un->sun_path, path_len) = '\0';
	if (path[0] != '/')
		return -1; /* relative to a directory of the sender's */
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && is_own(&st, sender))
		return fd;
	close(fd);
	return -1;
}

socklen_t
unix_peer_address(int fd, struct sockaddr_un *address)
{
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path),
	    "/proc/self/fd/%d", fd);
	return sizeof(*address);
}
