/* SPDX-License-Identifier: ISC */
/* What may be set on a socket at any time: buffer, backlog, sharing. */
#include "net/socket.h"

#include <sys/socket.h>
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

void
socket_tune(int fd, const struct socket_config *config)
{
	enum transport transport = socket_transport(fd);

	if ((transport & TRANSPORTS_STREAM) != 0)
		(void)listen(fd, config->backlog);
	else {
		tune_receive_buffer(fd, config->receive_buffer);
		socket_set_kernel_time(fd, config->kernel_time);
	}
	if ((transport & (TRANSPORT_UDP | TRANSPORT_TCP)) != 0)
		(void)socket_share_port(fd, config->reuse_port);
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

bool
socket_shares_port(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, &len) == 0 &&
	    value != 0;
}
