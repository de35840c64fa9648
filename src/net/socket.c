/* SPDX-License-Identifier: ISC */
/* Opens the sockets that netlabd serves, and asks them about themselves. */
#include "net/socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
set_flag(int fd, int level, int option)
{
	int one = 1;

	return setsockopt(fd, level, option, &one, sizeof(one));
}

/* Above rmem_max only the privileged may go (CAP_NET_ADMIN). */
static void
set_receive_buffer(int fd, uint64_t bytes)
{
	int size = bytes < INT32_MAX / 2 ? (int)bytes : INT32_MAX / 2;

	if (size != 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
		-1)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* The kernel reports twice what was set: its own book-keeping is in it. */
uint64_t
socket_receive_buffer(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
	return (uint64_t)size / 2;
}

uint32_t
socket_drops(int fd)
{
	uint32_t figures[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(figures);

	(void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, figures, &len);
	return figures[SK_MEMINFO_DROPS];
}

/*
 * A datagram tells which address it was sent to: the answer has to leave from
 * there, and what went to many gets none. Nobody broadcasts to these two.
 */
static bool
is_loopback(const struct address *address)
{
	if (address->u.sa.sa_family == AF_INET)
		return address->u.in.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_LOOPBACK(&address->u.in6.sin6_addr);
}

static int
set_udp_options(int fd, const struct address *address)
{
	if (set_flag(fd, SOL_SOCKET, SO_RXQ_OVFL) == -1)
		return -1;
	if (is_loopback(address))
		return 0;
	if (address->u.sa.sa_family == AF_INET)
		return set_flag(fd, IPPROTO_IP, IP_PKTINFO);
	return set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

/*
 * Each family has its own socket, so IPv6 ones take no IPv4. TCP answers are
 * written whole, so there is nothing to wait for with more (Nagle).
 */
static int
set_options(int fd, const struct address *address)
{
	if (address->u.sa.sa_family == AF_INET6 &&
	    set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY) == -1)
		return -1;
	switch (address->transport) {
	case TRANSPORT_UDP:
		return set_udp_options(fd, address);
	case TRANSPORT_TCP:
		if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR) == -1)
			return -1;
		return set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
	default:
		return 0;
	}
}

/* True when the path is a socket that refuses: its server has gone. */
static bool
is_stale(const struct address *address)
{
	int type =
	    address->transport == TRANSPORT_UNIX ? SOCK_STREAM : SOCK_DGRAM;
	struct stat st;
	bool stale;
	int fd;

	if (lstat(address->u.un.sun_path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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
		return " (the directory does not exist)";
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
		close(fd);
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
	set_receive_buffer(fd, config->receive_buffer);
	if (set_options(fd, address) == -1)
		return refuse(fd, address, "set up", why);
	if (bind_address(fd, address) == -1)
		return refuse(fd, address, "listen on", why);
	if (is_stream && listen(fd, config->backlog) == -1)
		return refuse(fd, address, "listen on", why);
	return fd;
}

static socklen_t
get_local(int fd, struct sockaddr_storage *local)
{
	socklen_t len = sizeof(*local);

	memset(local, 0, sizeof(*local));
	return getsockname(fd, (struct sockaddr *)local, &len) == 0 ? len : 0;
}

void
socket_format_local(int fd, char text[ADDRESS_TEXT_SIZE])
{
	struct sockaddr_storage local;
	socklen_t len = get_local(fd, &local);

	address_format(text, (struct sockaddr *)&local, len);
}

bool
socket_is_wildcard(int fd)
{
	struct sockaddr_storage local;
	const struct sockaddr_in *in = (const void *)&local;
	const struct sockaddr_in6 *in6 = (const void *)&local;

	(void)get_local(fd, &local);
	if (local.ss_family == AF_INET)
		return in->sin_addr.s_addr == htonl(INADDR_ANY);
	return local.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

enum transport
socket_transport(int fd)
{
	struct sockaddr_storage local;
	int type = 0;
	socklen_t len = sizeof(type);

	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	(void)get_local(fd, &local);
	if (local.ss_family == AF_UNIX)
		return type == SOCK_STREAM ? TRANSPORT_UNIX
					   : TRANSPORT_UNIXGRAM;
	return type == SOCK_STREAM ? TRANSPORT_TCP : TRANSPORT_UDP;
}

size_t
socket_unsent(int fd)
{
	int len = 0;

	if (socket_transport(fd) != TRANSPORT_TCP ||
	    ioctl(fd, SIOCOUTQ, &len) == -1)
		return 0;
	return (size_t)len;
}

unsigned
socket_udp_port(int fd)
{
	struct sockaddr_storage local;

	if (socket_transport(fd) != TRANSPORT_UDP)
		return 0;
	(void)get_local(fd, &local);
	return address_port((const struct sockaddr *)&local);
}

void
socket_close(int fd)
{
	struct sockaddr_storage local;
	struct sockaddr_un *un = (struct sockaddr_un *)&local;

	if (get_local(fd, &local) > sizeof(sa_family_t) &&
	    local.ss_family == AF_UNIX && un->sun_path[0] == '/')
		unlink(un->sun_path);
	close(fd);
}
