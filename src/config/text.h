/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration file, made safe for libconfuse 3.3, which counts
 * lines wrongly over comments, fails on a comment inside a list, drops an
 * unquoted * or + in silence and takes a quote that is never closed.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/why.h"

/* The longest file, in bytes, and the longest word or quoted text in it. */
#define TEXT_FILE_MAX ((size_t)16 << 20)
#define TEXT_WORD_MAX ((size_t)4096)

/*
 * Reads a regular file or, if it may wait for who writes there, a pipe. Returns
 * its bytes and a NUL after them, to be freed by the caller, with *len and *st
 * set; NULL with why.
 */
char *text_read(const char *path, bool may_wait, size_t *len, struct stat *st,
    char why[WHY_SIZE]);

/* Receives what is wrong in a line, and what to write instead. */
typedef void text_fault_fn(void *arg, unsigned line, const char *what);

/*
 * Blanks comments (each newline stays), and finds what libconfuse would take
 * otherwise than it is meant: NUL bytes, open quotes and comments, characters
 * that must be quoted, escapes that stand for no character. A faulty word
 * becomes a harmless one. Returns how much of the text can be relied on: all,
 * or what is before the first open quote or comment.
 */
size_t text_clean(char *text, size_t len, text_fault_fn *fault, void *arg);

/*
 * Shortens runs of blanks that are longer than any quoted text can be, for
 * which libconfuse takes a time that grows with the square of their length.
 * Returns the new length.
 */
size_t text_squeeze(char *text, size_t len);

/* True for a character of an unquoted word. */
bool text_is_word(char c);

#endif
