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
 * PCRE2's limits hold for each place where a match may begin; so that many
 * such places cannot stall the caller either, the whole is stopped after
 * PATTERN_TIME_NS of this thread's CPU time, too. What is stopped is no match.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct pattern;

#define PATTERN_MAX_LEN 1024 /* bytes */
#define PATTERN_TIME_NS 2000000

/* NULL: it cannot be read, with why (where, and what to write), or memory. */
struct pattern *pattern_new(const char *text, char why[WHY_SIZE]);
void pattern_free(struct pattern *pattern);

/* True when it matches somewhere in these bytes. */
bool
pattern_matches(const struct pattern *pattern, const char *data, size_t len);

/* How many times a match was stopped, so that "no match" may be wrong. */
uint64_t pattern_stopped(const struct pattern *pattern);

#endif
