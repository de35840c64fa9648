/* SPDX-License-Identifier: ISC */
/* A bucket's records: one line each, whatever a sender sends. */
#ifndef SERVICES_CREOSOTE_RECORD_H
#define SERVICES_CREOSOTE_RECORD_H

#include <stdint.h>

#include "base/address.h"
#include "base/escape.h"
#include "base/slice.h"

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
	size_t wire_len; /* as it was sent; above data.len when it was cut */
};

/* The longest message, in bytes. */
#define RECORD_MAX (1UL << 20)

/* Room for the rest of a line: time, sender and so on. */
#define RECORD_HEADER_SIZE 768

/* How much longer a line can get; JSON doubles the backslashes of escapes. */
#define RECORD_GROWTH (2 * ESCAPE_GROWTH)

/* Room for the line of a message of so many bytes. */
static inline size_t
record_room(size_t len)
{
	return len * RECORD_GROWTH + RECORD_HEADER_SIZE;
}

/*
 * Writes one line with its newline and returns its length; out has the room of
 * record_room(record->data.len).
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
