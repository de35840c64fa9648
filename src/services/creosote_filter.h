/* SPDX-License-Identifier: ISC */
/* Which messages a bucket takes: how many of a sender, and with what in them.
 */
#ifndef SERVICES_CREOSOTE_FILTER_H
#define SERVICES_CREOSOTE_FILTER_H

#include "base/address.h"
#include "base/option.h"
#include "base/slice.h"
#include "base/why.h"

struct pattern;
struct rate;

struct bucket_filter_settings {
	struct option_list match, ignore; /* patterns */
	uint64_t rate;                    /* messages a second; 0: any */
	uint64_t burst;
};

/* Their rows, for settings of that type with them as member. */
#define BUCKET_FILTER_OPTIONS(type, member)                                 \
	{ .name = "match",                                                  \
		.kind = OPTION_LIST,                                        \
		.offset = offsetof(type, member.match),                     \
		.help = "patterns: only what matches one is recorded" },    \
	    { .name = "ignore",                                             \
		    .kind = OPTION_LIST,                                    \
		    .offset = offsetof(type, member.ignore),                \
		    .help = "patterns: what matches one is not recorded" }, \
	    { .name = "rate",                                               \
		    .kind = OPTION_NUMBER,                                  \
		    .offset = offsetof(type, member.rate),                  \
		    .initial = "0",                                         \
		    .max = 1000000,                                         \
		    .unit = "messages a second",                            \
		    .help = "that a sender may send; 0: any number" },      \
	{                                                                   \
		.name = "burst", .kind = OPTION_NUMBER,                     \
		.offset = offsetof(type, member.burst), .initial = "1000",  \
		.min = 1, .max = 1000000, .unit = "messages",               \
		.help = "that a sender may send at once beyond rate"        \
	}

struct pattern_set {
	struct pattern **items;
	size_t count;
};

struct bucket_filter {
	struct pattern_set match, ignore;
	struct rate *rate;   /* NULL: no limit */
	uint64_t ignored;    /* by patterns */
	uint64_t suppressed; /* by rate */
	uint64_t told;       /* of those, where they were missing */
	uint64_t stopped;    /* matches, of patterns that are closed */
};

/* Whether the patterns can be read: 0, or -1 with why. */
int bucket_filter_check(
    const struct bucket_filter_settings *settings, char why[WHY_SIZE]);

/* Opens a zeroed one: 0, or -1 with why; close undoes also half of it. */
int bucket_filter_open(struct bucket_filter *filter,
    const struct bucket_filter_settings *settings, char why[WHY_SIZE]);
void bucket_filter_close(struct bucket_filter *filter);

/*
 * False: the sender has sent too much. True: *missing of its messages are,
 * since the last one that passed.
 */
bool bucket_filter_admits(struct bucket_filter *filter,
    const struct sockaddr *peer, socklen_t peer_len, uint64_t *missing);

/* How many were suppressed of senders that are not remembered, or of any. */
uint64_t bucket_filter_take_untold(struct bucket_filter *filter, bool of_any);

/* False: its patterns do not want this message. */
bool bucket_filter_wants(struct bucket_filter *filter, struct slice message);

/* How often a match was given up, as it took too long. */
uint64_t bucket_filter_stopped(const struct bucket_filter *filter);

#endif
