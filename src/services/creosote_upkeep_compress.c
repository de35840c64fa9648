/* SPDX-License-Identifier: ISC */
/*
 * Compression of a rotated file, into one of a name that nobody sees until it
 * is whole and on the disk. The file may get another number meanwhile, so it is
 * looked for by what it is, not by its name.
 */
#include "services/creosote_upkeep_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* May be longer than a name may be, and is refused then. */
static const char *
hidden_name(char name[NAME_MAX + 32], const struct rotation_place *place)
{
	snprintf(name, NAME_MAX + 32, ROTATION_GZIP_FORM, place->base);
	return name;
}

/* True when what we write has that name, and not what another one writes. */
static bool
is_ours(const struct upkeep *upkeep, const char *hidden)
{
	struct stat ours, there;

	return fstat(gzip_output(upkeep->gzip), &ours) == 0 &&
	    fstatat(upkeep->place.dir, hidden, &there, AT_SYMLINK_NOFOLLOW) ==
	    0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void
upkeep_abandon(struct upkeep *upkeep)
{
	char hidden[NAME_MAX + 32];

	if (upkeep->gzip == NULL)
		return;
	if (is_ours(upkeep, hidden_name(hidden, &upkeep->place)))
		(void)unlinkat(upkeep->place.dir, hidden, 0);
	gzip_free(upkeep->gzip);
	upkeep->gzip = NULL;
	rotation_place_close(&upkeep->place);
}

static bool
has_compressed(const struct rotated_list *list, const struct rotated_name *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->files[i].name.is_compressed &&
		    list->files[i].name.time_s == name->time_s &&
		    list->files[i].name.number == name->number)
			return true;
	return false;
}

/* The oldest that is to be compressed; NULL: none. */
static const struct rotated_file *
find_plain(const struct upkeep *upkeep, const struct rotated_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->files[i].name.is_compressed &&
		    upkeep_is_done(upkeep, &list->files[i]) &&
		    !has_compressed(list, &list->files[i].name))
			return &list->files[i];
	return NULL;
}

int
upkeep_begin_compress(struct upkeep *upkeep, const struct rotation_place *place)
{
	const struct rotated_file *plain =
	    find_plain(upkeep, &TAILQ_FIRST(&upkeep->paths)->list);
	char name[NAME_MAX + 1], hidden[NAME_MAX + 32];
	int in, out;

	if (plain == NULL)
		return 0;
	rotated_name_format(
	    name, place->base, upkeep->settings->names, &plain->name);
	in = openat(
	    place->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in == -1)
		return upkeep_fail(upkeep, "read", name);
	out = bucket_file_make(
	    place->dir, hidden_name(hidden, place), &upkeep->access);
	if (out == -1) {
		close(in);
		return upkeep_fail(upkeep, "write", hidden);
	}
	/* Until it is closed: others see by it that this is no leftover. */
	(void)flock(out, LOCK_EX | LOCK_NB);
	if ((upkeep->gzip = gzip_new(in, out)) == NULL) {
		(void)unlinkat(place->dir, hidden, 0);
		return upkeep_fail(upkeep, "compress", name);
	}
	upkeep->is_written = false;
	upkeep->place = *place;
	return 1;
}

/* The file by its number of now; NULL: somebody deleted it. */
static struct rotated_file *
find_input(const struct upkeep *upkeep, const struct rotated_list *list)
{
	struct stat st;

	if (fstat(gzip_input(upkeep->gzip), &st) == -1)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (list->files[i].ino == st.st_ino &&
		    list->files[i].dev == st.st_dev &&
		    !list->files[i].name.is_compressed)
			return &list->files[i];
	return NULL;
}

static int
replace(struct upkeep *upkeep, struct rotated_file *plain)
{
	struct stat st;
	struct rotated_name name = plain->name;
	char from[NAME_MAX + 1], to[NAME_MAX + 1], hidden[NAME_MAX + 32];

	rotated_name_format(
	    from, upkeep->place.base, upkeep->settings->names, &name);
	name.is_compressed = true;
	errno = EBUSY;
	if (plain->size != gzip_taken(upkeep->gzip) ||
	    fstat(gzip_output(upkeep->gzip), &st) == -1 ||
	    !is_ours(upkeep, hidden_name(hidden, &upkeep->place)))
		return upkeep_fail(upkeep, "compress", from);
	if (!rotated_name_format(
		to, upkeep->place.base, upkeep->settings->names, &name) ||
	    rotation_rename(&upkeep->place, hidden, to) == -1)
		return upkeep_fail(upkeep, "make", to);
	upkeep->compressed++;
	if (unlinkat(upkeep->place.dir, from, 0) == -1)
		return upkeep_fail(upkeep, "delete", from);
	plain->name = name;
	plain->ino = st.st_ino;
	return 1;
}

/* True when the path leads to another directory since, or to another name. */
static bool
is_elsewhere(const struct upkeep *upkeep)
{
	struct rotation_place place;
	struct stat then, now;
	char why[WHY_SIZE];
	bool is_same;

	if (rotation_place_open(
		&place, TAILQ_FIRST(&upkeep->paths)->path, why) == -1)
		return true;
	is_same = fstat(upkeep->place.dir, &then) == 0 &&
	    fstat(place.dir, &now) == 0 && then.st_dev == now.st_dev &&
	    then.st_ino == now.st_ino &&
	    strcmp(upkeep->place.base, place.base) == 0;
	rotation_place_close(&place);
	return !is_same;
}

int
upkeep_install(struct upkeep *upkeep)
{
	struct rotated_file *plain;
	int result = 1;

	if (!upkeep_look(upkeep, &upkeep->place)) {
		if (is_elsewhere(upkeep))
			upkeep_abandon(upkeep);
		return 1;
	}
	plain = find_input(upkeep, &TAILQ_FIRST(&upkeep->paths)->list);
	if (plain != NULL)
		result = replace(upkeep, plain);
	upkeep_abandon(upkeep);
	return result;
}

int
upkeep_compress(struct upkeep *upkeep)
{
	char hidden[NAME_MAX + 32];
	int result = gzip_work(upkeep->gzip);

	if (result == -1)
		return upkeep_fail(
		    upkeep, "write", hidden_name(hidden, &upkeep->place));
	upkeep->is_written = result == 0;
	return 1;
}
