/* SPDX-License-Identifier: ISC */
/*
 * A trie of the networks of IPv4 and one of those of IPv6. A look-up waits for
 * memory at each of their nodes. So its first steps are kept as found in a
 * table, the front, which spares it most of them where there are many networks.
 */
#include "base/network_set.h"

#include <endian.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/network_trie.h"

/* The first bits, by which the front is; a whole number of steps. */
#define FRONT_BITS (3 * NETWORK_TRIE_STRIDE)
#define FRONT_SIZE (1 << FRONT_BITS)

/* Bits before an IPv4 address in ::ffff:0:0/96. */
#define MAPPED_BITS 96

enum {
	ROOT4,
	ROOT6
};

/* How far a look-up has come after the first bits. */
struct front {
	uint32_t node; /* to go on at; 0: none */
	enum network_verdict verdict;
};

struct network_set {
	struct network_trie trie;
	unsigned holders;
	bool allows; /* anything */
	struct front fronts[NETWORK_TRIE_ROOTS][FRONT_SIZE];
};

static void
free_set(struct network_set *set)
{
	network_trie_free(&set->trie);
	free(set);
}

struct network_set *
network_set_new(void)
{
	struct network_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->holders = 1;
	if (network_trie_init(&set->trie) == -1) {
		free_set(set);
		return NULL;
	}
	return set;
}

struct network_set *
network_set_hold(struct network_set *set)
{
	if (set != NULL)
		set->holders++;
	return set;
}

void
network_set_release(struct network_set *set)
{
	if (set != NULL && --set->holders == 0)
		free_set(set);
}

static uint64_t
read_word(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

static struct network_key
read_key(const unsigned char address[16])
{
	return (struct network_key){ { read_word(address),
	    read_word(address + 8) } };
}

/* Within ::ffff:0:0/96. */
static bool
is_mapped(const struct network_key *key)
{
	return key->words[0] == 0 && key->words[1] >> 32 == 0xffff;
}

/* An IPv4 address from its low 32 bits. */
static struct network_key
ipv4_key(uint64_t address)
{
	return (struct network_key){ { address << 32, 0 } };
}

/* Returns the root to look from. */
static uint32_t
read_peer(struct network_key *key, const struct sockaddr *peer)
{
	const struct sockaddr_in *in = (const void *)peer;
	const struct sockaddr_in6 *in6 = (const void *)peer;

	if (peer->sa_family == AF_INET) {
		*key = ipv4_key(ntohl(in->sin_addr.s_addr));
		return ROOT4;
	}
	*key = read_key(in6->sin6_addr.s6_addr);
	if (!is_mapped(key))
		return ROOT6;
	*key = ipv4_key(key->words[1]);
	return ROOT4;
}

static size_t
front_of(const struct network_key *key)
{
	return key->words[0] >> (64 - FRONT_BITS);
}

/* Has the front know of a network. */
static void
refresh_fronts(struct network_set *set, uint32_t root,
    const struct network_key *key, unsigned bits)
{
	size_t count = bits < FRONT_BITS ? (size_t)FRONT_SIZE >> bits : 1;
	/* Bits of the key beyond those of the network do not count. */
	size_t first = front_of(key) / count * count;

	for (size_t i = first; i < first + count; i++) {
		struct front *front = &set->fronts[root][i];
		struct network_key start = { { (uint64_t)i << (64 - FRONT_BITS),
		    0 } };

		front->node = root;
		front->verdict = network_trie_walk(&set->trie, &start,
		    &front->node, FRONT_BITS, NETWORK_UNLISTED);
	}
}

int
network_set_add(struct network_set *set, const struct network *network,
    bool allowed, char why[WHY_SIZE])
{
	struct network_key key = read_key(network->address);
	unsigned bits = network->bits;
	uint32_t root = ROOT6;

	if (bits >= MAPPED_BITS && is_mapped(&key)) {
		key = ipv4_key(key.words[1]);
		bits -= MAPPED_BITS;
		root = ROOT4;
	}
	if (network_trie_add(&set->trie, root, &key, bits, allowed, why) == -1)
		return -1;
	set->allows |= allowed;
	refresh_fronts(set, root, &key, bits);
	return 0;
}

static int
add_text(
    struct network_set *set, const char *text, bool allowed, char why[WHY_SIZE])
{
	struct network network;

	if (network_parse_exact(&network, text, why) == -1)
		return -1;
	return network_set_add(set, &network, allowed, why);
}

int
network_set_parse(struct network_set **set, const char *text, bool allowed,
    char why[WHY_SIZE])
{
	static const struct {
		const char *word, *ipv4, *ipv6;
	} words[] = {
		{ "localhost", "127.0.0.0/8", "::1" },
		{ "*", "0.0.0.0/0", "::/0" },
	};

	if (*set == NULL && (*set = network_set_new()) == NULL)
		return why_set(why, "out of memory");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(text, words[i].word) == 0)
			return add_text(*set, words[i].ipv4, allowed, why) == -1
			    ? -1
			    : add_text(*set, words[i].ipv6, allowed, why);
	return add_text(*set, text, allowed, why);
}

enum network_verdict
network_set_find(const struct network_set *set, const struct sockaddr *peer)
{
	struct network_key key;
	uint32_t root = read_peer(&key, peer);
	struct front front = set->fronts[root][front_of(&key)];

	if (front.node == 0)
		return front.verdict;
	return network_trie_walk(&set->trie, &key, &front.node,
	    NETWORK_TRIE_KEY_BITS, front.verdict);
}

bool
network_set_admits(const struct network_set *set, const struct sockaddr *peer)
{
	enum network_verdict verdict = network_set_find(set, peer);

	return verdict == NETWORK_ALLOWED ||
	    (verdict == NETWORK_UNLISTED && !set->allows);
}

size_t
network_set_memory(const struct network_set *set)
{
	return sizeof(*set) + network_trie_memory(&set->trie);
}
