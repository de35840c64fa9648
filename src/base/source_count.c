/* SPDX-License-Identifier: ISC */
/*
 * Counts of sources in a chained hash table. A ticket is the place of its
 * source's entry, which stays while it counts anything; there are never more
 * entries than are counted.
 */
#include "base/source_count.h"

#include <stdlib.h>

struct entry {
	struct source source;
	uint32_t count;
	uint32_t next; /* in its chain, or among the free ones; 0: none */
};

struct source_count {
	struct source_rule rule;
	uint32_t left;   /* that may be added */
	uint32_t unused; /* the first entry that never was */
	uint32_t free;   /* the first of those that were; 0: none */
	size_t chains;   /* a power of two */
	uint32_t *heads;
	struct entry *entries; /* from 1 */
};

struct source_count *
source_count_new(uint32_t max, unsigned prefix4, unsigned prefix6)
{
	struct source_count *counts = calloc(1, sizeof(*counts));

	if (counts == NULL)
		return NULL;
	for (counts->chains = 1; counts->chains < max;)
		counts->chains *= 2;
	counts->heads = calloc(counts->chains, sizeof(*counts->heads));
	counts->entries = calloc((size_t)max + 1, sizeof(*counts->entries));
	if (counts->heads == NULL || counts->entries == NULL) {
		source_count_free(counts);
		return NULL;
	}
	counts->left = max;
	counts->unused = 1;
	source_rule_set(&counts->rule, prefix4, prefix6);
	return counts;
}

void
source_count_free(struct source_count *counts)
{
	if (counts == NULL)
		return;
	free(counts->heads);
	free(counts->entries);
	free(counts);
}

static uint32_t *
head_of(const struct source_count *counts, struct source source)
{
	return &counts->heads[source_hash(&counts->rule, source) &
	    (counts->chains - 1)];
}

/* The entry of a source in its chain; 0: none. */
static uint32_t
find(const struct source_count *counts, uint32_t head, struct source source)
{
	while (
	    head != 0 && !source_is_equal(counts->entries[head].source, source))
		head = counts->entries[head].next;
	return head;
}

uint32_t
source_count_of(const struct source_count *counts, const struct sockaddr *peer)
{
	struct source source = source_of(&counts->rule, peer);
	uint32_t place = find(counts, *head_of(counts, source), source);

	return counts->entries[place].count; /* of the entry 0: none */
}

static uint32_t
take_entry(struct source_count *counts)
{
	uint32_t place = counts->free;

	if (place == 0)
		return counts->unused++;
	counts->free = counts->entries[place].next;
	return place;
}

uint32_t
source_count_add(struct source_count *counts, const struct sockaddr *peer)
{
	struct source source = source_of(&counts->rule, peer);
	uint32_t *head = head_of(counts, source);
	uint32_t place = find(counts, *head, source);

	if (counts->left == 0)
		return 0;
	counts->left--;
	if (place == 0) {
		place = take_entry(counts);
		counts->entries[place] =
		    (struct entry){ .source = source, .next = *head };
		*head = place;
	}
	counts->entries[place].count++;
	return place;
}

void
source_count_remove(struct source_count *counts, uint32_t ticket)
{
	struct entry *entry = &counts->entries[ticket];
	uint32_t *link;

	counts->left++;
	if (--entry->count > 0)
		return;
	link = head_of(counts, entry->source);
	while (*link != ticket)
		link = &counts->entries[*link].next;
	*link = entry->next;
	entry->next = counts->free;
	counts->free = ticket;
}
