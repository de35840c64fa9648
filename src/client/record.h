/* SPDX-License-Identifier: ISC */
/* A record of a bucket as a line for people. */
#ifndef CLIENT_RECORD_H
#define CLIENT_RECORD_H

#include <jansson.h>
#include <stdbool.h>

#include "client/page.h"
#include "client/terminal.h"

/* What is remembered from line to line. All zero: nothing was shown yet. */
struct record_view {
	bool is_aligned;  /* messages begin in one column, as on a terminal */
	bool has_colours; /* of senders and severities */
	bool has_palette; /* 256 of them */
	size_t columns;   /* lines are cut to so many; 0: they are not */
	int year, yday;   /* of the last record; year 0: of none yet */
	size_t
	    source_columns; /* of the longest sender so far, if not too long */
};

/*
 * Appends a line to the page: local time of day, sender, message; before it the
 * date where another day begins, or is not that of now_ns. What was lost and
 * what was missed has a line of its own. Nothing of it is taken for granted:
 * what is missing, or of another type, is left out.
 */
void record_print(struct record_view *view, struct page *page,
    const json_t *record, int64_t now_ns);

/* A colour of the 256, always the same for one host, whatever the port. */
unsigned record_colour(const char *source);

#endif
