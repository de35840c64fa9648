/* SPDX-License-Identifier: ISC */
/* The options of a bucket's files. */
#include "services/creosote_files_private.h"

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
