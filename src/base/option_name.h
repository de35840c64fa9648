/* SPDX-License-Identifier: ISC */
/* How unlike two names are, to suggest the one that was meant. */
#ifndef BASE_OPTION_NAME_H
#define BASE_OPTION_NAME_H

#include <stddef.h>

/*
 * The number of letters to insert, delete, replace or swap. Names over 32
 * letters: SIZE_MAX.
 */
size_t option_name_distance(const char *a, const char *b);

/* The name that was most likely mistyped; NULL: none was. Begins as { 0 }. */
struct option_name_nearest {
	const char *name;
	size_t distance;
};

/* One more that may have been meant, so far from what was written. */
void option_name_consider(
    struct option_name_nearest *nearest, const char *name, size_t distance);

#endif
