/* SPDX-License-Identifier: ISC */
/* The options of a bucket's files. */
#include "services/creosote_files_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/group.h"

int
bucket_files_check(
    const struct bucket_files_settings *settings, char why[WHY_SIZE])
{
	const struct rotation_settings *rotation = &settings->rotation;
	char reason[WHY_SIZE];
	gid_t group;

	if (bucket_path_check(settings->path, reason) == -1)
		return why_set(why, "file: %.200s", reason);
	if (settings->path[0] == '\0' &&
	    (rotation->size > 0 || rotation->interval_ms > 0))
		return why_set(why,
		    "standard output cannot be rotated (write a file, or "
		    "neither rotate-size nor rotate-interval)");
	if (settings->group != NULL && settings->group[0] != '\0' &&
	    group_find(settings->group, &group, reason) == -1)
		return why_set(why, "file-group: %.200s", reason);
	if (rotation->interval_ms % 1000 != 0)
		return why_set(why,
		    "rotate-interval: whole seconds are needed "
		    "(write 1h, or 1d for midnight)");
	if (rotation->keep_total > 0 && rotation->keep_total < rotation->size)
		return why_set(why,
		    "keep-total: the rotated files are larger (write at least "
		    "rotate-size)");
	return 0;
}

#define ADVICE_SIZE 128

/* text is room for it. */
static const char *
probe_advice(char text[ADVICE_SIZE], int error)
{
	const struct passwd *user;

	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "make its directory, unless the unit does: "
		       "LogsDirectory=";
	case EACCES:
		user = getpwuid(geteuid());
		snprintf(text, ADVICE_SIZE,
		    "user '%.64s' has to be able to write there",
		    user != NULL ? user->pw_name : "without a name");
		return text;
	case EROFS:
		return "the unit has to allow it: ReadWritePaths=";
	default:
		return "choose another file";
	}
}

/* Returns 0 or an error; a file that is there tells more than its directory. */
static int
probe(const char *path, const char *directory)
{
	struct stat st;
	int result;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return EISDIR;
	result = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
	if (result == -1 && errno == ENOENT)
		result =
		    faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS);
	return result == 0 ? 0 : errno;
}

int
bucket_files_probe(
    const struct bucket_files_settings *settings, char why[WHY_SIZE])
{
	char directory[PATH_MAX], text[ADVICE_SIZE];
	int error;

	if (settings->path[0] == '\0')
		return 0;
	bucket_path_directory(directory, settings->path);
	if (directory[0] == '\0')
		strcpy(directory, "/");
	error = probe(settings->path, directory);
	if (error == 0)
		return 0;
	return why_set(why, "file '%.100s' cannot be written: %s (%s)",
	    settings->path, strerror(error), probe_advice(text, error));
}

int
bucket_files_find_access(const struct bucket_files_settings *settings,
    struct bucket_file_access *access, char why[WHY_SIZE])
{
	char reason[WHY_SIZE];

	access->mode = (mode_t)settings->mode;
	access->group = BUCKET_FILE_ANY_GROUP;
	if (settings->group == NULL || settings->group[0] == '\0')
		return 0;
	if (group_find(settings->group, &access->group, reason) == -1)
		return why_set(why, "file-group: %.200s", reason);
	if (!group_is_ours(access->group))
		return why_set(why,
		    "file-group: netlabd's user is not in group '%.64s' "
		    "(usermod -a -G GROUP USER, or SupplementaryGroups=GROUP "
		    "in its unit, and start it anew)",
		    settings->group);
	return 0;
}
