/* SPDX-License-Identifier: ISC */
/* Numbers with units, as option rows write them: 64K, 16M, 30s, 500ms, 0640. */
#ifndef BASE_OPTION_UNITS_H
#define BASE_OPTION_UNITS_H

#include <stdint.h>

#include "base/option.h"

/* Room for any quantity's text with its NUL. */
#define OPTION_QUANTITY_SIZE 32

/*
 * Reads a number, size (bytes), time (milliseconds) or mode. Returns 0, or -1
 * when the text is no number, has an unknown unit, is too large, or is a time
 * without a unit (0 needs none).
 */
int
option_parse_quantity(enum option_kind kind, const char *text, uint64_t *value);

/* Prints it with the largest unit that divides it. */
void option_format_quantity(
    enum option_kind kind, uint64_t value, char text[OPTION_QUANTITY_SIZE]);

#endif
