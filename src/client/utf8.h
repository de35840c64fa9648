/* SPDX-License-Identifier: ISC */
/* Cuts in text that leave each UTF-8 character whole. */
#ifndef CLIENT_UTF8_H
#define CLIENT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many of the bytes come before a UTF-8 character that begins at the end
 * and is not complete; len when there is none.
 */
size_t utf8_whole(const char *data, size_t len);

/*
 * Finds the first piece of text: a line, or what of a longer one fits in size
 * bytes (at least 4), cut between UTF-8 characters. False: wait for more. With
 * `end` no more will come. *taken is *piece and the newline after it, if any.
 */
bool utf8_cut_line(const char *data, size_t len, bool end, size_t size,
    size_t *piece, size_t *taken);

#endif
