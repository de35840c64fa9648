/* SPDX-License-Identifier: ISC */
/* What the files of the fence share: places, which are resolved paths. */
#ifndef BASE_FENCE_PRIVATE_H
#define BASE_FENCE_PRIVATE_H

#include <limits.h>

#include "base/fence.h"

enum fence_place {
	FENCE_NOWHERE, /* it cannot be used so, fence or not */
	FENCE_THERE,
	FENCE_ABOVE /* that is to be made first, in the one written */
};

/*
 * Writes what has to be within the fence for the path to be used so: a special
 * file itself, else the directory that it is in, or leads to by symlinks.
 */
enum fence_place
fence_place_find(char out[PATH_MAX], const char *path, enum fence_use use);

/* True for the place itself and what is below it. */
bool fence_place_is_within(const char *path, const char *place);

#endif
