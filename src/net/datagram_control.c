/* SPDX-License-Identifier: ISC */
/* What the kernel tells beside the data of a message. */
#include "net/datagram_private.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "net/socket.h"

/* Behind the address: what a count of drops means then. */
#define RUNS_WORDS ", runs counted as one"

void
datagram_tell_drops(struct datagram_socket *sock, uint32_t drops)
{
	const struct datagram_handler *handler = sock->config.handler;
	int32_t lost = (int32_t)(drops - sock->drops);
	char where[ADDRESS_TEXT_SIZE];
	int fd = event_get_fd(&sock->event);

	if (lost <= 0)
		return;
	sock->drops = drops;
	sock->config.counters->lost += (uint32_t)lost;
	if (handler->lost == NULL)
		return;
	socket_format_local(fd, where);
	if (sock->merge.is_seen)
		strncat(where, RUNS_WORDS, sizeof(where) - strlen(where) - 1);
	handler->lost(sock->config.owner, where, (uint32_t)lost);
}

/* The kernel's time of a datagram as clock_now_ns() would tell it. */
static int64_t
read_time(const struct cmsghdr *message)
{
	struct timespec time;

	memcpy(&time, CMSG_DATA(message), sizeof(time));
	return time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

/* Of the datagrams of a run. */
static size_t
read_size(const struct cmsghdr *message)
{
	int size;

	memcpy(&size, CMSG_DATA(message), sizeof(size));
	return size > 0 ? (size_t)size : 0;
}

void
datagram_read_control(struct datagram_socket *sock, struct message *message)
{
	struct msghdr *header = message->header;

	for (struct cmsghdr *told = CMSG_FIRSTHDR(header); told != NULL;
	     told = CMSG_NXTHDR(header, told)) {
		uint32_t drops;

		if (told->cmsg_level == SOL_UDP) {
			message->size = read_size(told);
		} else if (told->cmsg_level != SOL_SOCKET ||
		    told->cmsg_type == SCM_CREDENTIALS) {
			message->told = told;
		} else if (told->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(told), sizeof(drops));
			datagram_tell_drops(sock, drops);
		} else if (told->cmsg_type == SCM_TIMESTAMPNS) {
			message->received_ns = read_time(told);
		}
	}
}
