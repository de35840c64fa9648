/* SPDX-License-Identifier: ISC */
/* Reading a message from its beginning on, for syslog's decoder alone. */
#ifndef SERVICES_CREOSOTE_SYSLOG_PRIVATE_H
#define SERVICES_CREOSOTE_SYSLOG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* What is left to read. */
struct cursor {
	const char *at, *end;
};

bool syslog_is_digit(char c);
bool syslog_is_letter(char c);
/* Printable ASCII, without the blank. */
bool syslog_is_word(char c);

size_t cursor_left(const struct cursor *cursor);

/* From begin to end. */
struct slice syslog_slice(const char *begin, const char *end);

/* The word up to a blank or the end, which is not read. */
struct slice cursor_word(const struct cursor *cursor);

/* Each reads what its name says and returns true, or reads nothing. */
bool cursor_take(struct cursor *cursor, char c);
bool cursor_take_digits(struct cursor *cursor, size_t count);
bool cursor_take_gap(struct cursor *cursor); /* a blank, or the end */

/* As those, but leave the cursor anywhere where they return false. */
bool cursor_take_rfc3339(struct cursor *cursor);
bool cursor_take_bsd(struct cursor *cursor);

#endif
