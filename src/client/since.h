/* SPDX-License-Identifier: ISC */
/* A time in the past, as people type it. */
#ifndef CLIENT_SINCE_H
#define CLIENT_SINCE_H

#include <stdint.h>

/*
 * Reads a span ago (90s, 5m, 1h30m, 2d), a time of day (14:30, 14:30:05: the
 * last time that it was so), a date (its midnight), or ISO 8601 (a date, T or a
 * blank, a time, perhaps a zone); without a zone it is local time. Returns 0
 * and nanoseconds since 1970, or -1: it is none of these.
 */
int since_parse(const char *text, int64_t now_ns, int64_t *ns);

#endif
