/* SPDX-License-Identifier: ISC */
/* How unlike two names are, to suggest the one that was meant. */
#include "base/option_name.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_LEN 32

/* Names further apart than this are no typing error. */
#define NEAR 2

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance, one row of the table after another. */
size_t
option_name_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		spare = before;
		before = last;
		last = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[b_len];
}

void
option_name_consider(
    struct option_name_nearest *nearest, const char *name, size_t distance)
{
	/* All letters of a short name wrong is no typing error. */
	if (distance > NEAR || distance >= strlen(name))
		return;
	if (nearest->name == NULL || distance < nearest->distance)
		*nearest = (struct option_name_nearest){ name, distance };
}
