/* SPDX-License-Identifier: ISC */
/* Where what a path means is, or would be made. */
#include "base/fence_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a symlink may lead to another one. */
#define LINKS_MAX 8

/* Writes a name beside the path; false: too long. */
static bool
write_beside(char out[PATH_MAX], const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	int len = slash == NULL || name[0] == '/' ? 0 : (int)(slash - path) + 1;

	return snprintf(out, PATH_MAX, "%.*s%s", len, path, name) < PATH_MAX;
}

/* Names the directory of the path, or of what it is a symlink to. */
static bool
name_directory(char out[PATH_MAX], const char *path)
{
	char at[PATH_MAX], target[PATH_MAX];
	ssize_t len;

	if (!write_beside(at, "", path))
		return false;
	for (int i = 0; i < LINKS_MAX &&
	     (len = readlink(at, target, sizeof(target) - 1)) != -1;
	     i++) {
		target[len] = '\0';
		if (!write_beside(out, at, target))
			return false;
		strcpy(at, out);
	}
	return write_beside(out, at, ".");
}

/*
 * Resolves what was named, or the first above it that is there. False where
 * something else is in the way, so that none can be made.
 */
static bool
resolve_nearest(char out[PATH_MAX], char directory[PATH_MAX])
{
	while (realpath(directory, out) == NULL) {
		char *slash = strrchr(directory, '/');

		if (errno != ENOENT || slash == NULL)
			return false;
		*slash = '\0'; /* from "a/b/." to "a/." */
		slash = strrchr(directory, '/');
		strcpy(slash == NULL ? directory : slash + 1, ".");
	}
	return true;
}

enum fence_place
fence_place_find(char out[PATH_MAX], const char *path, enum fence_use use)
{
	char directory[PATH_MAX];
	struct stat st;
	bool is_there = use == FENCE_FILES && stat(path, &st) == 0;

	if (is_there && S_ISDIR(st.st_mode))
		return FENCE_NOWHERE; /* no place for a file */
	if (is_there && !S_ISREG(st.st_mode))
		return realpath(path, out) != NULL ? FENCE_THERE
						   : FENCE_NOWHERE;
	if (!name_directory(directory, path))
		return FENCE_NOWHERE;
	if (realpath(directory, out) != NULL)
		return FENCE_THERE;
	return resolve_nearest(out, directory) ? FENCE_ABOVE : FENCE_NOWHERE;
}

bool
fence_place_is_within(const char *path, const char *place)
{
	size_t len = strlen(place);

	return strncmp(path, place, len) == 0 &&
	    (path[len] == '\0' || path[len] == '/' || place[len - 1] == '/');
}
