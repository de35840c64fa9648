/* SPDX-License-Identifier: ISC */
/*
 * Whom a unix datagram is answered to. A sender's name that is a path is looked
 * up anew when it is answered, and by then the sender may have put a link to
 * somebody else's socket there, who would get the answer with our credentials.
 */
#ifndef NET_UNIX_PEER_H
#define NET_UNIX_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* True for a name that is a path; abstract names lead nowhere else. */
bool unix_peer_is_path(const struct sockaddr *peer, socklen_t len);

/*
 * Holds on to the socket at the sender's path if it is one, not a link, and the
 * sender's own by SCM_CREDENTIALS (unix(7); NULL: not told). Returns a
 * descriptor for unix_peer_address(), or -1.
 */
int unix_peer_open(
    const struct sockaddr *peer, socklen_t len, const struct cmsghdr *sender);

/* Writes the address of the socket held on to, and returns its length. */
socklen_t unix_peer_address(int fd, struct sockaddr_un *address);

#endif
