/* SPDX-License-Identifier: ISC */
/*
 * Patterns in Perl's notation, by PCRE2, that are safe against whoever writes
 * them and whatever they are held against.
 *
 * They match bytes, not characters: a record may hold any bytes, and each of
 * them can be matched. So a character beyond ASCII is as many items as it has
 * bytes: as itself it matches, in [...], with a ? behind it or regardless of
 * case it does not. "." matches newlines too: a record is one line. A pattern
 * may match anywhere in the record.
 *
 * A match is stopped by PCRE2's limits (steps, depth, 4 MiB of memory), and
 * after PATTERN_TIME_NS of this thread's CPU time, as those limits hold anew
 * for each place where a match may begin. What is stopped is no match. The time
 * is halved by each record that is stopped, down to PATTERN_TIME_LEAST_NS, and
 * grows back with the others, so that a flood of records that the pattern is
 * slow on costs little more than they do.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct pattern;

#define PATTERN_MAX_LEN       1024 /* bytes */
#define PATTERN_TIME_NS       5000000
#define PATTERN_TIME_LEAST_NS 100000

/* NULL: it cannot be read, with why (where, and what to write), or memory. */
struct pattern *pattern_new(const char *text, char why[WHY_SIZE]);
void pattern_free(struct pattern *pattern);

/* True when it matches somewhere in these bytes. */
bool
pattern_matches(const struct pattern *pattern, const char *data, size_t len);

/* How many times a match was stopped, so that "no match" may be wrong. */
uint64_t pattern_stopped(const struct pattern *pattern);

#endif
