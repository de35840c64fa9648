/* SPDX-License-Identifier: ISC */
/*
 * How often each source may do something: a token bucket a source, in a table
 * of fixed size. A flood from more sources than there is room for costs neither
 * memory nor time; the sources then share buckets.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/source.h"

struct rate_config {
	size_t size; /* sources to remember, 32 bytes each; rounded up */
	uint64_t per_second;       /* that a source may do, from 1 */
	uint64_t burst;            /* at once after a silence, from 1 */
	unsigned prefix4, prefix6; /* that make a source; see source.h */
};

struct rate;

/* NULL: out of memory. */
struct rate *rate_new(const struct rate_config *config);
void rate_free(struct rate *rate);

/*
 * True when the peer may do it now (now_ms: clock_monotonic_ms()), and then
 * *suppressed is how often it might not since it last did.
 */
bool rate_take(struct rate *rate, const struct sockaddr *peer, int64_t now_ms,
    uint64_t *suppressed);

/*
 * How often sources might not that were forgotten before they did again, since
 * this was asked last.
 */
uint64_t rate_take_forgotten(struct rate *rate);

#endif
