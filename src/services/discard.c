/* SPDX-License-Identifier: ISC */
/* Discard: what comes is thrown away, and nothing is answered (RFC 863). */
#include "core/service.h"

static bool
discard_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	(void)datagram;
	return false;
}

static void
discard_data(struct stream *stream, char *data, size_t len)
{
	(void)stream;
	(void)data;
	(void)len;
}

const struct service_type discard_service = {
	.name = "discard",
	.summary = "throws away what it receives (RFC 863)",
	.datagram = discard_datagram,
	.one_way = true,
	.stream.data = discard_data,
};
