/* SPDX-License-Identifier: ISC */
/* Asks sockets about themselves. */
#include "net/socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

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

void
socket_note_drops(int fd, uint32_t drops)
{
	struct timeval noted = { .tv_sec = (time_t)drops };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &noted, sizeof(noted));
}

uint32_t
socket_noted_drops(int fd)
{
	struct timeval noted = { .tv_sec = 0 };
	socklen_t len = sizeof(noted);

	(void)getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &noted, &len);
	return (uint32_t)noted.tv_sec;
}

/* 0: none that we serve. */
static enum transport
transport_of(int family, int type)
{
	bool is_stream = type == SOCK_STREAM;

	if (!is_stream && type != SOCK_DGRAM)
		return 0;
	if (family == AF_UNIX)
		return is_stream ? TRANSPORT_UNIX : TRANSPORT_UNIXGRAM;
	if (family == AF_INET || family == AF_INET6)
		return is_stream ? TRANSPORT_TCP : TRANSPORT_UDP;
	return 0;
}

int
socket_get_address(int fd, struct address *address)
{
	socklen_t len = sizeof(int);
	int type;

	memset(address, 0, sizeof(*address));
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return -1;
	address->len = sizeof(address->u);
	if (getsockname(fd, &address->u.sa, &address->len) == -1)
		return -1;
	address->transport = transport_of(address->u.sa.sa_family, type);
	if (address->transport == 0) {
		errno = EPROTOTYPE;
		return -1;
	}
	/* Paths of unix addresses are as long as the struct; see address.h. */
	if (address->u.sa.sa_family == AF_UNIX)
		address->len = sizeof(address->u.un);
	return 0;
}

void
socket_format_local(int fd, char text[ADDRESS_TEXT_SIZE])
{
	struct address address;

	text[0] = '\0';
	if (socket_get_address(fd, &address) == 0)
		address_format(text, &address.u.sa, address.len);
}

enum transport
socket_transport(int fd)
{
	struct address address;

	return socket_get_address(fd, &address) == 0 ? address.transport : 0;
}

bool
socket_is_wildcard(int fd)
{
	struct address address;

	if (socket_get_address(fd, &address) == -1)
		return false;
	if (address.u.sa.sa_family == AF_INET)
		return address.u.in.sin_addr.s_addr == htonl(INADDR_ANY);
	return address.u.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&address.u.in6.sin6_addr);
}

unsigned
socket_udp_port(int fd)
{
	struct address address;

	if (socket_get_address(fd, &address) == -1 ||
	    address.transport != TRANSPORT_UDP)
		return 0;
	return address_port(&address.u.sa);
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
