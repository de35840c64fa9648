/* SPDX-License-Identifier: ISC */
/* The time of day in nanoseconds, and its texts. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NS_PER_S 1000000000LL

/* Room for any of the texts below, with their NUL. */
#define CLOCK_TEXT_SIZE 64

/* Nanoseconds since 1970-01-01 00:00 UTC; times before it are negative. */
int64_t clock_now_ns(void);

/* Milliseconds of a clock that is never set. */
int64_t clock_monotonic_ms(void);

/*
 * Writes "2026-11-23T06:31:00.123456Z" (UTC, microseconds) and returns its
 * length without the NUL.
 */
size_t clock_format_iso8601(char text[CLOCK_TEXT_SIZE], int64_t now_ns);

/*
 * Writes ctime(3)'s "Sat Apr  6 12:34:56 2013" (local time, without newline)
 * and returns its length.
 */
size_t clock_format_ctime(char text[CLOCK_TEXT_SIZE], int64_t now_ns);

#endif
