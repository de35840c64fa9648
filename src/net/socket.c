/* SPDX-License-Identifier: ISC */
/* Opens the sockets that netlabd serves, and asks them about themselves. */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
set_value(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int
set_flag(int fd, int level, int option)
{
	return set_value(fd, level, option, 1);
}

/*
 * A socket unit may let a socket send to whole networks (Broadcast=): then an
 * answer to a forged sender would.
 */
static int
set_udp_options(int fd)
{
	if (set_flag(fd, SOL_SOCKET, SO_RXQ_OVFL) == -1)
		return -1;
	return set_value(fd, SOL_SOCKET, SO_BROADCAST, 0);
}

/*
 * TCP answers are written whole, so there is nothing to wait for with more
 * (Nagle).
 */
static int
set_transport_options(int fd, const struct address *address)
{
	switch (address->transport) {
	case TRANSPORT_UDP:
		return set_udp_options(fd);
	case TRANSPORT_TCP:
		return set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
	case TRANSPORT_UNIXGRAM: /* for unix_peer_open() */
		return set_flag(fd, SOL_SOCKET, SO_PASSCRED);
	default:
		return 0;
	}
}

/*
 * Without CAP_CHOWN, as in some containers, the socket stays root's: the first
 * one on the port serves all the same.
 */
static int
set_shared(int fd, uid_t owner)
{
	if (owner != 0)
		(void)fchown(fd, owner, (gid_t)-1);
	return set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
}

/* What has to be set before binding: IPv6 sockets of ours take no IPv4. */
static int
set_bind_options(
    int fd, const struct address *address, const struct socket_config *config)
{
	if (config->reuse_port && address->u.sa.sa_family != AF_UNIX &&
	    set_shared(fd, config->owner) == -1)
		return -1;
	if (address->u.sa.sa_family == AF_INET6 &&
	    set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY) == -1)
		return -1;
	if (address->transport == TRANSPORT_TCP)
		return set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
	return 0;
}

/*
 * True when the path is a socket that refuses: its server has gone. A datagram
 * socket asks, whatever the other is: it is told that it is of another type,
 * where a stream would leave a connection to be accepted.
 */
static bool
is_stale(const struct address *address)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(address->u.un.sun_path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return false;
	stale = connect(fd, &address->u.sa, address->len) == -1 &&
	    errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int
bind_address(int fd, const struct address *address)
{
	if (bind(fd, &address->u.sa, address->len) == 0)
		return 0;
	if (errno != EADDRINUSE || address->u.sa.sa_family != AF_UNIX)
		return -1;
	if (!is_stale(address) || unlink(address->u.un.sun_path) == -1) {
		errno = EADDRINUSE;
		return -1;
	}
	return bind(fd, &address->u.sa, address->len);
}

static const char *
advice(int error, const struct address *address)
{
	switch (error) {
	case EADDRINUSE:
		return address->u.sa.sa_family == AF_UNIX
		    ? " (another program serves it, or it is no socket: remove "
		      "it or choose another path)"
		    : " (end the other program, see 'ss -lntup', or choose "
		      "another port)";
	case EACCES:
		return address->u.sa.sa_family == AF_UNIX
		    ? " (the directory must be writable)"
		    : " (ports below 1024 need root or CAP_NET_BIND_SERVICE)";
	case EADDRNOTAVAIL:
		return " (no interface of this machine has this address)";
	case ENOENT:
		return " (make its directory)";
	case EMFILE:
		return " (raise the limit of open files, see 'ulimit -n')";
	default:
		return "";
	}
}

static int
refuse(
    int fd, const struct address *address, const char *what, char why[WHY_SIZE])
{
	char text[ADDRESS_TEXT_SIZE];
	int error = errno;

	if (fd != -1)
		socket_close(fd); /* and the path, if it was bound */
	address_format(text, &address->u.sa, address->len);
	why_set(why, "cannot %s %s %s: %s%s", what,
	    address_transport_name(address->transport), text, strerror(error),
	    advice(error, address));
	errno = error;
	return -1;
}

int
socket_open(const struct address *address, const struct socket_config *config,
    char why[WHY_SIZE])
{
	bool is_stream = (address->transport & TRANSPORTS_STREAM) != 0;
	int type = is_stream ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(
	    address->u.sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return refuse(fd, address, "open", why);
	socket_set_receive_buffer(fd, config->receive_buffer);
	if (set_bind_options(fd, address, config) == -1 ||
	    set_transport_options(fd, address) == -1 ||
	    socket_set_destination(fd, address, !config->one_way) == -1)
		return refuse(fd, address, "set up", why);
	if (!is_stream)
		socket_set_kernel_time(fd, config->kernel_time);
	if (bind_address(fd, address) == -1)
		return refuse(fd, address, "listen on", why);
	/* Nobody can connect yet: there is no moment with other permissions. */
	if (socket_set_access(fd, config) == -1)
		return refuse(fd, address, "set the permissions of", why);
	if (is_stream && listen(fd, config->backlog) == -1)
		return refuse(fd, address, "listen on", why);
	return fd;
}

static bool
is_listening(int fd)
{
	int is = 0;
	socklen_t len = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is, &len) == 0 && is;
}

int
socket_adopt(
    int fd, const struct address *address, bool one_way, char why[WHY_SIZE])
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return refuse(fd, address, "take over", why);
	if (set_transport_options(fd, address) == -1 ||
	    (!one_way && socket_set_destination(fd, address, true) == -1))
		return refuse(fd, address, "set up", why);
	if ((address->transport & TRANSPORTS_STREAM) != 0 &&
	    !is_listening(fd) && listen(fd, SOMAXCONN) == -1)
		return refuse(fd, address, "listen on", why);
	return fd;
}

/* A path that somebody else still serves by a copy of the socket stays. */
void
socket_close(int fd)
{
	struct address address;
	bool known = socket_get_address(fd, &address) == 0;

	close(fd);
	if (known && address.u.sa.sa_family == AF_UNIX && is_stale(&address))
		unlink(address.u.un.sun_path);
}

/* True when what the path leads to was shut down, be it closed or not. */
static bool
is_shut_down(const struct address *address)
{
	bool is_stream = address->transport == TRANSPORT_UNIX;
	int fd = socket(AF_UNIX,
	    (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC |
		SOCK_NONBLOCK,
	    0);
	int result, error;

	if (fd == -1)
		return false;
	if (is_stream)
		result = connect(fd, &address->u.sa, address->len);
	else
		result = (int)sendto(
		    fd, "", 0, MSG_NOSIGNAL, &address->u.sa, address->len);
	error = errno;
	close(fd);
	return result == -1 && (error == ECONNREFUSED || error == EPIPE);
}

void
socket_discard(int fd)
{
	struct address address;

	if (socket_get_address(fd, &address) == 0 &&
	    address.u.sa.sa_family == AF_UNIX && shutdown(fd, SHUT_RDWR) == 0 &&
	    is_shut_down(&address))
		unlink(address.u.un.sun_path);
	close(fd);
}
