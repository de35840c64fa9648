/* SPDX-License-Identifier: ISC */
/* Why somebody is not served; the loop guard. */
#include "net/guard.h"

#include <netinet/in.h>
#include <string.h>

#define PORT_COUNT      65536
#define FIRST_USER_PORT 1024
#define NFS_PORT        2049

/*
 * Ports above 1023 whose servers answer whatever they are sent, so that an
 * answer to them comes back: the lecture's, and those that reflection attacks
 * use. None lies in the range that Linux gives to clients (32768 to 60999).
 */
static const uint16_t answering_ports[] = {
	1434,  /* Microsoft SQL browser */
	1900,  /* SSDP */
	2345,  /* the lecture's upper-case echo */
	3283,  /* Apple remote desktop */
	3702,  /* WS-Discovery */
	5060,  /* SIP */
	5353,  /* mDNS */
	5683,  /* CoAP */
	10001, /* Ubiquiti discovery */
	11111, /* the lecture's upper-case echo */
	11211, /* memcached */
	27960, /* Quake 3 and its kin */
};

static uint16_t own_ports[PORT_COUNT]; /* how many sockets have it */

void
guard_claim_port(unsigned port)
{
	own_ports[port % PORT_COUNT]++;
}

void
guard_release_port(unsigned port)
{
	own_ports[port % PORT_COUNT]--;
}

bool
guard_has_port(unsigned port)
{
	return own_ports[port % PORT_COUNT] != 0;
}

const char *
guard_reason_name(enum guard_reason reason)
{
	static const char *const names[GUARD_REASONS] = {
		[GUARD_PASS] = "pass",
		[GUARD_DENIED] = "denied",
		[GUARD_DENIED_CONNECTION] = "denied-connection",
		[GUARD_MAX_CONNECTIONS] = "max-connections",
		[GUARD_MAX_CONNECTIONS_PER_SOURCE] =
		    "max-connections-per-source",
		[GUARD_CONNECTION_RATE_PER_SOURCE] =
		    "connection-rate-per-source",
		[GUARD_CONNECTION_RATE] = "connection-rate",
		[GUARD_DATAGRAM_RATE_PER_SOURCE] = "datagram-rate-per-source",
		[GUARD_DATAGRAM_RATE] = "datagram-rate",
		[GUARD_SYSTEM_PORT] = "system-port",
		[GUARD_OWN_PORT] = "own-port",
		[GUARD_ANSWERING_PORT] = "answering-port",
		[GUARD_SOURCE] = "source",
		[GUARD_DESTINATION] = "destination",
		[GUARD_AMPLIFICATION] = "amplification",
		[GUARD_PAIR] = "pair",
		[GUARD_MUTED] = "muted",
	};

	return names[reason];
}

static enum guard_reason
check_port(unsigned port, const struct ports *more)
{
	if (port < FIRST_USER_PORT || port == NFS_PORT)
		return GUARD_SYSTEM_PORT;
	if (own_ports[port] != 0)
		return GUARD_OWN_PORT;
	for (size_t i = 0;
	     i < sizeof(answering_ports) / sizeof(*answering_ports); i++)
		if (port == answering_ports[i])
			return GUARD_ANSWERING_PORT;
	return more != NULL && ports_has(more, port) ? GUARD_ANSWERING_PORT
						     : GUARD_PASS;
}

/* 0/8 (RFC 1122), 224/4 multicast, 240/4 reserved, 255.255.255.255. */
static bool
is_bad_ipv4(uint32_t address)
{
	return address >> 24 == 0 || address >> 28 >= 0xe;
}

/* Unspecified, multicast, or one of the above as ::ffff:a.b.c.d. */
static bool
is_bad_ipv6(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		uint32_t mapped;

		memcpy(&mapped, address->s6_addr + 12, sizeof(mapped));
		return is_bad_ipv4(ntohl(mapped));
	}
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	    IN6_IS_ADDR_MULTICAST(address);
}

enum guard_reason
guard_check_source(const struct sockaddr *peer, const struct ports *more)
{
	const struct sockaddr_in *in = (const void *)peer;
	const struct sockaddr_in6 *in6 = (const void *)peer;

	switch (peer->sa_family) {
	case AF_INET:
		if (is_bad_ipv4(ntohl(in->sin_addr.s_addr)))
			return GUARD_SOURCE;
		return check_port(ntohs(in->sin_port), more);
	case AF_INET6:
		if (is_bad_ipv6(&in6->sin6_addr))
			return GUARD_SOURCE;
		return check_port(ntohs(in6->sin6_port), more);
	default:
		return GUARD_PASS;
	}
}

/*
 * For a unicast datagram the kernel's choice of a local address (spec_dst) is
 * the address that it was sent to; for others it cannot be. What waited since
 * before the socket was asked for it, in one of systemd's or of a service that
 * did not answer, comes without: then a broadcast to one network is not seen,
 * but no answer can leave from there.
 */
static bool
is_for_many(const struct in_pktinfo *to)
{
	if (to->ipi_spec_dst.s_addr == 0)
		return is_bad_ipv4(ntohl(to->ipi_addr.s_addr));
	return to->ipi_addr.s_addr != to->ipi_spec_dst.s_addr;
}

enum guard_reason
guard_check_destination(const struct cmsghdr *message)
{
	if (message->cmsg_level == IPPROTO_IP &&
	    message->cmsg_type == IP_PKTINFO &&
	    is_for_many((const void *)CMSG_DATA(message)))
		return GUARD_DESTINATION;
	if (message->cmsg_level == IPPROTO_IPV6 &&
	    message->cmsg_type == IPV6_PKTINFO) {
		const struct in6_pktinfo *to = (const void *)CMSG_DATA(message);

		if (is_bad_ipv6(&to->ipi6_addr))
			return GUARD_DESTINATION;
	}
	return GUARD_PASS;
}
