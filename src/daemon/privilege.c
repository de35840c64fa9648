/* SPDX-License-Identifier: ISC */
/* Giving up the rights of root, for good. */
#include "daemon/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/capability.h"
#include "net/socket.h"

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

int
privilege_find(struct identity *identity, const char *text, char why[WHY_SIZE])
{
	char name[sizeof(identity->name)];
	const char *colon = strchrnul(text, ':');
	size_t len = (size_t)(colon - text);

	if (len == 0 || len >= sizeof(name))
		return why_set(why, "no user (write NAME[:GROUP])");
	*(char *)mempcpy(name, text, len) = '\0';
	if (find_user(identity, name, why) == -1)
		return -1;
	return *colon == ':' ? find_group(identity, colon + 1, why) : 0;
}

/* False where nobody in this user namespace can become it. */
static bool
is_mapped(const struct identity *identity)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned first, outside, count;
	bool is_there = map == NULL;

	while (map != NULL &&
	    fscanf(map, "%u %u %u", &first, &outside, &count) == 3)
		is_there |=
		    identity->uid >= first && identity->uid - first < count;
	if (map != NULL)
		fclose(map);
	return is_there;
}

static int
find_default(struct identity *identity, char why[WHY_SIZE])
{
	return privilege_find(identity, PRIVILEGE_USER, why) == 0
	    ? 0
	    : privilege_find(identity, "nobody", why);
}

int
privilege_choose(struct identity *identity, const char *text, bool *changes,
    char why[WHY_SIZE])
{
	*changes = text != NULL || geteuid() == 0;
	if (text != NULL)
		return privilege_find(identity, text, why);
	if (!*changes)
		return 0;
	if (find_default(identity, why) == -1)
		return -1;
	*changes = is_mapped(identity);
	return 0;
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

/* The path by descriptor, so that nothing but a socket changes hands. */
static void
give_path(const struct identity *identity, const char *path)
{
	struct stat st;
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return;
	/* A group that is not simply ours was given to it (socket-group). */
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)fchownat(fd, "", identity->uid,
		    st.st_gid == getegid() ? identity->gid : (gid_t)-1,
		    AT_EMPTY_PATH);
	close(fd);
}

void
privilege_give_socket(const struct identity *identity, int fd)
{
	struct address address;

	/* The owner of a socket may share its port (SO_REUSEPORT). */
	(void)fchown(fd, identity->uid, identity->gid);
	if (socket_get_address(fd, &address) == 0 &&
	    address.u.sa.sa_family == AF_UNIX)
		give_path(identity, address.u.un.sun_path);
}

static bool
stays_root(const struct identity *identity)
{
	return identity->uid == 0 && geteuid() == 0 &&
	    identity->gid == getegid();
}

/* A container may have taken from root what it takes. */
static const char *
drop_advice(int error)
{
	if (error != EPERM)
		return "";
	return geteuid() != 0 ? " (only root can)"
			      : " (give this container CAP_SETUID and "
				"CAP_SETGID, or stay root by --user root)";
}

int
privilege_drop(const struct identity *identity, char why[WHY_SIZE])
{
	if (stays_root(identity))
		return 0;
	capability_empty_bounds();
	if (initgroups(identity->name, identity->gid) == -1 ||
	    setresgid(identity->gid, identity->gid, identity->gid) == -1 ||
	    setresuid(identity->uid, identity->uid, identity->uid) == -1)
		return why_set(why, "cannot become user '%.64s': %s%s",
		    identity->name, strerror(errno), drop_advice(errno));
	if (can_go_back(identity))
		return why_set(why, "cannot give up root for user '%.64s'",
		    identity->name);
	/* Other daemons may be nobody, too. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}
