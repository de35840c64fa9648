/* SPDX-License-Identifier: ISC */
/* Groups of users, by name or number. */
#ifndef BASE_GROUP_H
#define BASE_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/why.h"

/*
 * Finds a group: 0, or -1 with why. Where it cannot be known whether there is
 * one, address_lookup_has_failed() is true.
 */
int group_find(const char *text, gid_t *group, char why[WHY_SIZE]);

/* True when this process may give files to the group. */
bool group_is_ours(gid_t group);

#endif
