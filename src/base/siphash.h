/* SPDX-License-Identifier: ISC */
/*
 * A hash with a key, for tables whose entries strangers can choose: without the
 * key nobody finds those that fall upon one place.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t words[2];
};

/* A random key; before the system has entropy, one that is hard to guess. */
void siphash_make_key(struct siphash_key *key);

/* SipHash-2-4 of whole words (Aumasson, Bernstein 2012). */
uint64_t
siphash(const struct siphash_key *key, const uint64_t *words, size_t count);

#endif
