/* SPDX-License-Identifier: ISC */
/*
 * A second reading of networks that are allowed or denied: all of them are
 * looked through, bit by bit.
 */
#ifndef FUZZ_NETWORKS_H
#define FUZZ_NETWORKS_H

#include "base/network_set.h"
#include "fuzz_peer.h"

#define FUZZ_NETWORKS 7

struct fuzz_network {
	struct network network;
	bool is_allowed;
};

struct fuzz_networks {
	bool is_set; /* else everybody may */
	size_t count;
	struct fuzz_network items[FUZZ_NETWORKS];
};

static inline bool
fuzz_is_ipv4(const unsigned char address[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };

	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static inline bool
fuzz_is_same(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static inline bool
fuzz_is_of_ipv4(const struct network *network)
{
	return network->bits >= 96 && fuzz_is_ipv4(network->address);
}

/* The longest that the address is in. */
static inline const struct fuzz_network *
fuzz_find_network(
    const struct fuzz_networks *networks, const unsigned char address[16])
{
	const struct fuzz_network *found = NULL;

	for (size_t i = 0; i < networks->count; i++) {
		const struct fuzz_network *item = &networks->items[i];
		const struct network *network = &item->network;

		if (fuzz_is_of_ipv4(network) == fuzz_is_ipv4(address) &&
		    fuzz_is_same(network->address, address, network->bits) &&
		    (found == NULL || network->bits > found->network.bits))
			found = item;
	}
	return found;
}

/* The unlisted are, as soon as anybody is allowed. */
static inline bool
fuzz_is_denied(
    const struct fuzz_networks *networks, const unsigned char address[16])
{
	const struct fuzz_network *found = fuzz_find_network(networks, address);

	if (!networks->is_set)
		return false;
	if (found != NULL)
		return !found->is_allowed;
	for (size_t i = 0; i < networks->count; i++)
		if (networks->items[i].is_allowed)
			return true;
	return false;
}

static inline bool
fuzz_has_network(
    const struct fuzz_networks *networks, const struct network *network)
{
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *other = &networks->items[i].network;

		if (other->bits == network->bits &&
		    fuzz_is_same(
			other->address, network->address, network->bits))
			return true;
	}
	return false;
}

/* One around a peer, or beside it. */
static inline void
fuzz_add_network(struct fuzz_networks *networks, struct network_set *set,
    struct fuzz_input *input)
{
	struct fuzz_peer peer;
	struct fuzz_network *item = &networks->items[networks->count];
	char why[WHY_SIZE] = "";
	bool is_new;

	fuzz_peer_take(&peer, input);
	memcpy(item->network.address, peer.address, 16);
	item->network.bits = fuzz_is_ipv4(peer.address)
	    ? 96 + fuzz_byte(input) % 33
	    : fuzz_byte(input) % 129;
	item->is_allowed = peer.port % 2 == 0;
	is_new = !fuzz_has_network(networks, &item->network);
	REQUIRE(network_set_add(set, &item->network, item->is_allowed, why) ==
	    (is_new ? 0 : -1));
	REQUIRE(is_new == (why[0] == '\0'));
	networks->count += is_new;
}

#endif
