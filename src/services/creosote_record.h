/* SPDX-License-Identifier: ISC */
/* A bucket's records: one line each, whatever a sender sends. */
#ifndef SERVICES_CREOSOTE_RECORD_H
#define SERVICES_CREOSOTE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/escape.h"
#include "base/slice.h"
#include "services/creosote_fields.h"

enum record_format {
	RECORD_TEXT, /* time, sender, message */
	RECORD_RAW,  /* the message alone */
	RECORD_JSON  /* an object: sequence, time, source, bytes, message */
};

enum record_escape {
	RECORD_REPR,
	RECORD_UTF8
};

struct record_style {
	int format; /* enum record_format */
	int escape; /* enum record_escape */
};

/* What came, on its way into the file. */
struct record {
	uint64_t sequence;   /* of the bucket: 1, 2, 3 and so on */
	int64_t time_ns;     /* when it was received */
	struct slice source; /* the sender's address as text */
	struct slice data;   /* as far as it was taken, at most RECORD_MAX */
	uint64_t wire_len;   /* bytes as it was sent */
	bool is_cut;         /* data is not all of it */
	bool is_late;        /* it was told as lost before it came */
	const struct creosote_fields *fields; /* NULL: it was not decoded */
};

/* The longest message, in bytes. */
#define RECORD_MAX (1UL << 20)

/* Room for the rest of a line: time, sender and so on. */
#define RECORD_HEADER_SIZE 1280

/* How much longer a line can get; JSON doubles the backslashes of escapes. */
#define RECORD_GROWTH (2 * ESCAPE_GROWTH)

/* The message itself: what was decoded, or all but a newline at the end. */
struct slice record_message(const struct record *record);

/* Room for its line in any style. */
size_t record_room(const struct record *record);

/*
 * Writes one line with its newline and returns its length; out has that room.
 */
size_t record_format(
    char *out, const struct record_style *style, const struct record *record);

/* Room for the text of what is missing, with its NUL. */
#define RECORD_WHAT_SIZE 256

/* netlabd's own word, at that time, that `count` of something are missing. */
size_t record_format_loss(char out[RECORD_HEADER_SIZE],
    const struct record_style *style, int64_t now_ns, uint64_t count,
    const char *what);

/* netlabd's own word on what is before it. */
size_t record_format_word(char out[RECORD_HEADER_SIZE],
    const struct record_style *style, int64_t now_ns, const char *what);

#endif
