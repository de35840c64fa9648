/* SPDX-License-Identifier: ISC */
/* The buffers of the datagram engine. */
#include "net/datagram_batch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "net/unix_peer.h"

/* 128 more than a power of two: else all buffers share the same cache sets. */
#define BUFFER_STRIDE (65536 + 128)

union control {
	struct cmsghdr align;
	char bytes[BATCH_CONTROL_IP + BATCH_CONTROL_TIME];
};

static struct {
	struct mmsghdr in[BATCH_SIZE], out[BATCH_SIZE];
	struct iovec in_data[BATCH_SIZE], out_data[BATCH_SIZE];
	union control in_control[BATCH_SIZE], out_control[BATCH_SIZE];
	struct sockaddr_storage peer[BATCH_SIZE];
	struct sockaddr_un held_peer[BATCH_SIZE];
	int held_fd[BATCH_SIZE];
	unsigned held;
	unsigned dirty;      /* entries of `in` that recvmmsg has changed */
	size_t control_size; /* that the others are set up for */
	unsigned answers;
	char buffer[BATCH_SIZE][BUFFER_STRIDE];
} batch;

static void
batch_init(void)
{
	for (unsigned i = 0; i < BATCH_SIZE; i++) {
		batch.in_data[i].iov_base = batch.buffer[i];
		batch.in_data[i].iov_len = DATAGRAM_SIZE;
		batch.in[i].msg_hdr.msg_iov = &batch.in_data[i];
		batch.in[i].msg_hdr.msg_iovlen = 1;
		batch.in[i].msg_hdr.msg_name = &batch.peer[i];
		batch.in[i].msg_hdr.msg_control = &batch.in_control[i];
	}
}

int
batch_receive(int fd, size_t control_size)
{
	int count;

	if (batch.in_data[0].iov_base == NULL)
		batch_init();
	if (batch.control_size != control_size)
		batch.dirty = BATCH_SIZE;
	batch.control_size = control_size;
	for (unsigned i = 0; i < batch.dirty; i++) {
		batch.in[i].msg_hdr.msg_namelen = sizeof(batch.peer[i]);
		batch.in[i].msg_hdr.msg_controllen = control_size;
	}
	count =
	    recvmmsg(fd, batch.in, BATCH_SIZE, MSG_DONTWAIT | MSG_TRUNC, NULL);
	batch.dirty = count > 0 ? (unsigned)count : 0;
	return count;
}

char *
batch_data(unsigned i)
{
	return batch.buffer[i];
}

struct msghdr *
batch_header(unsigned i)
{
	return &batch.in[i].msg_hdr;
}

size_t
batch_wire_len(unsigned i)
{
	return batch.in[i].msg_len;
}

/* Names the local address that was asked as the one the answer leaves from. */
static void
set_source(struct msghdr *answer, const struct cmsghdr *asked)
{
	struct cmsghdr *message = answer->msg_control;

	memcpy(message, asked, asked->cmsg_len);
	answer->msg_controllen = CMSG_SPACE(asked->cmsg_len - CMSG_LEN(0));
	if (asked->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo *from = (void *)CMSG_DATA(message);

		from->ipi_ifindex = 0; /* the routing table chooses */
		from->ipi_spec_dst = from->ipi_addr;
	} else {
		struct in6_pktinfo *from = (void *)CMSG_DATA(message);

		if (!IN6_IS_ADDR_LINKLOCAL(&from->ipi6_addr))
			from->ipi6_ifindex = 0;
	}
}

/* The next answer: the i-th buffer, to the sender of the i-th datagram. */
static struct msghdr *
next_answer(unsigned i, size_t len)
{
	struct msghdr *answer = &batch.out[batch.answers].msg_hdr;
	struct iovec *data = &batch.out_data[batch.answers];

	data->iov_base = batch.buffer[i];
	data->iov_len = len;
	answer->msg_name = batch.in[i].msg_hdr.msg_name;
	answer->msg_namelen = batch.in[i].msg_hdr.msg_namelen;
	answer->msg_iov = data;
	answer->msg_iovlen = 1;
	answer->msg_control = &batch.out_control[batch.answers];
	answer->msg_controllen = 0;
	batch.answers++;
	return answer;
}

void
batch_answer(unsigned i, size_t len, const struct cmsghdr *source)
{
	struct msghdr *answer = next_answer(i, len);

	if (source != NULL)
		set_source(answer, source);
}

void
batch_answer_held(unsigned i, size_t len, int peer_fd)
{
	struct msghdr *answer = next_answer(i, len);
	struct sockaddr_un *peer = &batch.held_peer[batch.held];

	batch.held_fd[batch.held++] = peer_fd;
	answer->msg_namelen = unix_peer_address(peer_fd, peer);
	answer->msg_name = peer;
}

static void
send_all(int fd, struct datagram_counters *counters)
{
	unsigned done = 0;

	while (done < batch.answers) {
		int sent = sendmmsg(
		    fd, batch.out + done, batch.answers - done, MSG_DONTWAIT);

		if (sent == -1 && errno == EINTR)
			continue;
		if (sent == -1) { /* it costs this answer, not the others */
			counters->unanswered++;
			done++;
			continue;
		}
		counters->answered += (unsigned)sent;
		for (int i = 0; i < sent; i++)
			counters->answered_bytes += batch.out[done++].msg_len;
	}
}

void
batch_send(int fd, struct datagram_counters *counters)
{
	send_all(fd, counters);
	batch.answers = 0;
	while (batch.held > 0)
		close(batch.held_fd[--batch.held]);
}
