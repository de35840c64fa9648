/* SPDX-License-Identifier: ISC */
/*
 * Untrusted bytes as one line of harmless text. The rule is that of Python 2's
 * repr()[1:-1]: \\ \n \r \t by name, other bytes as \xhh; no quote is escaped.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

/* An escaped text is at most this many times as long as its bytes. */
#define ESCAPE_GROWTH 4

/*
 * Each writes the escaped bytes without a NUL and returns their length; out has
 * room for ESCAPE_GROWTH * len.
 */

/* 7-bit text: every byte below 0x20 and from 0x7f up is escaped. */
size_t escape_repr(char *out, const char *data, size_t len);

/*
 * UTF-8 text (RFC 3629): valid characters pass, but for control characters (C0,
 * DEL, C1), line and paragraph separators and bidirectional controls.
 */
size_t escape_utf8(char *out, const char *data, size_t len);

/*
 * The first character of that, where len is not 0: *taken becomes the number of
 * bytes it stands for. For callers with less room, who stop between characters.
 */
size_t escape_utf8_one(
    char out[ESCAPE_GROWTH], const char *data, size_t len, size_t *taken);

/*
 * What these made, as the inside of a JSON string (RFC 8259): puts a
 * backslash before each " and \. At most twice as long.
 */
size_t escape_json(char *out, const char *text, size_t len);

/*
 * Writes user text in single quotes, escaped as UTF-8, for a message; a text
 * that does not fit is cut between two characters and ends in "...'". size is
 * at least 16. Returns out.
 */
const char *escape_quote(char *out, size_t size, const char *text);

#endif
