/* SPDX-License-Identifier: ISC */
/* The directory that rotated files are in. */
#include "services/creosote_rotation_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/creosote_rotation.h"

bool
rotation_place_resolve(const char *path, char resolved[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *name = strrchr(path, '/');
	size_t len = (size_t)(name - path), used;

	if (realpath(path, resolved) != NULL)
		return true;
	if (errno != ENOENT || len >= sizeof(folder))
		return false;
	memcpy(folder, path, len);
	folder[len] = '\0';
	if (realpath(len > 0 ? folder : "/", resolved) == NULL)
		return false;
	used = strlen(resolved);
	errno = ENAMETOOLONG;
	return (size_t)snprintf(resolved + used, PATH_MAX - used, "%s", name) <
	    PATH_MAX - used;
}

int
rotation_place_open(
    struct rotation_place *place, const char *path, char why[WHY_SIZE])
{
	char resolved[PATH_MAX], *name;
	int error;

	place->dir = -1;
	if (rotation_place_resolve(path, resolved)) {
		name = strrchr(resolved, '/');
		*name++ = '\0';
		if (strlen(name) <= NAME_MAX) {
			strcpy(place->base, name);
			place->dir = open(resolved[0] != '\0' ? resolved : "/",
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
	}
	if (place->dir != -1)
		return 0;
	error = errno;
	why_set(why, "cannot read the directory of '%.120s': %s", path,
	    strerror(error));
	errno = error;
	return -1;
}

void
rotation_place_close(struct rotation_place *place)
{
	close(place->dir);
}

static int
compare(const void *one, const void *other)
{
	const struct rotated_name *a =
	    &((const struct rotated_file *)one)->name;
	const struct rotated_name *b =
	    &((const struct rotated_file *)other)->name;

	if (a->time_s != b->time_s)
		return a->time_s < b->time_s ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (int)a->is_compressed - (int)b->is_compressed;
}

/* A number is the larger the older the file is. */
static void
reverse(struct rotated_list *list)
{
	for (size_t i = 0; i < list->count / 2; i++) {
		struct rotated_file first = list->files[i];

		list->files[i] = list->files[list->count - 1 - i];
		list->files[list->count - 1 - i] = first;
	}
}

int
rotated_list_add(struct rotated_list *list, int dir, const char *entry,
    const struct rotated_name *name)
{
	struct rotated_file *files;
	struct stat st;

	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	files = reallocarray(list->files, list->count + 1, sizeof(*files));
	if (files == NULL)
		return -1;
	list->files = files;
	files[list->count++] = (struct rotated_file){ .name = *name,
		.is_regular = S_ISREG(st.st_mode),
		.size = (uint64_t)st.st_size,
		.dev = st.st_dev,
		.ino = st.st_ino };
	return 0;
}

static int
read_entries(struct rotated_list *list, DIR *folder,
    const struct rotation_place *place, int names)
{
	struct rotated_name name;
	struct dirent *entry;

	for (errno = 0; (entry = readdir(folder)) != NULL; errno = 0)
		if (rotated_name_parse(
			place->base, names, entry->d_name, &name) &&
		    rotated_list_add(list, place->dir, entry->d_name, &name) ==
			-1)
			return -1;
	return errno == 0 ? 0 : -1;
}

void
rotated_list_sort(struct rotated_list *list, int names)
{
	if (list->count > 0)
		qsort(list->files, list->count, sizeof(*list->files), compare);
	if (names == ROTATION_NUMBER)
		reverse(list);
}

int
rotated_list_read(
    struct rotated_list *list, const struct rotation_place *place, int names)
{
	int fd = openat(place->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd != -1 ? fdopendir(fd) : NULL;
	int result, error;

	*list = (struct rotated_list){ 0 };
	if (folder == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	result = read_entries(list, folder, place, names);
	error = errno;
	closedir(folder);
	if (result == -1) {
		rotated_list_free(list);
		errno = error;
		return -1;
	}
	rotated_list_sort(list, names);
	return 0;
}

void
rotated_list_free(struct rotated_list *list)
{
	free(list->files);
	*list = (struct rotated_list){ 0 };
}

int
rotation_rename(
    const struct rotation_place *place, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(place->dir, from, place->dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot refuse to replace. */
	if (fstatat(place->dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	else if (errno == ENOENT)
		return renameat(place->dir, from, place->dir, to);
	return -1;
}
