/* SPDX-License-Identifier: ISC */
/* Which rotated files are too many, and what a crash left. */
#include "services/creosote_upkeep_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool
upkeep_is_done(const struct upkeep *upkeep, const struct rotated_file *file)
{
	return file->is_regular &&
	    !upkeep->calls->is_in_use(upkeep->arg, file->dev, file->ino);
}

/* A file that was not begun, or not compressed to its end. */
static void
remove_leftover(
    const struct rotation_place *place, const char *name, bool only_empty)
{
	struct stat st;

	if (fstatat(place->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_size == 0 || !only_empty))
		(void)unlinkat(place->dir, name, 0);
}

/* Whoever compresses into it holds a lock, which ends with its process. */
static bool
is_locked(const struct rotation_place *place, const char *name)
{
	int fd = openat(
	    place->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_locked;

	if (fd == -1)
		return false;
	is_locked = flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	close(fd);
	return is_locked;
}

/* False: another one is at work here. */
static bool
remove_leftovers(const struct rotation_place *place)
{
	char name[NAME_MAX + 32];

	snprintf(name, sizeof(name), ROTATION_FRESH_FORM, place->base);
	remove_leftover(place, name, true);
	snprintf(name, sizeof(name), ROTATION_GZIP_FORM, place->base);
	if (is_locked(place, name))
		return false;
	remove_leftover(place, name, false);
	return true;
}

bool
upkeep_look(struct upkeep *upkeep, const struct rotation_place *place)
{
	struct upkeep_path *path = TAILQ_FIRST(&upkeep->paths);
	char name[NAME_MAX + 1];
	struct stat st;

	for (size_t i = 0; i < path->list.count; i++) {
		struct rotated_file *file = &path->list.files[i];

		rotated_name_format(
		    name, place->base, upkeep->settings->names, &file->name);
		if (fstatat(place->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    st.st_ino != file->ino || st.st_dev != file->dev) {
			upkeep_forget(path);
			return false;
		}
		file->size = (uint64_t)st.st_size;
	}
	return true;
}

/* Takes it out of the list, too. */
static int
delete_file(struct upkeep *upkeep, const struct rotation_place *place,
    struct rotated_list *list, size_t i)
{
	struct rotated_file *file = &list->files[i];
	char name[NAME_MAX + 1];

	rotated_name_format(
	    name, place->base, upkeep->settings->names, &file->name);
	if (unlinkat(place->dir, name, 0) == -1 && errno != ENOENT)
		return upkeep_fail(upkeep, "delete", name);
	memmove(file, file + 1, (--list->count - i) * sizeof(*file));
	return 1;
}

/* The end of a gzip file has the length of what is in it, modulo 2^32. */
static bool
is_whole(const struct upkeep *upkeep, const struct rotation_place *place,
    const struct rotated_file *compressed, uint64_t size)
{
	unsigned char end[4];
	char name[NAME_MAX + 1];
	bool read_all;
	int fd;

	rotated_name_format(
	    name, place->base, upkeep->settings->names, &compressed->name);
	fd = openat(
	    place->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || compressed->size < sizeof(end)) {
		if (fd != -1)
			close(fd);
		return false;
	}
	read_all = pread(fd, end, sizeof(end),
		       (off_t)(compressed->size - sizeof(end))) == sizeof(end);
	close(fd);
	return read_all &&
	    (end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 |
		(uint32_t)end[3] << 24) == (uint32_t)size;
}

/* A crash came between the name of the compressed file and the plain one's end.
 */
static int
finish_compressed(struct upkeep *upkeep, const struct rotation_place *place,
    struct rotated_list *list)
{
	for (size_t i = 1; i < list->count; i++) {
		const struct rotated_file *one = &list->files[i - 1];
		const struct rotated_file *other = &list->files[i];
		const struct rotated_file *plain =
		    one->name.is_compressed ? other : one;

		if (one->name.time_s == other->name.time_s &&
		    one->name.number == other->name.number && one->is_regular &&
		    upkeep_is_done(upkeep, plain) &&
		    is_whole(
			upkeep, place, plain == one ? other : one, plain->size))
			return delete_file(
			    upkeep, place, list, (size_t)(plain - list->files));
	}
	return 0;
}

/* Deletes the oldest where there are more, but for the latest, than may be. */
static int
delete_oldest(struct upkeep *upkeep, const struct rotation_place *place,
    struct rotated_list *list, uint64_t keep, uint64_t keep_total)
{
	uint64_t count = 0, total = 0;
	size_t oldest = 0;
	int result;

	for (size_t i = list->count; i-- > 0;)
		if (upkeep_is_done(upkeep, &list->files[i])) {
			oldest = i;
			count++;
			total += list->files[i].size;
		}
	if (count < 2 ||
	    !((keep > 0 && count > keep) ||
		(keep_total > 0 && total > keep_total)))
		return 0;
	result = delete_file(upkeep, place, list, oldest);
	if (result == 1)
		upkeep->deleted++;
	return result;
}

/* What is too long may be short enough once it is compressed, if it can be. */
static int
take_step(struct upkeep *upkeep, const struct rotation_place *place)
{
	const struct rotation_settings *settings = upkeep->settings;
	struct rotated_list *list = &TAILQ_FIRST(&upkeep->paths)->list;
	int result = finish_compressed(upkeep, place, list);

	if (result == 0)
		result = delete_oldest(upkeep, place, list, settings->keep,
		    upkeep->is_failing ? settings->keep_total : 0);
	if (result == 0 && settings->compress)
		result = upkeep_begin_compress(upkeep, place);
	if (result == 0)
		result =
		    delete_oldest(upkeep, place, list, 0, settings->keep_total);
	return result;
}

int
upkeep_tidy(struct upkeep *upkeep)
{
	struct rotation_place place;
	int result = UPKEEP_BUSY;

	if (rotation_place_open(
		&place, TAILQ_FIRST(&upkeep->paths)->path, upkeep->why) == -1)
		return -1;
	if (remove_leftovers(&place) && upkeep_look(upkeep, &place))
		result = take_step(upkeep, &place);
	if (upkeep->gzip == NULL)
		rotation_place_close(&place);
	return result;
}
