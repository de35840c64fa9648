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

/* What [HOST:]PORT[/udp|/tcp] says, before a name is looked up. */
struct address_parts {
	char host[256];   /* "localhost" where none is written */
	bool in_brackets; /* then it is an IPv6 address */
	unsigned port;
	unsigned transports; /* UDP and TCP where none is written */
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

/*
 * The two halves of address_parse() for [HOST:]PORT[/udp|/tcp], for callers
 * that have a default port or cannot wait for a name server without end.
 */

/*
 * Takes the text apart. HOST alone gets default_port; with ADDRESS_NO_PORT it
 * is an error, and digits alone are always a port. Returns 0 or -1 with why.
 */
#define ADDRESS_NO_PORT (-1)
int address_split(const char *text, int default_port,
    struct address_parts *parts, char why[WHY_SIZE]);

/*
 * Appends the addresses of the parts. A look-up that takes longer than
 * timeout_ms fails; -1 waits as long as the system does. Returns 0, or -1 with
 * why and the list as it was.
 */
int address_resolve(const struct address_parts *parts, int timeout_ms,
    struct address_list *list, char why[WHY_SIZE]);

/* Appends a copy; -1: out of memory. */
int
address_list_append(struct address_list *list, const struct address *address);

void address_list_free(struct address_list *list);

/* "udp", "tcp", "unix" or "unixgram". */
const char *address_transport_name(enum transport transport);

/*
 * Writes "192.0.2.7:40123", "[2001:db8::1]:40123", "/path", "@abstract" or
 * "unnamed" (a unix socket without a name, or no address) and returns its
 * length. A path is escaped as 7-bit text, and cut where it does not fit; a
 * relative one begins with "./", so that it is never like another address.
 */
size_t address_format(
    char text[ADDRESS_TEXT_SIZE], const struct sockaddr *sa, socklen_t len);

/* The same without port and brackets: "192.0.2.7", "2001:db8::1". */
size_t address_format_host(
    char text[ADDRESS_TEXT_SIZE], const struct sockaddr *sa, socklen_t len);

/*
 * The address of an IPv4 or IPv6 host that this wrote, with port 0, and its
 * length; 0: it is none.
 */
socklen_t
address_parse_host(struct sockaddr_storage *address, const char *text);

/* The port of an IP address in host byte order, 0 of a unix address. */
unsigned address_port(const struct sockaddr *sa);

/* True when both are the same host, port or path, and transport. */
bool address_equal(const struct address *a, const struct address *b);

#endif
