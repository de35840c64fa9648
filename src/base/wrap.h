/* SPDX-License-Identifier: ISC */
/* Text for terminals, which break lines in the middle of words. */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include <stddef.h>

/* Where a text begins, and what its lines look like; counted in columns. */
struct wrap {
	size_t columns; /* of a line; 0: never broken */
	size_t begin;   /* the column in which the text begins, from 0 */
	size_t indent;  /* blanks before the lines that go on */
};

/* The columns of a terminal, 80 where it does not tell; 0: fd is none. */
size_t wrap_columns(int fd);

/*
 * Writes the text with a NUL, in lines that are broken at blanks, and returns
 * its length. A word that no line has room for stays whole; what does not fit
 * in `size` is left out.
 */
size_t wrap_text(char *out, size_t size, const char *text, struct wrap wrap);

#endif
