/* SPDX-License-Identifier: ISC */
/* Giving up the rights of root, for good. */
#ifndef DAEMON_PRIVILEGE_H
#define DAEMON_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/why.h"

/* Whom to become. */
struct identity {
	char name[128];
	uid_t uid;
	gid_t gid;
};

/*
 * Looks NAME[:GROUP] up (names or numbers; without GROUP the user's own). 0, or
 * -1 with why.
 */
int
privilege_find(struct identity *identity, const char *text, char why[WHY_SIZE]);

/*
 * Whom to become: who was asked for (as privilege_find()), and where nobody was
 * (NULL), root becomes PRIVILEGE_USER of the installed service, or without it
 * nobody, unless this user namespace does not have that user. *changes is false
 * for who stays as it is. 0, or -1 with why.
 */
#define PRIVILEGE_USER "_netlabd"
int privilege_choose(struct identity *identity, const char *text, bool *changes,
    char why[WHY_SIZE]);

/*
 * Makes a socket, and its path where it has one, belong to the identity, which
 * may then remove it and bind beside it.
 */
void privilege_give_socket(const struct identity *identity, int fd);

/*
 * Becomes the identity, with all its groups, and proves that there is no way
 * back; others of that user cannot look into its memory. Root that is to be
 * root stays as it is. Returns 0, or -1 with why.
 */
int privilege_drop(const struct identity *identity, char why[WHY_SIZE]);

#endif
