/* SPDX-License-Identifier: ISC */
/* Reads a directory once for the many paths whose rotated files are in it. */
#include "services/creosote_upkeep_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Paths of one scan: resolving them takes a slice of a few ms. */
#define PATHS_MAX 512

/* Names of the directory that one slice looks at. */
#define SLICE_NAMES 500

struct member {
	struct upkeep_path *path;
	char *base; /* of its rotated files, where symlinks end */
};

struct upkeep_scan {
	DIR *folder;
	size_t count;
	struct member members[PATHS_MAX]; /* sorted by base */
};

static int
compare(const void *one, const void *other)
{
	return strcmp(((const struct member *)one)->base,
	    ((const struct member *)other)->base);
}

/* Splits a path that was resolved: its directory is left, its name returned. */
static char *
split(char *resolved)
{
	char *name = strrchr(resolved, '/');

	*name++ = '\0';
	return name;
}

static int
add_member(struct upkeep_scan *scan, struct upkeep_path *path, const char *base)
{
	struct member *member = &scan->members[scan->count];

	if ((member->base = strdup(base)) == NULL)
		return -1;
	member->path = path;
	scan->count++;
	upkeep_forget(path);
	path->state = UPKEEP_READING;
	return 0;
}

/* All of the next paths that are in the directory of the first. */
static int
add_members(struct upkeep_scan *scan, struct upkeep *upkeep)
{
	char directory[PATH_MAX], resolved[PATH_MAX];
	struct upkeep_path *path = TAILQ_FIRST(&upkeep->paths);

	if (!rotation_place_resolve(path->path, directory) ||
	    add_member(scan, path, split(directory)) == -1 ||
	    (scan->folder = opendir(directory[0] != '\0' ? directory : "/")) ==
		NULL)
		return -1;
	for (size_t i = 1; i < PATHS_MAX; i++) {
		const char *base;

		if ((path = TAILQ_NEXT(path, next)) == NULL)
			break;
		if (!rotation_place_resolve(path->path, resolved))
			continue;
		base = split(resolved);
		if (strcmp(resolved, directory) == 0 &&
		    add_member(scan, path, base) == -1)
			return -1;
	}
	qsort(scan->members, scan->count, sizeof(*scan->members), compare);
	return 0;
}

void
upkeep_end_scan(struct upkeep *upkeep)
{
	struct upkeep_scan *scan = upkeep->scan;

	if (scan == NULL)
		return;
	for (size_t i = 0; i < scan->count; i++) {
		struct upkeep_path *path = scan->members[i].path;

		if (path->state != UPKEEP_KNOWN)
			upkeep_forget(path);
		free(scan->members[i].base);
	}
	if (scan->folder != NULL)
		closedir(scan->folder);
	free(scan);
	upkeep->scan = NULL;
}

/* What was added again meanwhile may have been read before that. */
static void
finish(struct upkeep *upkeep)
{
	struct upkeep_scan *scan = upkeep->scan;

	for (size_t i = 0; i < scan->count; i++) {
		struct upkeep_path *path = scan->members[i].path;

		if (path->state != UPKEEP_READING)
			continue;
		rotated_list_sort(&path->list, upkeep->settings->names);
		path->state = UPKEEP_KNOWN;
	}
	upkeep_end_scan(upkeep);
}

/* Of several paths that lead to one file, one gets the list. */
static int
add_entry(struct upkeep *upkeep, const char *entry)
{
	int names = upkeep->settings->names;
	struct upkeep_scan *scan = upkeep->scan;
	char base[NAME_MAX + 1];
	struct member key = { NULL, base }, *member;
	struct rotated_name name;
	size_t len = rotated_name_base(names, entry);

	if (len == 0)
		return 0;
	*(char *)mempcpy(base, entry, len) = '\0';
	member = bsearch(
	    &key, scan->members, scan->count, sizeof(*scan->members), compare);
	if (member == NULL || !rotated_name_parse(base, names, entry, &name))
		return 0;
	return rotated_list_add(
	    &member->path->list, dirfd(scan->folder), entry, &name);
}

/* The next names: 1 when there are more, 0 at the end, -1 with errno. */
static int
read_slice(struct upkeep *upkeep)
{
	struct dirent *entry;

	for (int i = 0; i < SLICE_NAMES; i++) {
		errno = 0;
		entry = readdir(upkeep->scan->folder);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (add_entry(upkeep, entry->d_name) == -1)
			return -1;
	}
	return 1;
}

int
upkeep_scan(struct upkeep *upkeep)
{
	int result = 1;

	if (upkeep->scan == NULL) {
		upkeep->scan = calloc(1, sizeof(*upkeep->scan));
		if (upkeep->scan == NULL ||
		    add_members(upkeep->scan, upkeep) == -1)
			result = -1;
	} else {
		result = read_slice(upkeep);
	}
	if (result == -1)
		return upkeep_fail(upkeep, "look for", "rotated files");
	if (result == 0)
		finish(upkeep);
	return 1;
}
