/* SPDX-License-Identifier: ISC */
/* What is left of the rights of root, by capabilities(7). */
#ifndef DAEMON_CAPABILITY_H
#define DAEMON_CAPABILITY_H

#include "base/why.h"

/*
 * Gives up all that this thread has, or could get, but those that serve a
 * configuration: ports below 1024, receive buffers, and files of other users
 * and groups. 0, or -1 with why.
 */
int capability_keep_useful(char why[WHY_SIZE]);

/* Empties the bounding set, where root may: no program gets any of them. */
void capability_empty_bounds(void);

#endif
