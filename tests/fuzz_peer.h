/* SPDX-License-Identifier: ISC */
/*
 * Peers that the input chooses, for fuzzers of what remembers them: near to
 * each other, in any form that the kernel gives them.
 */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "fuzz.h"

struct fuzz_peer {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u;
	unsigned char address[16]; /* IPv4 as within IPv6 */
	unsigned port;
};

/* As the kernel would: IPv4, IPv4 within IPv6 or IPv6. */
static inline void
fuzz_peer_set(struct fuzz_peer *peer, int family)
{
	memset(&peer->u, 0, sizeof(peer->u));
	peer->u.sa.sa_family = (sa_family_t)family;
	/* It is at the same place in both. */
	peer->u.in.sin_port = htons((uint16_t)peer->port);
	if (family == AF_INET)
		memcpy(&peer->u.in.sin_addr, peer->address + 12, 4);
	else
		memcpy(&peer->u.in6.sin6_addr, peer->address, 16);
}

/* Takes five bytes: the form, an address but for one byte, which, its port. */
static inline void
fuzz_peer_take(struct fuzz_peer *peer, struct fuzz_input *input)
{
	static const unsigned char
	    ipv4[16] = { [10] = 0xff, 0xff, 192, 0, 2, 7 },
	    ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };
	unsigned form = fuzz_byte(input), place = fuzz_byte(input);
	bool is_ipv4 = form % 3 < 2;

	memcpy(peer->address, is_ipv4 ? ipv4 : ipv6, 16);
	place = is_ipv4 ? 12 + place % 4 : place % 16;
	peer->address[place] ^= (unsigned char)fuzz_byte(input);
	peer->port = fuzz_byte(input) << 8;
	peer->port |= fuzz_byte(input);
	fuzz_peer_set(peer, form % 3 == 0 ? AF_INET : AF_INET6);
}

#endif
