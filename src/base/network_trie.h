/* SPDX-License-Identifier: ISC */
/*
 * The trie of a network_set: networks by their bits, whatever they are of. It
 * has two roots, for two kinds of address.
 */
#ifndef BASE_NETWORK_TRIE_H
#define BASE_NETWORK_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include "base/network_set.h"

#define NETWORK_TRIE_ROOTS 2

/* Bits that a node branches by, and those of the longest key. */
#define NETWORK_TRIE_STRIDE   4
#define NETWORK_TRIE_KEY_BITS 128

/* The first bits of an address, from the highest. */
struct network_key {
	uint64_t words[2];
};

struct network_trie {
	struct network_node *nodes; /* the roots first */
	struct network_fork *forks;
	uint32_t count, size;
	uint32_t fork_count, fork_size;
};

/* An empty one: 0, or -1: out of memory. It is to be freed in both cases. */
int network_trie_init(struct network_trie *trie);
void network_trie_free(struct network_trie *trie);

/* Adds a network below a root; see network_set_add(). */
int network_trie_add(struct network_trie *trie, uint32_t root,
    const struct network_key *key, unsigned bits, bool allowed,
    char why[WHY_SIZE]);

/*
 * Goes on from the node *index, at first a root, to one at the bit `until` or
 * beyond, or to the end, which is 0 then. Returns what the longest network on
 * the way says of the key, and `verdict` where there is none.
 */
enum network_verdict network_trie_walk(const struct network_trie *trie,
    const struct network_key *key, uint32_t *index, unsigned until,
    enum network_verdict verdict);

/* The memory it takes, in bytes: at most 300 a network. */
size_t network_trie_memory(const struct network_trie *trie);

#endif
