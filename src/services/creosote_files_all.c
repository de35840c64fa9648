/* SPDX-License-Identifier: ISC */
/* What the files of all buckets know of each other. */
#include "services/creosote_files_private.h"

#include <string.h>

/*
 * All that there are: a bucket that a reload changed writes on, as long as it
 * has connections, to a file that its successor may have rotated.
 */
static LIST_HEAD(, bucket_files) all = LIST_HEAD_INITIALIZER(all);

void
files_join(struct bucket_files *files)
{
	LIST_INSERT_HEAD(&all, files, next);
}

void
files_leave(struct bucket_files *files)
{
	LIST_REMOVE(files, next);
}

static bool
has_open(const struct bucket_files *files, dev_t dev, ino_t ino)
{
	for (const struct files_entry *entry = files->first; entry != NULL;
	     entry = entry->after)
		if (entry->ino == ino && entry->dev == dev)
			return true;
	return false;
}

bool
files_is_in_use(void *arg, dev_t dev, ino_t ino)
{
	struct bucket_files *files = arg, *other;

	LIST_FOREACH(other, &all, next)
	{
		if (has_open(other, dev, ino)) {
			files->waits = files->waits || other != files;
			return true;
		}
	}
	return false;
}

void
files_note_closed(
    const struct bucket_files *files, const struct files_entry *entry)
{
	struct bucket_files *other;

	LIST_FOREACH(other, &all, next)
	{
		if (other != files && other->waits &&
		    strcmp(other->settings->path, files->settings->path) == 0)
			(void)upkeep_add(other->upkeep, entry->path);
	}
}
