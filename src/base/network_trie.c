/* SPDX-License-Identifier: ISC */
/*
 * It branches by four bits. A node stands where networks end or part; the bits
 * between are skipped and compared, so that there are at most two nodes a
 * network, however long. Most nodes branch to none; those that do have a fork.
 * The networks that end within a node's four bits are bits of a word, numbered
 * as the nodes of a heap: 1 stands for none of the four bits, 2 and 3 for one,
 * 4 to 7 for two. So the highest that is set is the longest.
 */
#include "base/network_trie.h"

#include <stdlib.h>

#define STRIDE NETWORK_TRIE_STRIDE
#define SLOTS  (1 << STRIDE)

struct network_node {
	struct network_key key; /* its first `bit` bits are those skipped to */
	unsigned bit;           /* the first of the four that it branches by */
	uint32_t listed;        /* networks that end here */
	uint32_t allowed;       /* of those */
	uint32_t fork;          /* 0: the one that leads nowhere */
};

/* Nodes to go on at; 0: none, it is a root. */
struct network_fork {
	uint32_t next[SLOTS];
};

int
network_trie_init(struct network_trie *trie)
{
	trie->count = trie->size = NETWORK_TRIE_ROOTS;
	trie->fork_count = trie->fork_size = 1;
	trie->nodes = calloc(trie->size, sizeof(*trie->nodes));
	trie->forks = calloc(trie->fork_size, sizeof(*trie->forks));
	return trie->nodes == NULL || trie->forks == NULL ? -1 : 0;
}

void
network_trie_free(struct network_trie *trie)
{
	free(trie->nodes);
	free(trie->forks);
}

static unsigned
slot_of(const struct network_key *key, unsigned bit)
{
	return key->words[bit / 64] >> (64 - STRIDE - bit % 64) & (SLOTS - 1);
}

/* True when the address is one of those that the node has skipped to. */
static bool
leads_to(const struct network_node *node, const struct network_key *key)
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
parting_bit(
    const struct network_key *a, const struct network_key *b, unsigned limit)
{
	unsigned bit = 0;

	while (bit < limit && slot_of(a, bit) == slot_of(b, bit))
		bit += STRIDE;
	return bit;
}

/* Room for two items more: the array, where it may be elsewhere; NULL. */
static void *
grow(void *items, uint32_t *size, uint32_t count, size_t item_size)
{
	uint32_t more = *size / 2 + 2;

	if (*size - count >= 2)
		return items;
	if (more > UINT32_MAX - *size)
		return NULL;
	items = reallocarray(items, *size + more, item_size);
	if (items != NULL)
		*size += more;
	return items;
}

/*
 * What a network needs at the most: a node where it ends and one where it parts
 * from another, and forks of the latter and of the one before. 0, or -1.
 */
static int
reserve(struct network_trie *trie)
{
	struct network_node *nodes =
	    grow(trie->nodes, &trie->size, trie->count, sizeof(*trie->nodes));
	struct network_fork *forks = grow(trie->forks, &trie->fork_size,
	    trie->fork_count, sizeof(*trie->forks));

	if (nodes != NULL)
		trie->nodes = nodes;
	if (forks != NULL)
		trie->forks = forks;
	return nodes == NULL || forks == NULL ? -1 : 0;
}

static uint32_t
add_node(struct network_trie *trie, const struct network_key *key, unsigned bit)
{
	trie->nodes[trie->count] =
	    (struct network_node){ .key = *key, .bit = bit };
	return trie->count++;
}

/* Where a node leads to at the key's next bits, to be set. */
static uint32_t *
link_of(
    struct network_trie *trie, uint32_t index, const struct network_key *key)
{
	struct network_node *node = &trie->nodes[index];

	if (node->fork == 0) {
		trie->forks[trie->fork_count] = (struct network_fork){ { 0 } };
		node->fork = trie->fork_count++;
	}
	return &trie->forks[node->fork].next[slot_of(key, node->bit)];
}

/* The node at that bit of the key, made where there is none; see reserve(). */
static struct network_node *
reach_node(struct network_trie *trie, uint32_t index,
    const struct network_key *key, unsigned bit)
{
	struct network_node *nodes = trie->nodes;

	while (nodes[index].bit < bit) {
		uint32_t *link = link_of(trie, index, key);
		uint32_t next = *link;
		unsigned parting = bit;

		if (next != 0) {
			const struct network_node *node = &nodes[next];

			parting = parting_bit(
			    &node->key, key, node->bit < bit ? node->bit : bit);
		}
		if (next == 0 || parting < nodes[next].bit) {
			*link = add_node(trie, key, parting);
			if (next != 0)
				*link_of(trie, *link, &nodes[next].key) = next;
		}
		index = *link;
	}
	return &nodes[index];
}

/* The number of a network within its node: see above. */
static unsigned
place_of(const struct network_key *key, unsigned bit, unsigned bits)
{
	unsigned len = bits - bit;

	return 1U << len | slot_of(key, bit) >> (STRIDE - len);
}

static int
list(
    struct network_node *node, uint32_t place, bool allowed, char why[WHY_SIZE])
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
network_trie_add(struct network_trie *trie, uint32_t root,
    const struct network_key *key, unsigned bits, bool allowed,
    char why[WHY_SIZE])
{
	unsigned bit = bits == 0 ? 0 : (bits - 1) / STRIDE * STRIDE;

	if (reserve(trie) == -1)
		return why_set(why, "out of memory");
	return list(reach_node(trie, root, key, bit),
	    UINT32_C(1) << place_of(key, bit, bits), allowed, why);
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

/* What the longest of the networks at these places says. */
static enum network_verdict
verdict_of(const struct network_node *node, uint32_t places)
{
	return (node->allowed >> (31 - __builtin_clz(places)) & 1) != 0
	    ? NETWORK_ALLOWED
	    : NETWORK_DENIED;
}

enum network_verdict
network_trie_walk(const struct network_trie *trie,
    const struct network_key *key, uint32_t *index, unsigned until,
    enum network_verdict verdict)
{
	do {
		const struct network_node *node = &trie->nodes[*index];
		unsigned slot;
		uint32_t found;

		if (node->bit >= until)
			return verdict;
		if (!leads_to(node, key))
			break;
		slot = slot_of(key, node->bit);
		found = node->listed & places_of(slot);
		if (found != 0)
			verdict = verdict_of(node, found);
		*index = trie->forks[node->fork].next[slot];
	} while (*index != 0);
	*index = 0;
	return verdict;
}

size_t
network_trie_memory(const struct network_trie *trie)
{
	return trie->size * sizeof(*trie->nodes) +
	    trie->fork_size * sizeof(*trie->forks);
}
