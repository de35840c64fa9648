/* SPDX-License-Identifier: ISC */
/*
 * A token bucket: so many a second, and so many at once after a silence. It is
 * kept as the time when it will be full (the generic cell rate algorithm), so
 * nothing has to be filled up or aged.
 */
#ifndef BASE_TOKENS_H
#define BASE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

struct tokens {
	int64_t token_ns; /* that a token takes to come */
	int64_t burst_ns; /* and all of them */
};

/* Both from 1; what is out of bounds comes to the nearest within. */
void tokens_set(struct tokens *tokens, uint64_t per_second, uint64_t burst);

/*
 * Takes one, if there is one now (ms of clock_monotonic_ms()). *full_ns is the
 * bucket, zero at first.
 */
bool tokens_take(const struct tokens *tokens, int64_t *full_ns, int64_t now_ms);

#endif
