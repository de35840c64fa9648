/* SPDX-License-Identifier: ISC */
/* Which messages a bucket takes. */
#include "services/creosote_filter.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/pattern.h"
#include "base/rate.h"

/* Senders whose rate is remembered. */
#define RATE_SIZE 16384

static void
free_set(struct pattern_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		pattern_free(set->items[i]);
	free(set->items);
	*set = (struct pattern_set){ 0 };
}

static int
open_set(struct pattern_set *set, const struct option_list *texts,
    const char *option, char why[WHY_SIZE])
{
	char wrong[WHY_SIZE];

	if (texts->count == 0)
		return 0;
	set->items = calloc(texts->count, sizeof(struct pattern *));
	if (set->items == NULL)
		return why_set(why, "out of memory");
	for (; set->count < texts->count; set->count++) {
		set->items[set->count] =
		    pattern_new(texts->items[set->count], wrong);
		if (set->items[set->count] == NULL)
			return why_set(why, "%s: %s", option, wrong);
	}
	return 0;
}

static int
open_patterns(struct bucket_filter *filter,
    const struct bucket_filter_settings *settings, char why[WHY_SIZE])
{
	return open_set(&filter->match, &settings->match, "match", why) == 0 &&
		open_set(&filter->ignore, &settings->ignore, "ignore", why) == 0
	    ? 0
	    : -1;
}

int
bucket_filter_check(
    const struct bucket_filter_settings *settings, char why[WHY_SIZE])
{
	struct bucket_filter filter = { 0 };
	int result = open_patterns(&filter, settings, why);

	bucket_filter_close(&filter);
	return result;
}

int
bucket_filter_open(struct bucket_filter *filter,
    const struct bucket_filter_settings *settings, char why[WHY_SIZE])
{
	struct rate_config config = {
		.size = RATE_SIZE,
		.per_second = settings->rate,
		.burst = settings->burst,
		.prefix4 = SOURCE_PREFIX4,
		.prefix6 = SOURCE_PREFIX6,
	};

	if (open_patterns(filter, settings, why) == -1)
		return -1;
	if (settings->rate > 0 && (filter->rate = rate_new(&config)) == NULL)
		return why_set(why, "out of memory");
	return 0;
}

static uint64_t
stopped(const struct pattern_set *set)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += pattern_stopped(set->items[i]);
	return count;
}

uint64_t
bucket_filter_stopped(const struct bucket_filter *filter)
{
	return filter->stopped + stopped(&filter->match) +
	    stopped(&filter->ignore);
}

/* The figures of a bucket are asked for when it has stopped, too. */
void
bucket_filter_close(struct bucket_filter *filter)
{
	filter->stopped = bucket_filter_stopped(filter);
	free_set(&filter->match);
	free_set(&filter->ignore);
	rate_free(filter->rate);
	filter->rate = NULL;
}

bool
bucket_filter_admits(struct bucket_filter *filter, const struct sockaddr *peer,
    socklen_t peer_len, uint64_t *missing)
{
	*missing = 0;
	if (filter->rate == NULL)
		return true;
	if (!rate_take(filter->rate, peer_len > 0 ? peer : NULL,
		clock_monotonic_ms(), missing)) {
		filter->suppressed++;
		return false;
	}
	filter->told += *missing;
	return true;
}

uint64_t
bucket_filter_take_untold(struct bucket_filter *filter, bool of_any)
{
	uint64_t count;

	if (filter->rate == NULL)
		return 0;
	count = of_any ? filter->suppressed - filter->told
		       : rate_take_forgotten(filter->rate);
	filter->told += count;
	return count;
}

static bool
matches_any(const struct pattern_set *set, struct slice message)
{
	for (size_t i = 0; i < set->count; i++)
		if (pattern_matches(set->items[i], message.data, message.len))
			return true;
	return false;
}

bool
bucket_filter_wants(struct bucket_filter *filter, struct slice message)
{
	if ((filter->match.count == 0 ||
		matches_any(&filter->match, message)) &&
	    !matches_any(&filter->ignore, message))
		return true;
	filter->ignored++;
	return false;
}
