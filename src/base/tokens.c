/* SPDX-License-Identifier: ISC */
/* Token buckets. */
#include "base/tokens.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* Beyond it the arithmetic would have to care. */
#define NUMBER_MAX 1000000000

static int64_t
within_bounds(uint64_t number)
{
	if (number == 0)
		return 1;
	return (int64_t)(number < NUMBER_MAX ? number : NUMBER_MAX);
}

void
tokens_set(struct tokens *tokens, uint64_t per_second, uint64_t burst)
{
	tokens->token_ns = NS_PER_S / within_bounds(per_second);
	tokens->burst_ns = tokens->token_ns * within_bounds(burst);
	/* The clock stands still for a ms: what comes in it comes at once. */
	if (tokens->token_ns < NS_PER_MS)
		tokens->burst_ns += NS_PER_MS;
}

bool
tokens_take(const struct tokens *tokens, int64_t *full_ns, int64_t now_ms)
{
	int64_t now_ns = now_ms * NS_PER_MS;
	int64_t from_ns = *full_ns > now_ns ? *full_ns : now_ns;

	if (from_ns + tokens->token_ns - now_ns > tokens->burst_ns)
		return false;
	*full_ns = from_ns + tokens->token_ns;
	return true;
}
