/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes networks: any texts do no harm, and of those made here it is counted
 * bit by bit whether a sender is in the network.
 */
#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define HOST_SIZE INET6_ADDRSTRLEN
#define TEXT_SIZE (HOST_SIZE + 24)

static struct network
require_network(const char *text)
{
	struct network network;
	char why[WHY_SIZE] = "";

	REQUIRE(network_parse(&network, text, why) == 0);
	REQUIRE(network.bits <= 128);
	return network;
}

static bool
has(const struct network *network, const char *source)
{
	return network_has(network, (struct slice){ source, strlen(source) });
}

static void
print_host(char host[HOST_SIZE], const unsigned char address[16])
{
	REQUIRE(inet_ntop(AF_INET6, address, host, HOST_SIZE) != NULL);
}

/* A network is its address and bits in whatever way they are written. */
static void
require_round_trip(const struct network *network)
{
	char host[HOST_SIZE], text[TEXT_SIZE];
	struct network again;

	print_host(host, network->address);
	snprintf(text, sizeof(text), "%s/%u", host, network->bits);
	again = require_network(text);
	REQUIRE(again.bits == network->bits);
	REQUIRE(memcmp(again.address, network->address, 16) == 0);
	REQUIRE(has(network, host));
}

/* A network and a sender, with anything but NUL in them. */
static void
fuzz_texts(const char *data, size_t size)
{
	const char *newline = memchr(data, '\n', size);
	size_t len = newline != NULL ? (size_t)(newline - data) : size;
	char *text = strndup(data, len), why[WHY_SIZE] = "";
	struct network network;

	if (network_parse(&network, text, why) == -1) {
		REQUIRE(why[0] != '\0' && strlen(why) < WHY_SIZE);
	} else {
		REQUIRE(network.bits <= 128);
		require_round_trip(&network);
		if (newline != NULL)
			(void)network_has(&network,
			    (struct slice){ newline + 1, size - len - 1 });
	}
	free(text);
}

static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

/* Each way in which a sender is written. */
static void
require_has(const struct network *network, const char *host, bool expected)
{
	static const char *const forms[] = { "%s", "[%s]", "[%s]:40123",
		"%s%%eth0", "[%s%%2]:7" };
	char text[TEXT_SIZE];

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), forms[i], host);
#pragma GCC diagnostic pop
		REQUIRE(has(network, text) == expected);
	}
}

/* Bits, which of the sender's differ from the network's, two addresses. */
static void
fuzz_made(struct fuzz_input *input)
{
	unsigned char address[16], sender[16];
	unsigned bits = fuzz_byte(input) % 129, flipped = fuzz_byte(input);
	char host[HOST_SIZE], text[TEXT_SIZE];
	struct network network;

	for (int i = 0; i < 16; i++)
		sender[i] = address[i] = (unsigned char)fuzz_byte(input);
	if (flipped < 128)
		sender[flipped / 8] ^= (unsigned char)(0x80 >> flipped % 8);
	print_host(host, address);
	snprintf(text, sizeof(text), "%s/%u", host, bits);
	network = require_network(text);
	require_round_trip(&network);
	print_host(host, sender);
	require_has(&network, host, same_bits(address, sender, bits));
	if (bits < 96)
		return;
	inet_ntop(AF_INET, address + 12, host, sizeof(host));
	snprintf(text, sizeof(text), "%s/%u", host, bits - 96);
	network = require_network(text);
	require_round_trip(&network);
	inet_ntop(AF_INET, sender + 12, host, sizeof(host));
	snprintf(text, sizeof(text), "%s:40123", host);
	REQUIRE(has(&network, host) ==
	    same_bits(address + 12, sender + 12, bits - 96));
	REQUIRE(has(&network, host) == has(&network, text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	if (fuzz_byte(&input) % 2 == 0)
		fuzz_made(&input);
	else
		fuzz_texts(
		    (const char *)input.at, (size_t)(input.end - input.at));
	return 0;
}
