/* SPDX-License-Identifier: ISC */
/*
 * The names of rotated files, and what of them is in a directory. Only a name
 * that is exactly of its form is taken for one.
 */
#ifndef SERVICES_CREOSOTE_ROTATION_NAME_H
#define SERVICES_CREOSOTE_ROTATION_NAME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/why.h"

/* Where the file of a path is: a symlink is followed, once and for all. */
struct rotation_place {
	int dir; /* descriptor */
	char base[NAME_MAX + 1];
};

/* Its path without symlinks; false with errno. */
bool rotation_place_resolve(const char *path, char resolved[PATH_MAX]);

/* Finds it; the file itself may be missing. 0, or -1 with why and errno. */
int rotation_place_open(
    struct rotation_place *place, const char *path, char why[WHY_SIZE]);
void rotation_place_close(struct rotation_place *place);

/* BASE-20261125T213000Z or BASE-20261125T213000Z_001, or BASE.7; or with .gz */
struct rotated_name {
	int64_t time_s;  /* of the first form */
	unsigned number; /* _001, or .7 */
	bool is_compressed;
};

#define ROTATED_TIME_MAX   999
#define ROTATED_NUMBER_MAX 999999

/* Names a file of this base has while it is made, never seen by others. */
#define ROTATION_FRESH_FORM ".%s.netlabd-new"
#define ROTATION_GZIP_FORM  ".%s.netlabd-gz"

/* True when the entry is a rotated file's name; names: enum rotation_names. */
bool rotated_name_parse(
    const char *base, int names, const char *entry, struct rotated_name *name);

/*
 * The length of the base that an entry would have as a rotated file's name,
 * if it is one; 0: it is none.
 */
size_t rotated_name_base(int names, const char *entry);

/* Writes it; false (errno): it does not fit. */
bool rotated_name_format(char entry[NAME_MAX + 1], const char *base, int names,
    const struct rotated_name *name);

struct rotated_file {
	struct rotated_name name;
	bool is_regular; /* else it is none of ours, in spite of its name */
	uint64_t size;
	dev_t dev;
	ino_t ino;
};

struct rotated_list {
	struct rotated_file *files; /* the oldest first */
	size_t count;
};

/* Lists those of a place; -1 with errno and an empty list. */
int rotated_list_read(
    struct rotated_list *list, const struct rotation_place *place, int names);

/* Adds an entry of a directory, unless it is gone: 0, or -1 with errno. */
int rotated_list_add(struct rotated_list *list, int dir, const char *entry,
    const struct rotated_name *name);

/* Brings what was added into its order. */
void rotated_list_sort(struct rotated_list *list, int names);
void rotated_list_free(struct rotated_list *list);

/* Renames within a place where no such name is yet: 0, or -1 with errno. */
int rotation_rename(
    const struct rotation_place *place, const char *from, const char *to);

#endif
