/* SPDX-License-Identifier: ISC */
/* Token buckets in a 4-way set-associative table. */
#include "base/rate.h"

#include <stdlib.h>

#include "base/tokens.h"

#define WAYS 4

/* Sets at the most: 64 million sources. */
#define SETS_MAX ((size_t)1 << 24)

struct entry {
	struct source source;
	int64_t full_ns; /* when its bucket will be full; past: it is */
	uint64_t suppressed;
};

struct rate {
	struct source_rule rule;
	struct tokens tokens;
	uint64_t forgotten;
	size_t sets; /* a power of two */
	struct entry entries[];
};

struct rate *
rate_new(const struct rate_config *config)
{
	struct rate *rate;
	size_t sets = 1;

	while (sets < SETS_MAX && sets * WAYS < config->size)
		sets *= 2;
	rate = calloc(1, sizeof(*rate) + sets * WAYS * sizeof(struct entry));
	if (rate == NULL)
		return NULL;
	rate->sets = sets;
	tokens_set(&rate->tokens, config->per_second, config->burst);
	source_rule_set(&rate->rule, config->prefix4, config->prefix6);
	return rate;
}

void
rate_free(struct rate *rate)
{
	free(rate);
}

/*
 * The bucket of a source. One that is new takes the fullest of its set, as full
 * as that is: were it given a full one, sources without end would be let
 * through without a limit.
 */
static struct entry *
find_entry(struct rate *rate, const struct sockaddr *peer)
{
	struct source source = source_of(&rate->rule, peer);
	uint64_t place = source_hash(&rate->rule, source) & (rate->sets - 1);
	struct entry *set = &rate->entries[place * WAYS], *fullest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (source_is_equal(set[i].source, source))
			return &set[i];
		if (set[i].full_ns < fullest->full_ns)
			fullest = &set[i];
	}
	rate->forgotten += fullest->suppressed;
	fullest->suppressed = 0;
	fullest->source = source;
	return fullest;
}

bool
rate_take(struct rate *rate, const struct sockaddr *peer, int64_t now_ms,
    uint64_t *suppressed)
{
	struct entry *entry = find_entry(rate, peer);

	if (!tokens_take(&rate->tokens, &entry->full_ns, now_ms)) {
		entry->suppressed++;
		return false;
	}
	*suppressed = entry->suppressed;
	entry->suppressed = 0;
	return true;
}

uint64_t
rate_take_forgotten(struct rate *rate)
{
	uint64_t forgotten = rate->forgotten;

	rate->forgotten = 0;
	return forgotten;
}
