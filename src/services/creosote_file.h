/* SPDX-License-Identifier: ISC */
/* The file that a bucket fills: appended to, opened anew, synced. */
#ifndef SERVICES_CREOSOTE_FILE_H
#define SERVICES_CREOSOTE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/why.h"

/* Who may read and write a file that is made. */
struct bucket_file_access {
	mode_t mode;
	gid_t group; /* BUCKET_FILE_ANY_GROUP: as it comes */
};
#define BUCKET_FILE_ANY_GROUP ((gid_t)-1)

struct bucket_file {
	const char *path; /* not owned; "": standard output */
	struct bucket_file_access access;
	int fd;
	bool waits;     /* a write may wait for its reader: do not let it */
	bool syncs;     /* before another one takes its place */
	bool is_unseen; /* nothing was written since it was opened */
};

/*
 * Opens it for appending; where there is none, makes it with that mode and
 * group, whatever the umask. Returns 0, or -1 with why and errno.
 */
int bucket_file_open(struct bucket_file *file, const char *path,
    const struct bucket_file_access *access, char why[WHY_SIZE]);

/*
 * Makes a file where no such name is yet, and opens it for appending. Returns
 * its descriptor, or -1 with errno and no file.
 */
int bucket_file_make(
    int dir, const char *name, const struct bucket_file_access *access);

/* Goes on with this descriptor, another file of the same path, as its own. */
void bucket_file_become(struct bucket_file *file, int fd);

/*
 * Opens the path anew, as it may have been renamed; the same file as before is
 * not unseen. On failure (-1 with why and errno) keeps the old one.
 */
int bucket_file_reopen(struct bucket_file *file, char why[WHY_SIZE]);

/*
 * True when both are open for the same pipe or such: what was written to one is
 * there for good, and a line begun there goes on here.
 */
bool bucket_file_continues(
    const struct bucket_file *file, const struct bucket_file *other);

void bucket_file_close(struct bucket_file *file);

/* True when the file was removed, so that nobody can ever read it. */
bool bucket_file_is_removed(const struct bucket_file *file);

/* True when somebody, such as a crash, left its last line without an end. */
bool bucket_file_ends_cut(const struct bucket_file *file);

/* As write(2), but not interrupted. EAGAIN: its reader does not keep up. */
ssize_t
bucket_file_write(const struct bucket_file *file, const char *data, size_t len);

/* Waits for its reader, so many ms at the most; false: it takes nothing. */
bool bucket_file_wait(const struct bucket_file *file, int64_t ms);

/* What was written is on the disk: 0, or -1 with errno. A pipe has none. */
int bucket_file_sync(const struct bucket_file *file);

/* True when others wrote to it, or cut it, since we wrote to it last. */
bool bucket_file_is_changed(const struct bucket_file *file);

/* Takes back the last len bytes that we wrote; false: it cannot be done. */
bool bucket_file_take_back(const struct bucket_file *file, size_t len);

#endif
