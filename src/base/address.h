/* SPDX-License-Identifier: ISC */
/*
 * Socket addresses as text: [HOST:]PORT[/udp|/tcp], unix:/path (stream) and
 * unixgram:/path. HOST is an IPv4 address, an IPv6 address in brackets,
 * localhost (127.0.0.1 and ::1), * (all, IPv4 and IPv6) or a name; without HOST
 * it is localhost.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/why.h"

/* Bits, so that a set of them is a number too. */
enum transport {
	TRANSPORT_UDP = 1,
	TRANSPORT_TCP = 2,
	TRANSPORT_UNIX = 4,
	TRANSPORT_UNIXGRAM = 8
};
#define TRANSPORTS_DATAGRAM (TRANSPORT_UDP | TRANSPORT_UNIXGRAM)
#define TRANSPORTS_STREAM   (TRANSPORT_TCP | TRANSPORT_UNIX)

struct address {
	enum transport transport;
	bool optional; /* IPv6 of localhost or *: not every machine has it */
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u;
};

/* Addresses in an array of their own; all zero is the empty list. */
struct address_list {
	struct address *items;
	size_t count;
};

/* Room for any address's text with its NUL, but for long paths with escapes. */
#define ADDRESS_TEXT_SIZE 128

/*
 * Appends what `text` means to the list: one address for each host address and
 * each of `transports` that fits it. A HOST that is a name is looked up, which
 * may wait for a name server. Returns 0, or -1 with what is wrong, and what to
 * write instead, in why and the list as it was.
 */
int address_parse(const char *text, unsigned transports,
    struct address_list *list, char why[WHY_SIZE]);

void address_list_free(struct address_list *list);

/* "udp", "tcp", "unix" or "unixgram". */
const char *address_transport_name(enum transport transport);

/*
 * Writes "192.0.2.7:40123", "[2001:db8::1]:40123", "/path", "@abstract" or
 * "unnamed" (a unix socket without a name, or no address) and returns its
 * length. A path is escaped as 7-bit text, and cut where it does not fit.
 */
size_t address_format(
    char text[ADDRESS_TEXT_SIZE], const struct sockaddr *sa, socklen_t len);

/* The port of an IP address in host byte order, 0 of a unix address. */
unsigned address_port(const struct sockaddr *sa);

/* True when both are the same host, port or path, and transport. */
bool address_equal(const struct address *a, const struct address *b);

#endif
