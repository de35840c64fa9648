/* SPDX-License-Identifier: ISC */
/* Giving up the rights of root, for good. */
#ifndef DAEMON_PRIVILEGE_H
#define DAEMON_PRIVILEGE_H

#include "base/why.h"

/*
 * Becomes the user of NAME[:GROUP] (names or numbers; without GROUP the user's
 * own) with that user's groups, and proves that there is no way back. Returns
 * 0, or -1 with why.
 */
int privilege_drop(const char *user, char why[WHY_SIZE]);

#endif
