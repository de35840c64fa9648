/* SPDX-License-Identifier: ISC */
/*
 * Token buckets in a 4-way set-associative table. A bucket is kept as the time
 * when it will be full (the generic cell rate algorithm), so nothing has to be
 * filled up or aged.
 */
#include "base/rate.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

#define WAYS      4
#define NS_PER_MS 1000000
#define NS_PER_S  INT64_C(1000000000)

/* Sets at the most: 64 million sources. */
#define SETS_MAX ((size_t)1 << 24)

/* Beyond it the arithmetic would have to care. */
#define NUMBER_MAX 1000000000

struct source {
	uint64_t key[2];
	int64_t full_ns; /* when its bucket will be full; past: it is */
	uint64_t suppressed;
};

struct rate {
	struct siphash_key hash_key;
	uint8_t mask4[16], mask6[16];
	int64_t token_ns; /* that a token takes to come */
	int64_t burst_ns; /* and all of them */
	uint64_t forgotten;
	size_t sets; /* a power of two */
	struct source sources[];
};

static void
set_mask(uint8_t mask[16], unsigned bits)
{
	for (unsigned i = 0; i < 128; i++)
		if (i < bits)
			mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static int64_t
within_bounds(uint64_t number)
{
	if (number == 0)
		return 1;
	return (int64_t)(number < NUMBER_MAX ? number : NUMBER_MAX);
}

struct rate *
rate_new(const struct rate_config *config)
{
	struct rate *rate;
	size_t sets = 1;

	while (sets < SETS_MAX && sets * WAYS < config->size)
		sets *= 2;
	rate = calloc(1, sizeof(*rate) + sets * WAYS * sizeof(struct source));
	if (rate == NULL)
		return NULL;
	rate->sets = sets;
	rate->token_ns = NS_PER_S / within_bounds(config->per_second);
	rate->burst_ns = rate->token_ns * within_bounds(config->burst);
	/* The clock stands still for a ms: what comes in it comes at once. */
	if (rate->token_ns < NS_PER_MS)
		rate->burst_ns += NS_PER_MS;
	set_mask(rate->mask4, 96 + config->prefix4);
	set_mask(rate->mask6, config->prefix6);
	siphash_make_key(&rate->hash_key);
	return rate;
}

void
rate_free(struct rate *rate)
{
	free(rate);
}

/* The source of a peer: its network as an IPv6 address, zero of unix peers. */
static void
find_key(const struct rate *rate, const struct sockaddr *peer, uint64_t key[2])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *mask = rate->mask6;
	uint8_t address[16] = { 0 };

	if (peer != NULL && peer->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)peer;

		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + 12, &in->sin_addr, 4);
	} else if (peer != NULL && peer->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)peer;

		memcpy(address, &in6->sin6_addr, 16);
	}
	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		mask = rate->mask4;
	for (size_t i = 0; i < sizeof(address); i++)
		address[i] &= mask[i];
	memcpy(key, address, sizeof(address));
}

/*
 * The bucket of a source. One that is new takes the fullest of its set, as full
 * as that is: were it given a full one, sources without end would be let
 * through without a limit.
 */
static struct source *
find_source(struct rate *rate, const struct sockaddr *peer)
{
	struct source *set, *fullest;
	uint64_t key[2];

	find_key(rate, peer, key);
	set = &rate->sources[(siphash(&rate->hash_key, key, 2) &
				 (rate->sets - 1)) *
	    WAYS];
	fullest = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key[0] == key[0] && set[i].key[1] == key[1])
			return &set[i];
		if (set[i].full_ns < fullest->full_ns)
			fullest = &set[i];
	}
	rate->forgotten += fullest->suppressed;
	fullest->suppressed = 0;
	memcpy(fullest->key, key, sizeof(key));
	return fullest;
}

bool
rate_take(struct rate *rate, const struct sockaddr *peer, int64_t now_ms,
    uint64_t *suppressed)
{
	struct source *source = find_source(rate, peer);
	int64_t now_ns = now_ms * NS_PER_MS;
	int64_t full_ns = source->full_ns > now_ns ? source->full_ns : now_ns;

	if (full_ns + rate->token_ns - now_ns > rate->burst_ns) {
		source->suppressed++;
		return false;
	}
	source->full_ns = full_ns + rate->token_ns;
	*suppressed = source->suppressed;
	source->suppressed = 0;
	return true;
}

uint64_t
rate_take_forgotten(struct rate *rate)
{
	uint64_t forgotten = rate->forgotten;

	rate->forgotten = 0;
	return forgotten;
}
