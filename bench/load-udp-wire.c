/* SPDX-License-Identifier: ISC */
/* Batches of datagrams, one by one or cut from one. */
#include "load-udp-wire.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

#include "load.h"

#define SEGMENTED_SIZE 65000 /* bytes that the kernel cuts up at once */
#define GATHERED_SIZE  65536 /* and more than it gives at once */

union wire_control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

void
wire_prepare(struct wire *wire, size_t size, bool segment)
{
	wire->segment = segment && size != 0;
	wire->size = size;
	wire->room = wire->segment ? GATHERED_SIZE : size + 1;
	wire->controls = load_alloc(WIRE_BATCH, sizeof(*wire->controls));
	for (size_t i = 0; i < WIRE_BATCH; i++) {
		wire->data[i] = load_alloc(wire->room, 1);
		wire->vectors[i].iov_base = wire->data[i];
		wire->messages[i].msg_hdr.msg_iov = &wire->vectors[i];
		wire->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

void
wire_enable(const struct wire *wire, int fd)
{
	int on = 1;

	if (wire->segment &&
	    setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) == -1)
		load_fail("UDP_GRO");
}

size_t
wire_limit(const struct wire *wire)
{
	size_t limit = WIRE_BATCH;

	if (wire->segment && wire->size * WIRE_BATCH > SEGMENTED_SIZE)
		limit = SEGMENTED_SIZE / wire->size;
	return limit != 0 ? limit : 1;
}

/* Hands the batch over as one, to be cut up again. Returns as sendmmsg(2). */
static int
send_segmented(struct wire *wire, int fd, size_t count)
{
	union wire_control control = { .header = { .cmsg_len = CMSG_LEN(
						       sizeof(uint16_t)),
					   .cmsg_level = SOL_UDP,
					   .cmsg_type = UDP_SEGMENT } };
	struct msghdr message = { .msg_iov = wire->vectors,
		.msg_iovlen = count,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(uint16_t)) };
	uint16_t size = (uint16_t)wire->size;

	memcpy(CMSG_DATA(&control.header), &size, sizeof(size));
	return sendmsg(fd, &message, 0) == -1 ? -1 : (int)count;
}

int
wire_send(struct wire *wire, int fd, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		wire->vectors[i].iov_len = wire->size;
		wire->messages[i].msg_hdr.msg_control = NULL;
		wire->messages[i].msg_hdr.msg_controllen = 0;
	}
	if (wire->segment)
		return send_segmented(wire, fd, count);
	return sendmmsg(fd, wire->messages, (unsigned)count, 0);
}

/* The size of the datagrams that this message was put together from. */
static size_t
segment_size(struct msghdr *message, size_t len)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int size;

	if (header == NULL || header->cmsg_level != SOL_UDP ||
	    header->cmsg_type != UDP_GRO)
		return len;
	memcpy(&size, CMSG_DATA(header), sizeof(size));
	return size > 0 ? (size_t)size : len;
}

static void
take_apart(struct mmsghdr *message, const char *data,
    void (*each)(void *arg, const char *data, size_t len), void *arg)
{
	size_t left = message->msg_len;
	size_t size = segment_size(&message->msg_hdr, left);

	do {
		size_t len = left < size ? left : size;

		each(arg, data, len);
		data += len;
		left -= len;
	} while (left > 0);
}

int
wire_receive(struct wire *wire, int fd,
    void (*each)(void *arg, const char *data, size_t len), void *arg)
{
	int received;

	for (size_t i = 0; i < WIRE_BATCH; i++) {
		struct msghdr *header = &wire->messages[i].msg_hdr;

		wire->vectors[i].iov_len = wire->room;
		header->msg_control = wire->segment ? &wire->controls[i] : NULL;
		header->msg_controllen =
		    wire->segment ? sizeof(*wire->controls) : 0;
	}
	received = recvmmsg(fd, wire->messages, WIRE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < received; i++)
		take_apart(&wire->messages[i], wire->data[i], each, arg);
	return received;
}
