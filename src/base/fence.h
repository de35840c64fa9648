/* SPDX-License-Identifier: ISC */
/*
 * A fence round that part of the file system which the process goes on using,
 * by landlock(7). Once raised it can be neither widened nor taken down; names
 * and attributes of files can still be seen through it.
 */
#ifndef BASE_FENCE_H
#define BASE_FENCE_H

#include <stdbool.h>

enum fence_use {
	FENCE_READ,   /* files and directories are read */
	FENCE_FILES,  /* files are read, written, made, renamed, removed */
	FENCE_SOCKETS /* sockets are bound and removed */
};

/* True when netlabd was built with it. */
bool fence_is_built_in(void);

/*
 * Begins one: the version of the kernel's interface, or -1 with errno (ENOSYS,
 * EOPNOTSUPP: the kernel has none).
 */
int fence_open(void);

/*
 * Lets a directory be used with all that is below it, or where the path is that
 * of a special file, such as a device, that one. What is not there is passed
 * over. Returns 0, or -1 with errno.
 */
int fence_add(const char *path, enum fence_use use);

/* The same for the directory that the path is in, or leads to by symlinks. */
int fence_add_place(const char *path, enum fence_use use);

/* The same for what a descriptor is open for, as /proc/self/fd opens it. */
int fence_add_descriptor(int fd);

/* Raises it for this thread and those that it starts: 0, or -1 with errno. */
int fence_raise(void);

/* Gives up what was begun. */
void fence_cancel(void);

/*
 * False when a fence is there and the place of the path is not within, or would
 * not be if it was made, so that only a restart could use it so. Whether the
 * user may is another question, and errno is left to who asks after a failure.
 */
bool fence_lets(const char *path, enum fence_use use);

/* What is said then, for people: where the place is there, and anyhow. */
#define FENCE_OUTSIDE "outside of the directories that netlabd was started with"
#define FENCE_ADVICE  FENCE_OUTSIDE " (restart it to use another one)"
const char *fence_advice(const char *path, enum fence_use use);

#endif
