/* SPDX-License-Identifier: ISC */
/* A second reading of the guard's rules: who and what must not be answered. */
#ifndef FUZZ_GUARD_H
#define FUZZ_GUARD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static inline bool
is_bad_ipv4(const unsigned char bytes[4])
{
	return bytes[0] == 0 || bytes[0] >= 224;
}

static inline bool
is_bad_ipv6(const unsigned char bytes[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff }, zero[16];

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return is_bad_ipv4(bytes + 12);
	return bytes[0] == 0xff || memcmp(bytes, zero, sizeof(zero)) == 0;
}

static inline bool
is_bad_port(unsigned port)
{
	static const unsigned bad[] = { 1434, 1900, 2049, 2345, 3283, 3702,
		5060, 5353, 5683, 10001, 11111, 11211, 27960 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (port == bad[i])
			return true;
	return port < 1024;
}

/* A path is nobody's without credentials. */
static inline bool
is_bad_peer(const struct sockaddr *peer)
{
	const struct sockaddr_in *in = (const void *)peer;
	const struct sockaddr_in6 *in6 = (const void *)peer;

	if (peer->sa_family == AF_UNIX)
		return peer->sa_data[0] != '\0';
	if (peer->sa_family == AF_INET)
		return is_bad_ipv4((const void *)&in->sin_addr) ||
		    is_bad_port(ntohs(in->sin_port));
	return is_bad_ipv6(in6->sin6_addr.s6_addr) ||
	    is_bad_port(ntohs(in6->sin6_port));
}

#endif
