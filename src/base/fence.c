/* SPDX-License-Identifier: ISC */
/* A fence by landlock(7), and what is within, to tell people. */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fence_private.h"

/* Of later headers: include/uapi/linux/landlock.h of Linux. */
#define ACCESS_REFER     (UINT64_C(1) << 13) /* version 2 */
#define ACCESS_TRUNCATE  (UINT64_C(1) << 14) /* version 3 */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */
#define SCOPE_SIGNAL     (UINT64_C(1) << 1)  /* version 6 */

/* All that version 1 knows: EXECUTE to MAKE_SYM. */
#define ACCESS_FIRST ((UINT64_C(1) << 13) - 1)

/* What may be asked of something that is no directory. */
#define ACCESS_FILE                                                     \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    ACCESS_TRUNCATE)

/* As of version 6; older kernels take it when what they do not know is 0. */
struct attributes {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};

static const uint64_t accesses[] = {
	[FENCE_READ] =
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	[FENCE_FILES] = LANDLOCK_ACCESS_FS_READ_DIR | ACCESS_FILE |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE,
	[FENCE_SOCKETS] =
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

struct place {
	char *path; /* resolved */
	enum fence_use use;
};

static struct {
	int ruleset; /* -1: none was begun, or it is raised */
	bool is_raised;
	uint64_t handled;
	struct place *places;
	size_t count;
} fence = { .ruleset = -1 };

/* Reading is part of writing. */
static bool
is_use_within(enum fence_use use, enum fence_use granted)
{
	return use == granted || (use == FENCE_READ && granted == FENCE_FILES);
}

static bool
has(const char *resolved, enum fence_use use)
{
	for (size_t i = 0; i < fence.count; i++)
		if (is_use_within(use, fence.places[i].use) &&
		    fence_place_is_within(resolved, fence.places[i].path))
			return true;
	return false;
}

bool
fence_lets(const char *path, enum fence_use use)
{
	char resolved[PATH_MAX];
	int error = errno;
	/* What leads nowhere fails by itself, and says so better. */
	bool lets = !fence.is_raised ||
	    fence_place_find(resolved, path, use) == FENCE_NOWHERE ||
	    has(resolved, use);

	errno = error;
	return lets;
}

static int
remember(const char *resolved, enum fence_use use)
{
	struct place *places =
	    reallocarray(fence.places, fence.count + 1, sizeof(*places));
	char *copy = strdup(resolved);

	if (places != NULL)
		fence.places = places;
	if (places == NULL || copy == NULL) {
		free(copy);
		return -1;
	}
	places[fence.count++] = (struct place){ copy, use };
	return 0;
}

void
fence_cancel(void)
{
	if (fence.ruleset != -1)
		close(fence.ruleset);
	fence.ruleset = -1;
	while (fence.count > 0)
		free(fence.places[--fence.count].path);
	free(fence.places);
	fence.places = NULL;
}

bool
fence_is_built_in(void)
{
	return true;
}

static uint64_t
handled_by(long version)
{
	return ACCESS_FIRST | (version >= 2 ? ACCESS_REFER : 0) |
	    (version >= 3 ? ACCESS_TRUNCATE : 0) |
	    (version >= 5 ? ACCESS_IOCTL_DEV : 0);
}

int
fence_open(void)
{
	struct attributes attributes = { 0 };
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	if (version == -1)
		return -1;
	attributes.files = handled_by(version);
	attributes.scopes = version >= 6 ? SCOPE_SIGNAL : 0;
	fence.handled = attributes.files;
	fence.ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	return fence.ruleset == -1 ? -1 : (int)version;
}

/*
 * A pipe or a socket is on no file system that could be fenced off, and
 * refused: EBADFD.
 */
static int
add_rule(int fd, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = { .parent_fd = fd };
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	beneath.allowed_access = access & fence.handled &
	    (S_ISDIR(st.st_mode) ? UINT64_MAX : ACCESS_FILE);
	if (syscall(SYS_landlock_add_rule, fence.ruleset,
		LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == -1)
		return errno == EBADFD ? 0 : -1;
	return 0;
}

int
fence_add(const char *path, enum fence_use use)
{
	char resolved[PATH_MAX];
	int fd, result;

	if (realpath(path, resolved) == NULL || has(resolved, use))
		return 0;
	fd = open(resolved, O_PATH | O_CLOEXEC);
	if (fd == -1)
		return 0;
	result = add_rule(fd, accesses[use]);
	close(fd);
	return result == -1 ? -1 : remember(resolved, use);
}

int
fence_add_place(const char *path, enum fence_use use)
{
	char resolved[PATH_MAX];

	return fence_place_find(resolved, path, use) == FENCE_THERE
	    ? fence_add(resolved, use)
	    : 0;
}

const char *
fence_advice(const char *path, enum fence_use use)
{
	char resolved[PATH_MAX];

	return fence_place_find(resolved, path, use) == FENCE_ABOVE
	    ? FENCE_OUTSIDE " (make the directory, then restart it)"
	    : FENCE_ADVICE;
}

int
fence_add_descriptor(int fd)
{
	return add_rule(fd, ACCESS_FILE);
}

int
fence_raise(void)
{
	int error;

	if (syscall(SYS_landlock_restrict_self, fence.ruleset, 0) == -1) {
		error = errno;
		fence_cancel();
		errno = error;
		return -1;
	}
	close(fence.ruleset);
	fence.ruleset = -1;
	fence.is_raised = true;
	return 0;
}
