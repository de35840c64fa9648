/* SPDX-License-Identifier: ISC */
/* Bytes that belong to somebody else: where they are and how many. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stddef.h>

struct slice {
	const char *data; /* no NUL after it */
	size_t len;
};

#endif
