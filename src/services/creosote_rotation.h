/* SPDX-License-Identifier: ISC */
/*
 * Rotation: the file that a bucket fills is put aside under another name when
 * it is large or old enough, and a new one is begun, between two records. What
 * was put aside is looked after by creosote_upkeep.h.
 */
#ifndef SERVICES_CREOSOTE_ROTATION_H
#define SERVICES_CREOSOTE_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/why.h"
#include "services/creosote_file.h"

struct rotation_settings {
	uint64_t size;        /* bytes of a file; 0: any */
	uint64_t interval_ms; /* of a file; 0: any */
	uint64_t keep;        /* rotated files; 0: all */
	uint64_t keep_total;  /* bytes of them; 0: any number */
	bool compress;
	int names; /* enum rotation_names */
};

enum rotation_names {
	ROTATION_TIME,  /* NAME-20261125T213000Z */
	ROTATION_NUMBER /* NAME.1, the latest, NAME.2 ... */
};

extern const char *const rotation_names_choices[];

/* Their rows, for settings of that type with a rotation_settings as member. */
#define ROTATION_OPTIONS(type, member)                                      \
	{ .name = "rotate-size",                                            \
		.kind = OPTION_SIZE,                                        \
		.offset = offsetof(type, member.size),                      \
		.initial = "0",                                             \
		.max = UINT64_C(1) << 50,                                   \
		.help = "begin a new file before it is longer; 0: "         \
			"never" },                                          \
	    { .name = "rotate-interval",                                    \
		    .kind = OPTION_TIME,                                    \
		    .offset = offsetof(type, member.interval_ms),           \
		    .initial = "0",                                         \
		    .max = 366 * 86400000ULL,                               \
		    .help = "begin a new file so often, for whole days "    \
			    "at midnight; 0: never" },                      \
	    { .name = "rotate-names",                                       \
		    .kind = OPTION_CHOICE,                                  \
		    .offset = offsetof(type, member.names),                 \
		    .initial = "time",                                      \
		    .choices = rotation_names_choices,                      \
		    .help = "time: NAME-20261125T213000Z; number: "         \
			    "NAME.1, NAME.2 and so on" },                   \
	    { .name = "keep",                                               \
		    .kind = OPTION_NUMBER,                                  \
		    .offset = offsetof(type, member.keep),                  \
		    .initial = "14",                                        \
		    .max = 100000,                                          \
		    .unit = "files",                                        \
		    .help = "rotated files to keep; 0: all" },              \
	    { .name = "keep-total",                                         \
		    .kind = OPTION_SIZE,                                    \
		    .offset = offsetof(type, member.keep_total),            \
		    .initial = "0",                                         \
		    .max = UINT64_C(1) << 50,                               \
		    .help = "bytes of rotated files to keep; 0: any" },     \
	{                                                                   \
		.name = "compress", .kind = OPTION_BOOL,                    \
		.offset = offsetof(type, member.compress), .initial = "no", \
		.help = "gzip rotated files"                                \
	}

/* The time in which a file is filled, in seconds; zeroed: not known yet. */
struct rotation_period {
	int64_t begin_s, end_s;
};

/*
 * True when now_ns is after the period, which it then is no more in; the
 * interval's own period of since_ns is meant where none is known. A clock that
 * is set back by less than an interval changes nothing; by more, it begins a
 * new period without a rotation.
 */
bool rotation_is_over(struct rotation_period *period, uint64_t interval_ms,
    int64_t since_ns, int64_t now_ns);

/* Sets the period that now_ns is in. */
void rotation_begin(
    struct rotation_period *period, uint64_t interval_ms, int64_t now_ns);

/*
 * Puts the file aside and begins a new one. Returns 0, or -1 with why and the
 * same file as before. An empty file stays; one that is not at its path any
 * more is opened anew; anything but a regular file is left alone. Only between
 * two records, and with what waits for the old file written.
 */
int rotation_rotate(struct bucket_file *file,
    const struct rotation_settings *settings, int64_t now_ns,
    char why[WHY_SIZE]);

#endif
