/* SPDX-License-Identifier: ISC */
/* Networks, and senders in them. */
#include "base/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

/* Where an IPv4 address begins in ::ffff:0:0/96. */
#define MAPPED_BITS  96
#define MAPPED_BYTES (MAPPED_BITS / 8)

/* Room for any address with its NUL, and for a network. */
#define TEXT_SIZE (INET6_ADDRSTRLEN + 4)

/* *is_ipv4: written as one, so that a prefix counts from there. */
static bool
parse_address(unsigned char address[16], const char *text, bool *is_ipv4)
{
	memset(address, 0, 16);
	address[10] = address[11] = 0xff;
	*is_ipv4 = inet_pton(AF_INET, text, address + MAPPED_BYTES) == 1;
	return *is_ipv4 || inet_pton(AF_INET6, text, address) == 1;
}

/* Decimal digits up to max; -1: anything else. */
static int
parse_bits(const char *text, unsigned max)
{
	unsigned bits = 0;

	if (text[0] == '\0' || strlen(text) > 3)
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		bits = bits * 10 + (unsigned)(*text - '0');
	}
	return bits > max ? -1 : (int)bits;
}

/* As network_parse(), but that why does not begin with the text. */
static int
parse(struct network *network, const char *text, char why[WHY_SIZE])
{
	char host[TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	bool is_ipv4;
	int bits;

	if (len < sizeof(host))
		*(char *)mempcpy(host, text, len) = '\0';
	if (len >= sizeof(host) ||
	    !parse_address(network->address, host, &is_ipv4))
		return why_set(
		    why, "is no network (write ADDRESS or ADDRESS/BITS)");
	bits = slash == NULL ? (is_ipv4 ? 32 : 128)
			     : parse_bits(slash + 1, is_ipv4 ? 32 : 128);
	if (bits == -1)
		return why_set(why,
		    "has no prefix length from 0 to %d (write ADDRESS/BITS)",
		    is_ipv4 ? 32 : 128);
	network->bits = (unsigned)bits + (is_ipv4 ? MAPPED_BITS : 0);
	return 0;
}

int
network_parse(struct network *network, const char *text, char why[WHY_SIZE])
{
	char quoted[64], what[WHY_SIZE];

	if (parse(network, text, what) == 0)
		return 0;
	return why_set(
	    why, "%s %.150s", escape_quote(quoted, sizeof(quoted), text), what);
}

/* Clears the bits beyond the prefix; returns whether one was set. */
static bool
clear_rest(struct network *network)
{
	unsigned char rest = 0;

	for (unsigned i = network->bits / 8; i < 16; i++) {
		unsigned kept = i == network->bits / 8 ? network->bits % 8 : 0;
		unsigned char mask = (unsigned char)(0xff >> kept);

		rest |= network->address[i] & mask;
		network->address[i] &= (unsigned char)~mask;
	}
	return rest != 0;
}

/* As it is written, IPv4 without what it has in IPv6. */
static void
format(const struct network *network, char text[TEXT_SIZE])
{
	static const unsigned char mapped[] = { [10] = 0xff, [11] = 0xff };
	bool is_ipv4 = network->bits >= MAPPED_BITS &&
	    memcmp(network->address, mapped, sizeof(mapped)) == 0;
	size_t used;

	(void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
	    network->address + (is_ipv4 ? MAPPED_BYTES : 0), text, TEXT_SIZE);
	used = strlen(text);
	snprintf(text + used, TEXT_SIZE - used, "/%u",
	    network->bits - (is_ipv4 ? MAPPED_BITS : 0));
}

int
network_parse_exact(
    struct network *network, const char *text, char why[WHY_SIZE])
{
	char exact[TEXT_SIZE];

	if (parse(network, text, why) == -1)
		return -1;
	if (!clear_rest(network))
		return 0;
	format(network, exact);
	return why_set(why, "has bits beyond its prefix (write %s)", exact);
}

/* Cuts the text of a sender down to its address. */
static bool
cut_host(char host[TEXT_SIZE], struct slice source)
{
	const char *data = source.data, *end;
	size_t len = source.len;
	bool in_brackets = len > 0 && data[0] == '[';

	if (in_brackets) {
		data++;
		len--;
		end = memchr(data, ']', len);
		len = end == NULL ? 0 : (size_t)(end - data);
	} else if (len > 0) {
		end = memchr(data, ':', len);
		/* With a second colon it is IPv6 without a port. */
		if (end != NULL && end == memrchr(data, ':', len))
			len = (size_t)(end - data);
	}
	if (len == 0 || len >= TEXT_SIZE)
		return false;
	*(char *)mempcpy(host, data, len) = '\0';
	/* The interface of a link-local address. */
	host[strcspn(host, "%")] = '\0';
	return true;
}

bool
network_has(const struct network *network, struct slice source)
{
	unsigned char address[16];
	char host[TEXT_SIZE];
	size_t bytes = network->bits / 8;
	unsigned rest = network->bits % 8;
	bool is_ipv4;

	if (!cut_host(host, source) ||
	    !parse_address(address, host, &is_ipv4) ||
	    memcmp(address, network->address, bytes) != 0)
		return false;
	return rest == 0 ||
	    ((address[bytes] ^ network->address[bytes]) >> (8 - rest)) == 0;
}
