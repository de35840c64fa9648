/* SPDX-License-Identifier: ISC */
/* Echo: what comes goes back as it is (RFC 862). */
#include "core/service.h"

static bool
echo_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	(void)datagram;
	return true;
}

static void
echo_data(struct stream *stream, char *data, size_t len)
{
	stream_write(stream, data, len);
}

const struct service_type echo_service = {
	.name = "echo",
	.summary = "sends back what it receives (RFC 862)",
	.example = "netlab send %s hello",
	.datagram = echo_datagram,
	.stream.data = echo_data,
};
