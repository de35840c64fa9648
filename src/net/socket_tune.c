/* SPDX-License-Identifier: ISC */
/* What may be set on a socket at any time: buffer, backlog, sharing, access. */
#include "net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Above rmem_max only the privileged may go (CAP_NET_ADMIN). */
void
socket_set_receive_buffer(int fd, uint64_t bytes)
{
	int size = bytes < INT32_MAX / 2 ? (int)bytes : INT32_MAX / 2;

	if (size != 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
		-1)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* What a new socket of ours that asks for it is granted; 0: not known. */
static uint64_t
grant_of(uint64_t bytes)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t granted;

	if (fd == -1)
		return 0;
	socket_set_receive_buffer(fd, bytes);
	granted = socket_receive_buffer(fd);
	close(fd);
	return granted;
}

/* Tried elsewhere first: what the kernel takes away, it may not give back. */
static void
tune_receive_buffer(int fd, uint64_t bytes)
{
	uint64_t has = socket_receive_buffer(fd);
	uint64_t granted = grant_of(bytes);
	uint64_t wanted = bytes != 0 ? bytes : granted;

	if (granted >= (wanted < has ? wanted : has))
		socket_set_receive_buffer(fd, wanted);
}

/*
 * Its owner, who could change the mode anyway, may connect whatever it says: we
 * ask so whether anybody serves the path still, before it is removed or
 * replaced.
 */
static int
set_path_mode(int path_fd, const struct stat *st, mode_t mode)
{
	char path[64];

	/* What the umask left of one that is another's is his concern. */
	if (mode == 0 &&
	    (st->st_uid != geteuid() || (st->st_mode & S_IWUSR) != 0))
		return 0;
	if (mode == 0)
		mode = st->st_mode & ACCESSPERMS;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	return chmod(path, mode | S_IWUSR);
}

/* By a descriptor of the path, so that nothing put in its place is meant. */
static int
set_path_access(int path_fd, const struct socket_config *config)
{
	struct stat st;

	if (fstat(path_fd, &st) == -1 || !S_ISSOCK(st.st_mode))
		return 0; /* it is not ours any more */
	if (config->has_group && st.st_gid != config->group &&
	    fchownat(path_fd, "", (uid_t)-1, config->group, AT_EMPTY_PATH) ==
		-1)
		return -1;
	return set_path_mode(path_fd, &st, config->mode);
}

int
socket_set_access(int fd, const struct socket_config *config)
{
	struct address address;
	int path_fd, result;

	if (socket_get_address(fd, &address) == -1 ||
	    address.u.sa.sa_family != AF_UNIX)
		return 0;
	path_fd = open(address.u.un.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path_fd == -1)
		return 0;
	result = set_path_access(path_fd, config);
	close(path_fd);
	return result;
}

/*
 * Which address it was sent to: the answer has to leave from there, and what
 * went to many gets none. Nobody broadcasts to these two.
 */
static bool
is_loopback(const struct address *address)
{
	if (address->u.sa.sa_family == AF_INET)
		return address->u.in.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_LOOPBACK(&address->u.in6.sin6_addr);
}

int
socket_set_destination(int fd, const struct address *address, bool wanted)
{
	int value = wanted;

	if (address->transport != TRANSPORT_UDP || is_loopback(address))
		return 0;
	/* One of systemd's for both families tells of IPv4 in its own words. */
	if (address->u.sa.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &value,
		sizeof(value)) == -1)
		return -1;
	return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &value, sizeof(value));
}

/* What is asked for with each datagram costs its part of receiving it. */
static void
tune_datagrams(int fd, const struct socket_config *config)
{
	struct address address;

	tune_receive_buffer(fd, config->receive_buffer);
	socket_set_kernel_time(fd, config->kernel_time);
	if (config->one_way && socket_get_address(fd, &address) == 0)
		(void)socket_set_destination(fd, &address, false);
}

int
socket_tune(int fd, const struct socket_config *config)
{
	enum transport transport = socket_transport(fd);

	if ((transport & TRANSPORTS_STREAM) != 0)
		(void)listen(fd, config->backlog);
	else
		tune_datagrams(fd, config);
	if ((transport & (TRANSPORT_UDP | TRANSPORT_TCP)) != 0)
		(void)socket_share_port(fd, config->reuse_port);
	return socket_set_access(fd, config);
}

/* Where it does not tell, our clock does. */
void
socket_set_kernel_time(int fd, bool wanted)
{
	int value = wanted;

	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &value, sizeof(value));
}

int
socket_share_port(int fd, bool share)
{
	int value = share;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof(value));
}

/*
 * The kernel passes over a connected socket, here one that is connected to
 * itself, when it chooses among those that share a port.
 */
void
socket_leave_port(int fd)
{
	struct sockaddr_storage self;
	socklen_t len = sizeof(self);

	if (socket_transport(fd) == TRANSPORT_UDP && socket_shares_port(fd) &&
	    getsockname(fd, (struct sockaddr *)&self, &len) == 0)
		(void)connect(fd, (struct sockaddr *)&self, len);
}

bool
socket_shares_port(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, &len) == 0 &&
	    value != 0;
}
