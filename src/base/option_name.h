/* SPDX-License-Identifier: ISC */
/* How unlike two names are, to suggest the one that was meant. */
#ifndef BASE_OPTION_NAME_H
#define BASE_OPTION_NAME_H

#include <stddef.h>

/* Names further apart than this are no typing error. */
#define OPTION_NAME_NEAR 2

/*
 * The number of letters to insert, delete, replace or swap. Names over 32
 * letters: SIZE_MAX.
 */
size_t option_name_distance(const char *a, const char *b);

#endif
