/* SPDX-License-Identifier: ISC */
/* The file that a bucket fills: appended to, opened anew, never left cut. */
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
	bool is_stuck;  /* its reader (of a pipe, a terminal) takes nothing */
	bool is_cut;    /* the last line lacks its end */
	bool is_unseen; /* whether it is cut has to be looked at */
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

/* Opens the path anew, as it may have been renamed; on failure keeps the old.
 */
int bucket_file_reopen(struct bucket_file *file, char why[WHY_SIZE]);

void bucket_file_close(struct bucket_file *file);

/* True when the file was removed, so that nobody can ever read it. */
bool bucket_file_is_removed(const struct bucket_file *file);

/*
 * Writes whole lines. A reader who does not keep up is waited for 10 ms, and
 * not at all while it is stuck. Returns how many of them, the last ones, are
 * not in the file, with the reason in errno; 0: all are.
 */
size_t
bucket_file_write(struct bucket_file *file, const char *lines, size_t len);

#endif
