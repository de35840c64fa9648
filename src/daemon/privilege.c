/* SPDX-License-Identifier: ISC */
/* Giving up the rights of root, for good. */
#include "daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE 128

struct identity {
	char name[NAME_SIZE];
	uid_t uid;
	gid_t gid;
};

/* Reads decimal digits and nothing else. */
static bool
parse_id(const char *text, unsigned *id)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' ||
	    value >= UINT32_MAX)
		return false;
	*id = (unsigned)value;
	return true;
}

static int
find_user(struct identity *identity, const char *name, char why[WHY_SIZE])
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL && parse_id(name, &identity->uid))
		user = getpwuid(identity->uid);
	if (user == NULL)
		return why_set(why, "user '%.64s' does not exist", name);
	snprintf(identity->name, sizeof(identity->name), "%s", user->pw_name);
	identity->uid = user->pw_uid;
	identity->gid = user->pw_gid;
	return 0;
}

static int
find_group(struct identity *identity, const char *name, char why[WHY_SIZE])
{
	const struct group *group = getgrnam(name);

	if (group != NULL)
		identity->gid = group->gr_gid;
	else if (!parse_id(name, &identity->gid))
		return why_set(why, "group '%.64s' does not exist", name);
	return 0;
}

/* Takes NAME[:GROUP] apart and looks both up. */
static int
find_identity(struct identity *identity, const char *text, char why[WHY_SIZE])
{
	char name[NAME_SIZE];
	const char *colon = strchrnul(text, ':');
	size_t len = (size_t)(colon - text);

	if (len == 0 || len >= sizeof(name))
		return why_set(why, "no user (write NAME[:GROUP])");
	*(char *)mempcpy(name, text, len) = '\0';
	if (find_user(identity, name, why) == -1)
		return -1;
	return *colon == ':' ? find_group(identity, colon + 1, why) : 0;
}

/* True when root, or the group, can be had back: then nothing was given up. */
static bool
can_go_back(const struct identity *identity)
{
	return (identity->uid != 0 && (setuid(0) != -1 || seteuid(0) != -1)) ||
	    (identity->uid != 0 && identity->gid != 0 && setgid(0) != -1) ||
	    getuid() != identity->uid || geteuid() != identity->uid ||
	    getgid() != identity->gid || getegid() != identity->gid;
}

int
privilege_drop(const char *user, char why[WHY_SIZE])
{
	struct identity identity;

	if (find_identity(&identity, user, why) == -1)
		return -1;
	if (initgroups(identity.name, identity.gid) == -1 ||
	    setresgid(identity.gid, identity.gid, identity.gid) == -1 ||
	    setresuid(identity.uid, identity.uid, identity.uid) == -1)
		return why_set(why, "cannot become user '%.64s': %s%s", user,
		    strerror(errno), errno == EPERM ? " (only root can)" : "");
	if (can_go_back(&identity))
		return why_set(
		    why, "cannot give up root for user '%.64s'", user);
	return 0;
}
