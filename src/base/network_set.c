/* SPDX-License-Identifier: ISC */
/*
 * A trie that branches by four bits, for IPv4 and for IPv6. A node stands where
 * networks end or part; the bits between are skipped and compared, so that
 * there are at most two nodes a network, however long. The networks that end
 * within a node's four bits are bits of a word, numbered as the nodes of a
 * heap: 1 stands for none of the four bits, 2 and 3 for one, 4 to 7 for two.
 * So the highest that is set is the longest.
 */
#include "base/network_set.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STRIDE 4
#define SLOTS  (1 << STRIDE)

/* Bits before an IPv4 address in ::ffff:0:0/96. */
#define MAPPED_BITS 96

enum {
	ROOT4,
	ROOT6,
	ROOTS
};

/* The first bits of an address, from the highest. */
struct key {
	uint64_t words[2];
};

struct node {
	struct key key;       /* its first `bit` bits are those skipped to */
	unsigned bit;         /* the first of the four that it branches by */
	uint32_t listed;      /* networks that end here */
	uint32_t allowed;     /* of those */
	uint32_t next[SLOTS]; /* nodes; 0: none, it is a root */
};

struct network_set {
	struct node *nodes;
	uint32_t count, size;
	unsigned holders;
	bool allows; /* anything */
};

struct network_set *
network_set_new(void)
{
	struct network_set *set = calloc(1, sizeof(*set));

	if (set == NULL ||
	    (set->nodes = calloc(ROOTS, sizeof(*set->nodes))) == NULL) {
		free(set);
		return NULL;
	}
	set->count = set->size = ROOTS;
	set->holders = 1;
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
	if (set == NULL || --set->holders > 0)
		return;
	free(set->nodes);
	free(set);
}

static uint64_t
read_word(const unsigned char *bytes)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | bytes[i];
	return word;
}

static struct key
read_key(const unsigned char address[16])
{
	return (struct key){ { read_word(address), read_word(address + 8) } };
}

/* Within ::ffff:0:0/96. */
static bool
is_mapped(const struct key *key)
{
	return key->words[0] == 0 && key->words[1] >> 32 == 0xffff;
}

/* An IPv4 address from its low 32 bits. */
static struct key
ipv4_key(uint64_t address)
{
	return (struct key){ { address << 32, 0 } };
}

/* Returns the root to look from. */
static uint32_t
read_peer(struct key *key, const struct sockaddr *peer)
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

static unsigned
slot_of(const struct key *key, unsigned bit)
{
	return key->words[bit / 64] >> (64 - STRIDE - bit % 64) & (SLOTS - 1);
}

/* True when the address is one of those that the node has skipped to. */
static bool
leads_to(const struct node *node, const struct key *key)
{
	uint64_t high = key->words[0] ^ node->key.words[0];
	uint64_t low = key->words[1] ^ node->key.words[1];

	/* In two steps, as a shift by all 64 bits would be undefined. */
	if (node->bit < 64)
		return high >> 1 >> (63 - node->bit) == 0;
	return high == 0 && low >> 1 >> (127 - node->bit) == 0;
}

/* Where two keys part, as the bit of a node, `limit` at the most. */
static unsigned
parting_bit(const struct key *a, const struct key *b, unsigned limit)
{
	unsigned bit = 0;

	while (bit < limit && slot_of(a, bit) == slot_of(b, bit))
		bit += STRIDE;
	return bit;
}

/* Room for so many nodes more: 0, or -1. */
static int
reserve(struct network_set *set, uint32_t more)
{
	struct node *nodes;
	uint32_t size = set->size;

	if (size - set->count >= more)
		return 0;
	if (size > UINT32_MAX / 2)
		return -1;
	nodes = reallocarray(set->nodes, 2 * size, sizeof(*nodes));
	if (nodes == NULL)
		return -1;
	set->nodes = nodes;
	set->size = 2 * size;
	return 0;
}

static uint32_t
add_node(struct network_set *set, const struct key *key, unsigned bit)
{
	set->nodes[set->count] = (struct node){ .key = *key, .bit = bit };
	return set->count++;
}

/* The node at that bit of the key, made where there is none; see reserve(). */
static struct node *
reach_node(struct network_set *set, uint32_t index, const struct key *key,
    unsigned bit)
{
	struct node *nodes = set->nodes;

	while (nodes[index].bit < bit) {
		uint32_t *link =
		    &nodes[index].next[slot_of(key, nodes[index].bit)];
		uint32_t next = *link;
		unsigned parting = bit;

		if (next != 0) {
			const struct node *node = &nodes[next];

			parting = parting_bit(
			    &node->key, key, node->bit < bit ? node->bit : bit);
		}
		if (next == 0 || parting < nodes[next].bit) {
			*link = add_node(set, key, parting);
			if (next != 0)
				nodes[*link]
				    .next[slot_of(&nodes[next].key, parting)] =
				    next;
		}
		index = *link;
	}
	return &nodes[index];
}

/* The number of a network within its node: see above. */
static unsigned
place_of(const struct key *key, unsigned bit, unsigned bits)
{
	unsigned len = bits - bit;

	return 1U << len | slot_of(key, bit) >> (STRIDE - len);
}

static int
list(struct node *node, uint32_t place, bool allowed, char why[WHY_SIZE])
{
	if ((node->listed & place) == 0) {
		node->listed |= place;
		node->allowed |= allowed ? place : 0;
		return 0;
	}
	if (((node->allowed & place) != 0) == allowed)
		return why_set(why, "is there already (write it once)");
	return why_set(
	    why, "is both allowed and denied (write it in one of them)");
}

int
network_set_add(struct network_set *set, const struct network *network,
    bool allowed, char why[WHY_SIZE])
{
	struct key key = read_key(network->address);
	unsigned bits = network->bits, bit;
	uint32_t root = ROOT6;

	if (bits >= MAPPED_BITS && is_mapped(&key)) {
		key = ipv4_key(key.words[1]);
		bits -= MAPPED_BITS;
		root = ROOT4;
	}
	bit = bits == 0 ? 0 : (bits - 1) / STRIDE * STRIDE;
	/* One where it ends, and one where it parts from another. */
	if (reserve(set, 2) == -1)
		return why_set(why, "out of memory");
	set->allows |= allowed;
	return list(reach_node(set, root, &key, bit),
	    UINT32_C(1) << place_of(&key, bit, bits), allowed, why);
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

/* The places of the networks within a node that a slot belongs to. */
static uint32_t
places_of(unsigned slot)
{
	uint32_t places = 0;

	for (unsigned len = 0; len <= STRIDE; len++)
		places |= UINT32_C(1) << (1U << len | slot >> (STRIDE - len));
	return places;
}

enum network_verdict
network_set_find(const struct network_set *set, const struct sockaddr *peer)
{
	const struct node *longest = NULL;
	uint32_t places = 0, index;
	struct key key;

	index = read_peer(&key, peer);
	do {
		const struct node *node = &set->nodes[index];
		unsigned slot;
		uint32_t found;

		if (!leads_to(node, &key))
			break;
		slot = slot_of(&key, node->bit);
		found = node->listed & places_of(slot);
		if (found != 0) {
			longest = node;
			places = found;
		}
		index = node->next[slot];
	} while (index != 0);
	if (longest == NULL)
		return NETWORK_UNLISTED;
	return (longest->allowed >> (31 - __builtin_clz(places)) & 1) != 0
	    ? NETWORK_ALLOWED
	    : NETWORK_DENIED;
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
	return sizeof(*set) + set->size * sizeof(*set->nodes);
}
