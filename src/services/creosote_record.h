/* SPDX-License-Identifier: ISC */
/* A bucket's records: one line each, whatever a sender sends. */
#ifndef SERVICES_CREOSOTE_RECORD_H
#define SERVICES_CREOSOTE_RECORD_H

#include "base/escape.h"
#include "core/service.h"

enum record_format {
	RECORD_TEXT, /* time, sender, message */
	RECORD_RAW,  /* the message alone */
	RECORD_JSON  /* an object: time, source, bytes, message */
};

enum record_escape {
	RECORD_REPR,
	RECORD_UTF8
};

struct record_style {
	int format; /* enum record_format */
	int escape; /* enum record_escape */
};

/* Room for the record of any datagram; JSON doubles escapes' backslashes. */
#define RECORD_HEADER_SIZE 768
#define RECORD_SIZE        (DATAGRAM_SIZE * 2 * ESCAPE_GROWTH + RECORD_HEADER_SIZE)

/* Each writes one line with its newline and returns its length. */
size_t record_format(char out[RECORD_SIZE], const struct record_style *style,
    const struct datagram *datagram);

/* Room for the text of what is missing, with its NUL. */
#define RECORD_WHAT_SIZE 256

/* netlabd's own word that `count` of something are missing here. */
size_t
record_format_loss(char out[RECORD_SIZE], const struct record_style *style,
    int64_t now_ns, uint64_t count, const char *what);

#endif
