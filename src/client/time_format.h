/* SPDX-License-Identifier: ISC */
/* The formats in which a service tells the time. */
#ifndef CLIENT_TIME_FORMAT_H
#define CLIENT_TIME_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct time_reading {
	const char *format;    /* as the option of netlabd's time service */
	int64_t ns;            /* since 1970-01-01 00:00 UTC */
	int64_t resolution_ns; /* the time is from ns to ns + resolution_ns */
	bool is_zone_assumed;  /* no zone is told: this machine's is taken */
};

/*
 * Recognises an answer: ctime, daytime (ctime and CR LF), iso8601, unix, or
 * rfc868, which is four bytes that are no text, or any four with is_rfc868.
 * now_ns is this machine's time: rfc868 counts to 2^32 and begins anew, and the
 * time nearest to now is meant. False: it is no time.
 */
bool time_format_parse(const char *answer, size_t len, bool is_rfc868,
    int64_t now_ns, struct time_reading *reading);

/*
 * How far the reading is ahead of the local clock, in ns, when it was asked for
 * at asked_ns and came at come_ns; *error_ns: at most this much more or less.
 */
int64_t time_format_offset(const struct time_reading *reading, int64_t asked_ns,
    int64_t come_ns, int64_t *error_ns);

/*
 * The whole quarters of an hour, in minutes, that an offset is within a few
 * seconds of, as those between time zones are; 0: of none, or no zones are so
 * far apart.
 */
int time_format_zone_minutes(int64_t offset_ns);

#endif
