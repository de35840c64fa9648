/* SPDX-License-Identifier: ISC */
/* Peers of tests: by their address, or one of very many by its number. */
#ifndef CHECK_PEER_H
#define CHECK_PEER_H

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* IPv4 or IPv6; until the next call. */
static inline const struct sockaddr *
peer_of(const char *text)
{
	static struct sockaddr_in in;
	static struct sockaddr_in6 in6;

	in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = 7 };
	in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return (struct sockaddr *)&in;
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return (struct sockaddr *)&in6;
}

/* An IPv4 address a number, all over the net; until the next call. */
static inline const struct sockaddr *
numbered_peer(uint32_t number)
{
	static struct sockaddr_in in;

	in = (struct sockaddr_in){ .sin_family = AF_INET };
	in.sin_addr.s_addr = htonl(number * 2654435761U);
	return (struct sockaddr *)&in;
}

#endif
