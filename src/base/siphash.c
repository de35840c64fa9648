/* SPDX-License-Identifier: ISC */
/* SipHash-2-4 (Aumasson, Bernstein 2012). */
#include "base/siphash.h"

#include <sys/random.h>
#include <time.h>

/* Where there is no entropy yet, addresses and clock are better than nothing.
 */
void
siphash_make_key(struct siphash_key *key)
{
	struct timespec now;

	if (getrandom(key->words, sizeof(key->words), GRND_NONBLOCK) ==
	    (ssize_t)sizeof(key->words))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	key->words[0] = (uint64_t)(uintptr_t)key;
	key->words[1] = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec;
}

static uint64_t
rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void
sip_rounds(uint64_t v[4], int count)
{
	for (int i = 0; i < count; i++) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
mix(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

uint64_t
siphash(const struct siphash_key *key, const uint64_t *words, size_t count)
{
	uint64_t v[4] = { key->words[0] ^ UINT64_C(0x736f6d6570736575),
		key->words[1] ^ UINT64_C(0x646f72616e646f6d),
		key->words[0] ^ UINT64_C(0x6c7967656e657261),
		key->words[1] ^ UINT64_C(0x7465646279746573) };

	for (size_t i = 0; i < count; i++)
		mix(v, words[i]);
	mix(v, (uint64_t)count * sizeof(*words) << 56);
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
