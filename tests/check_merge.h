/* SPDX-License-Identifier: ISC */
/* Datagrams in runs, over a socket that takes them merged. */
#ifndef CHECK_MERGE_H
#define CHECK_MERGE_H

#include <netinet/in.h>
#include <netinet/udp.h>

#include "check_datagram.h"

static inline bool
is_merging(const struct lab *lab)
{
	int value = 0;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(
	    getsockopt(lab->fd, SOL_UDP, UDP_GRO, &value, &len), 0);
	return value != 0;
}

static inline void
merge(int fd)
{
	int value = 1;

	ck_assert_int_eq(
	    setsockopt(fd, SOL_UDP, UDP_GRO, &value, sizeof(value)), 0);
}

static inline int
connect_roomy(const struct lab *lab)
{
	int client = net_connect(lab->fd);

	net_set_buffer(client, SO_RCVBUF, 200000);
	return client;
}

/* Sends datagrams of that size, the last may be shorter, as a run. */
static inline void
send_run(int client, const char *data, size_t len, uint16_t size)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(size))];
	} control = { .header = { .cmsg_level = SOL_UDP,
			  .cmsg_type = UDP_SEGMENT,
			  .cmsg_len = CMSG_LEN(sizeof(size)) } };
	struct iovec vector = { (void *)(uintptr_t)data, len };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &size, sizeof(size));
	ck_assert_int_eq(sendmsg(client, &message, 0), (ssize_t)len);
}

static inline const char *
pattern(void)
{
	static char data[DATAGRAM_SIZE];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 251);
	return data;
}

#endif
