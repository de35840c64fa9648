/* SPDX-License-Identifier: ISC */
/*
 * How many of something each source has now: exactly, in a table of fixed size.
 */
#ifndef BASE_SOURCE_COUNT_H
#define BASE_SOURCE_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "base/source.h"

struct source_count;

/*
 * For at most `max` of them at once, 28 to 32 bytes each, with prefixes as of
 * source_rule_set(). NULL: out of memory.
 */
struct source_count *
source_count_new(uint32_t max, unsigned prefix4, unsigned prefix6);
void source_count_free(struct source_count *counts);

/* How many the source of a peer has. */
uint32_t
source_count_of(const struct source_count *counts, const struct sockaddr *peer);

/* One more; returns a ticket to remove it with. 0: there are `max` already. */
uint32_t
source_count_add(struct source_count *counts, const struct sockaddr *peer);
void source_count_remove(struct source_count *counts, uint32_t ticket);

#endif
