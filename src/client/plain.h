/* SPDX-License-Identifier: ISC */
/*
 * Text of a server, as it may be printed: like escape_utf8(), but backslashes
 * pass, as the server has escaped once already what it was sent.
 */
#ifndef CLIENT_PLAIN_H
#define CLIENT_PLAIN_H

#include <stddef.h>

/*
 * Writes the text without a NUL and returns its length; out has room for
 * ESCAPE_GROWTH * len.
 */
size_t plain_text(char *out, const char *data, size_t len);

/*
 * Writes it with a NUL, cut between two characters where it does not fit.
 * Returns out.
 */
const char *plain_cut(char *out, size_t size, const char *text);

/*
 * How many bytes of such a text fit into so many columns of a terminal;
 * *columns becomes how many they take. Wide characters take two.
 */
size_t plain_fit(const char *text, size_t len, size_t *columns);

#endif
