/* SPDX-License-Identifier: ISC */
/* The buffers of the datagram engine. */
#include "net/datagram_batch.h"

#include <netinet/in.h>

/* 128 more than a power of two: else all buffers share the same cache sets. */
#define BUFFER_STRIDE (65536 + 128)

union control {
	struct cmsghdr align;
	char bytes[BATCH_CONTROL_IP + BATCH_CONTROL_TIME];
};

static struct {
	struct mmsghdr in[BATCH_SIZE];
	struct iovec data[BATCH_SIZE];
	union control control[BATCH_SIZE];
	struct sockaddr_storage peer[BATCH_SIZE];
	unsigned dirty;      /* entries of `in` that recvmmsg has changed */
	size_t control_size; /* that the others are set up for */
	char buffer[BATCH_SIZE][BUFFER_STRIDE], spare[DATAGRAM_SIZE];
} batch;

static void
batch_init(void)
{
	for (unsigned i = 0; i < BATCH_SIZE; i++) {
		batch.data[i].iov_base = batch.buffer[i];
		batch.data[i].iov_len = DATAGRAM_SIZE;
		batch.in[i].msg_hdr.msg_iov = &batch.data[i];
		batch.in[i].msg_hdr.msg_iovlen = 1;
		batch.in[i].msg_hdr.msg_name = &batch.peer[i];
		batch.in[i].msg_hdr.msg_control = &batch.control[i];
	}
}

int
batch_receive(int fd, unsigned count, size_t control_size)
{
	int received;

	if (batch.data[0].iov_base == NULL)
		batch_init();
	if (batch.control_size != control_size)
		batch.dirty = BATCH_SIZE;
	batch.control_size = control_size;
	for (unsigned i = 0; i < batch.dirty; i++) {
		batch.in[i].msg_hdr.msg_namelen = sizeof(batch.peer[i]);
		batch.in[i].msg_hdr.msg_controllen = control_size;
	}
	received =
	    recvmmsg(fd, batch.in, count, MSG_DONTWAIT | MSG_TRUNC, NULL);
	batch.dirty = received > 0 ? (unsigned)received : 0;
	return received;
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

char *
batch_spare(void)
{
	return batch.spare;
}
