/* SPDX-License-Identifier: ISC */
/*
 * Sources: what of a peer's address counts as one sender, and a keyed hash of
 * it.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/siphash.h"

/* Sources are networks so long: an IPv6 host may have all of a /64. */
#define SOURCE_PREFIX4 32
#define SOURCE_PREFIX6 64

/* A network as an IPv6 address, zero of unix peers. */
struct source {
	uint64_t words[2];
};

/* What makes a source, and the key of the hash. */
struct source_rule {
	struct siphash_key hash_key;
	struct source mask4, mask6;
};

/* Prefixes in bits of an address: 0 to 32, 0 to 128. */
void
source_rule_set(struct source_rule *rule, unsigned prefix4, unsigned prefix6);

/*
 * The source of a peer. IPv4 within IPv6 is IPv4; unix peers and those without
 * an address (NULL) are one source.
 */
struct source
source_of(const struct source_rule *rule, const struct sockaddr *peer);

static inline bool
source_is_equal(struct source a, struct source b)
{
	return a.words[0] == b.words[0] && a.words[1] == b.words[1];
}

uint64_t source_hash(const struct source_rule *rule, struct source source);

#endif
