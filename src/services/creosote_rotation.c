/* SPDX-License-Identifier: ISC */
/*
 * Rotation. The new file is made under a name of its own, the old one is
 * renamed, and the new one takes its place: whenever this is interrupted, every
 * record is in exactly one file, and the next start makes what is missing.
 */
#include "services/creosote_rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "services/creosote_rotation_name.h"

const char *const rotation_names_choices[] = { "time", "number", NULL };

/* One rotation on its way. */
struct rotating {
	struct rotation_place place;
	struct rotated_list list;
	int names;
	char fresh[NAME_MAX + 32]; /* may be too long, and is refused then */
	char aside[NAME_MAX + 1];
	char culprit[NAME_MAX + 32]; /* the name that something fails with */
};

static int
fail(struct rotating *rotating, const char *name)
{
	int error = errno;

	snprintf(rotating->culprit, sizeof(rotating->culprit), "%s", name);
	errno = error;
	return -1;
}

/* What a crash left in the place of the new file: empty, as it was not begun.
 */
static void
remove_leftover(const struct rotating *rotating)
{
	struct stat st;

	if (fstatat(rotating->place.dir, rotating->fresh, &st,
		AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size == 0)
		(void)unlinkat(rotating->place.dir, rotating->fresh, 0);
}

static int
make_fresh(struct rotating *rotating, const struct bucket_file_access *access)
{
	int fd;

	snprintf(rotating->fresh, sizeof(rotating->fresh), ROTATION_FRESH_FORM,
	    rotating->place.base);
	remove_leftover(rotating);
	fd = bucket_file_make(rotating->place.dir, rotating->fresh, access);
	return fd != -1 ? fd : fail(rotating, rotating->fresh);
}

/* Renames each file n to n + 1, beginning with the last of those in a row. */
static int
shift(struct rotating *rotating)
{
	const struct rotated_list *list = &rotating->list;
	char from[NAME_MAX + 1], to[NAME_MAX + 1];
	unsigned taken = 0;
	size_t first = list->count;

	while (first > 0 && list->files[first - 1].name.number <= taken + 1) {
		taken = list->files[--first].name.number;
		if (!list->files[first].is_regular)
			break;
	}
	for (size_t i = first; i < list->count; i++) {
		struct rotated_name name = list->files[i].name;

		rotated_name_format(
		    from, rotating->place.base, rotating->names, &name);
		errno = EEXIST;
		if (!list->files[i].is_regular)
			return fail(rotating, from);
		name.number++;
		if (!rotated_name_format(
			to, rotating->place.base, rotating->names, &name) ||
		    rotation_rename(&rotating->place, from, to) == -1)
			return fail(rotating, to);
	}
	return 0;
}

/* Names sort as the files were written, even if the clock was set back. */
static struct rotated_name
next_time(const struct rotated_list *list, int64_t now_ns)
{
	struct rotated_name next = { .time_s = now_ns / CLOCK_NS_PER_S };
	const struct rotated_name *last;

	if (list->count == 0)
		return next;
	last = &list->files[list->count - 1].name;
	if (last->time_s < next.time_s)
		return next;
	next.time_s = last->time_s;
	next.number = last->number + 1;
	if (next.number > ROTATED_TIME_MAX) {
		next.time_s++;
		next.number = 0;
	}
	return next;
}

static int
put_aside(struct rotating *rotating, int64_t now_ns)
{
	struct rotated_name name = { .number = 1 };

	if (rotating->names == ROTATION_TIME)
		name = next_time(&rotating->list, now_ns);
	else if (shift(rotating) == -1)
		return -1;
	if (!rotated_name_format(rotating->aside, rotating->place.base,
		rotating->names, &name) ||
	    rotation_rename(
		&rotating->place, rotating->place.base, rotating->aside) == -1)
		return fail(rotating, rotating->aside);
	return 0;
}

/* Only if nothing takes the place of the old file is it renamed back. */
static int
replace(struct rotating *rotating, struct bucket_file *file, int fd)
{
	struct bucket_file other;
	char why[WHY_SIZE];

	if (rotation_rename(
		&rotating->place, rotating->fresh, rotating->place.base) == 0) {
		bucket_file_become(file, fd);
		return 0;
	}
	(void)fail(rotating, rotating->place.base);
	close(fd);
	(void)unlinkat(rotating->place.dir, rotating->fresh, 0);
	if (bucket_file_open(&other, file->path, &file->access, why) == 0) {
		bucket_file_become(file, other.fd);
		return 0;
	}
	(void)rotation_rename(
	    &rotating->place, rotating->aside, rotating->place.base);
	return -1;
}

static int
rotate(struct rotating *rotating, struct bucket_file *file, int64_t now_ns)
{
	int fd, error;

	if (rotated_list_read(
		&rotating->list, &rotating->place, rotating->names) == -1)
		return fail(rotating, "its directory");
	fd = make_fresh(rotating, &file->access);
	if (fd == -1)
		return -1;
	if (put_aside(rotating, now_ns) == 0)
		return replace(rotating, file, fd);
	error = errno;
	close(fd);
	(void)unlinkat(rotating->place.dir, rotating->fresh, 0);
	errno = error;
	return -1;
}

static const char *
advice(int error)
{
	switch (error) {
	case EEXIST:
		return "move it away";
	case EACCES:
	case EPERM:
	case EROFS:
		return "its directory must be readable and writable for "
		       "netlabd's user";
	case ENAMETOOLONG:
		return "choose a shorter name";
	default:
		return "the file is used on";
	}
}

static bool
is_at_place(const struct rotation_place *place, const struct stat *file)
{
	struct stat st;

	return fstatat(place->dir, place->base, &st, AT_SYMLINK_NOFOLLOW) ==
	    0 &&
	    st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

int
rotation_rotate(struct bucket_file *file,
    const struct rotation_settings *settings, int64_t now_ns,
    char why[WHY_SIZE])
{
	struct rotating rotating = { .names = settings->names };
	struct stat st;
	int result = 0;

	if (file->path[0] == '\0' || fstat(file->fd, &st) == -1 ||
	    !S_ISREG(st.st_mode))
		return 0;
	if (rotation_place_open(&rotating.place, file->path, why) == -1)
		return -1;
	if (!is_at_place(&rotating.place, &st))
		result = bucket_file_reopen(file, why);
	else if (st.st_size > 0 && rotate(&rotating, file, now_ns) == -1)
		result = why_set(why, "cannot rotate '%.100s': %.60s: %s (%s)",
		    file->path, rotating.culprit, strerror(errno),
		    advice(errno));
	rotated_list_free(&rotating.list);
	rotation_place_close(&rotating.place);
	return result;
}
