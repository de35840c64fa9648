/* SPDX-License-Identifier: ISC */
/* A directory of files to rotate, and what is in them. */
#ifndef CHECK_FILES_H
#define CHECK_FILES_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "check_main.h"
#include "services/creosote_rotation_name.h"

/* 2026-11-25 21:30:00 UTC */
#define FILES_NOW_NS (1795642200 * 1000000000LL)

#define FILES_PATH_SIZE 512

static char files_directory[] = "/tmp/netlab-check-XXXXXX";
static pid_t files_owner;

static inline int
files_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* The test that made the directory removes it, as its process ends. */
static inline void
files_remove_directory(void)
{
	if (getpid() == files_owner)
		nftw(files_directory, files_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* A name in the directory of this test; good until some calls later. */
static inline const char *
files_path(const char *name)
{
	static char paths[4][FILES_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 4];

	if (files_owner == 0) {
		ck_assert_ptr_nonnull(mkdtemp(files_directory));
		files_owner = getpid();
		atexit(files_remove_directory);
	}
	snprintf(path, FILES_PATH_SIZE, "%s/%s", files_directory, name);
	return path;
}

static inline void
files_put(const char *name, const char *content)
{
	int fd = open(files_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0640);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(
	    write(fd, content, strlen(content)), (int)strlen(content));
	close(fd);
}

static inline bool
files_has(const char *name)
{
	struct stat st;

	return lstat(files_path(name), &st) == 0;
}

static inline unsigned
files_mode(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(files_path(name), &st), 0);
	return st.st_mode & 07777;
}

/* Appends what is in a file, compressed or not. */
static inline size_t
files_append(char *out, size_t used, size_t size, const char *name)
{
	gzFile file = gzopen(files_path(name), "rb");
	int n;

	ck_assert_ptr_nonnull(file);
	while ((n = gzread(file, out + used, (unsigned)(size - used - 1))) > 0)
		used += (size_t)n;
	ck_assert_msg(n == 0, "%s is no whole file", name);
	ck_assert_int_eq(gzclose(file), Z_OK);
	out[used] = '\0';
	return used;
}

static inline void
files_expect(const char *name, const char *content)
{
	static char text[1 << 20];

	files_append(text, 0, sizeof(text), name);
	ck_assert_str_eq(text, content);
}

/* Names in the directory, sorted, a space between. */
static inline const char *
files_names(void)
{
	static char text[8192];
	struct dirent **entries;
	int count = scandir(files_path(""), &entries, NULL, alphasort);

	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			strcat(text, text[0] != '\0' ? " " : "");
			strcat(text, name);
		}
		free(entries[i]);
	}
	free(entries);
	return text;
}

/* All that is in a file and its rotated ones, from the oldest on. */
static inline void
files_concat(char *out, size_t size, const char *base, int names)
{
	struct rotation_place place;
	struct rotated_list list;
	char why[WHY_SIZE], name[NAME_MAX + 1];
	size_t used = 0;

	ck_assert_int_eq(rotation_place_open(&place, files_path(base), why), 0);
	ck_assert_int_eq(rotated_list_read(&list, &place, names), 0);
	for (size_t i = 0; i < list.count; i++) {
		rotated_name_format(name, base, names, &list.files[i].name);
		used = files_append(out, used, size, name);
	}
	if (files_has(base))
		used = files_append(out, used, size, base);
	out[used] = '\0';
	rotated_list_free(&list);
	rotation_place_close(&place);
}

#endif
