/* SPDX-License-Identifier: ISC */
/*
 * The files of two buckets. One that rotates renames, compresses and deletes
 * what has the names of its own files, and so none of them may be the other's.
 */
#include "services/creosote_files.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "services/creosote_path.h"
#include "services/creosote_rotation_name.h"

static bool
rotates(const struct bucket_files_settings *settings)
{
	return settings->rotation.size > 0 ||
	    settings->rotation.interval_ms > 0;
}

/* Its directory, and the name there, which is in path. */
static const char *
split(char directory[PATH_MAX], char path[PATH_MAX],
    const struct bucket_files_settings *settings)
{
	bucket_path_directory(directory, settings->path);
	if (settings->path[0] == '\0' ||
	    bucket_path_format(path, settings->path, SENDER_OTHERS) == -1)
		return NULL;
	return strrchr(path, '/') + 1;
}

/* By what it is, as symlinks may lead there; by name where there is none. */
static bool
is_same_directory(const char *one, const char *other)
{
	struct stat a, b;

	if (stat(one[0] != '\0' ? one : "/", &a) == 0 &&
	    stat(other[0] != '\0' ? other : "/", &b) == 0)
		return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	return strcmp(one, other) == 0;
}

/* True when a bucket with those settings and that name has such a file. */
static bool
has_file(const struct bucket_files_settings *settings, const char *name,
    const char *entry)
{
	return strcmp(name, entry) == 0 ||
	    (bucket_path_has_sender(settings->path) &&
		bucket_path_matches(settings->path, entry));
}

/* True when it would take a file of that name for one that it rotated. */
static bool
has_rotated(const struct bucket_files_settings *settings, const char *name,
    const char *entry)
{
	char base[NAME_MAX + 1];
	struct rotated_name rotated;
	size_t len = rotated_name_base(settings->rotation.names, entry);

	if (len == 0 || len > NAME_MAX)
		return false;
	*(char *)mempcpy(base, entry, len) = '\0';
	return has_file(settings, name, base) &&
	    rotated_name_parse(base, settings->rotation.names, entry, &rotated);
}

int
bucket_files_check_pair(const struct bucket_files_settings *settings,
    const struct bucket_files_settings *other, char why[WHY_SIZE])
{
	char directory[PATH_MAX], other_directory[PATH_MAX];
	char path[PATH_MAX], other_path[PATH_MAX];
	const char *name = split(directory, path, settings);
	const char *other_name = split(other_directory, other_path, other);

	if (name == NULL || other_name == NULL ||
	    !is_same_directory(directory, other_directory))
		return 0;
	if ((rotates(settings) || rotates(other)) &&
	    (has_file(settings, name, other_name) ||
		has_file(other, other_name, name)))
		return why_set(why,
		    "file: one that is rotated belongs to one bucket alone "
		    "(write another)");
	if (has_rotated(settings, name, other_name) ||
	    has_rotated(other, other_name, name))
		return why_set(why,
		    "file: one bucket's has the name of a rotated one of the "
		    "other (write another)");
	return 0;
}
