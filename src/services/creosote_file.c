/* SPDX-License-Identifier: ISC */
/* The file that a bucket fills. */
#include "services/creosote_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fence.h"

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

#define ADVICE_SIZE 128

/* text is room for it. To look the user's name up could take long. */
static const char *
advice(char text[ADVICE_SIZE], int error, const char *path,
    const struct bucket_file_access *access)
{
	if (error == EACCES && !fence_lets(path, FENCE_FILES))
		return FENCE_ADVICE;
	if (error == EPERM && access->group != BUCKET_FILE_ANY_GROUP)
		return "file-group: netlabd may not give it to the group; a "
		       "systemd unit has to allow fchown";
	switch (error) {
	case ENOENT:
		return "make its directory";
	case EACCES:
	case EPERM:
	case EROFS:
		snprintf(text, ADVICE_SIZE,
		    "its directory, and the file if it is there, must be "
		    "writable for netlabd's user, uid %lu",
		    (unsigned long)geteuid());
		return text;
	default:
		return "choose another file";
	}
}

/*
 * Opened anew, so that it can be non-blocking without becoming so for others
 * who share it, such as the shell. A socket cannot be, nor may another user's
 * pipe: they stay as they are.
 */
static int
open_standard_output(void)
{
	int fd = open("/proc/self/fd/1", OPEN_FLAGS);

	return fd != -1 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

static bool
may_wait(int fd)
{
	struct stat st;

	return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 && fstat(fd, &st) == 0 &&
	    !S_ISREG(st.st_mode);
}

/*
 * Whatever the umask, and before anybody else may open it. Where the group is
 * that already, by that of the process or of the directory, nothing is asked
 * that a sandbox might refuse.
 */
static int
grant(int fd, const struct bucket_file_access *access)
{
	struct stat st;

	if (access->group != BUCKET_FILE_ANY_GROUP &&
	    (fstat(fd, &st) == -1 || st.st_gid != access->group) &&
	    fchown(fd, (uid_t)-1, access->group) == -1)
		return -1;
	return fchmod(fd, access->mode);
}

int
bucket_file_make(
    int dir, const char *name, const struct bucket_file_access *access)
{
	int fd = openat(
	    dir, name, OPEN_FLAGS | O_CREAT | O_EXCL, access->mode & 0600);
	int error;

	if (fd == -1 || grant(fd, access) == 0)
		return fd;
	error = errno;
	close(fd);
	(void)unlinkat(dir, name, 0);
	errno = error;
	return -1;
}

/* A symlink that leads nowhere yet is no file, but a name that is there. */
static int
make_linked(const char *path, const struct bucket_file_access *access)
{
	int fd = open(path, OPEN_FLAGS | O_CREAT, access->mode & 0600), error;

	if (fd == -1 || grant(fd, access) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
open_path(const char *path, const struct bucket_file_access *access)
{
	int fd = open(path, OPEN_FLAGS);

	if (fd == -1 && errno == ENOENT)
		fd = bucket_file_make(AT_FDCWD, path, access);
	if (fd == -1 && errno == EEXIST)
		fd = make_linked(path, access);
	return fd;
}

int
bucket_file_open(struct bucket_file *file, const char *path,
    const struct bucket_file_access *access, char why[WHY_SIZE])
{
	char text[ADVICE_SIZE];
	int error;

	file->path = path;
	file->access = *access;
	file->fd =
	    path[0] != '\0' ? open_path(path, access) : open_standard_output();
	if (file->fd == -1) {
		error = errno;
		why_set(why, "cannot write file '%.120s': %s (%s)", path,
		    strerror(error), advice(text, error, path, access));
		errno = error;
		return -1;
	}
	file->waits = may_wait(file->fd);
	file->is_unseen = true;
	return 0;
}

void
bucket_file_close(struct bucket_file *file)
{
	close(file->fd);
}

void
bucket_file_become(struct bucket_file *file, int fd)
{
	if (file->syncs)
		(void)fdatasync(file->fd);
	close(file->fd);
	file->fd = fd;
	file->is_unseen = true;
}

static bool
is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool
bucket_file_continues(
    const struct bucket_file *file, const struct bucket_file *other)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 && !S_ISREG(st.st_mode) &&
	    is_same_file(file->fd, other->fd);
}

int
bucket_file_reopen(struct bucket_file *file, char why[WHY_SIZE])
{
	struct bucket_file fresh = { 0 };

	if (bucket_file_open(&fresh, file->path, &file->access, why) == -1)
		return -1;
	if (!is_same_file(file->fd, fresh.fd)) {
		bucket_file_become(file, fresh.fd);
		return 0;
	}
	close(file->fd);
	file->fd = fresh.fd;
	return 0;
}

bool
bucket_file_is_removed(const struct bucket_file *file)
{
	struct stat st;

	return file->path[0] != '\0' && fstat(file->fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_nlink == 0;
}

bool
bucket_file_ends_cut(const struct bucket_file *file)
{
	struct stat st;
	char path[32], last = '\n';
	int fd;

	if (fstat(file->fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size == 0)
		return false;
	/* Opened for writing alone, and its path may be another file's now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	(void)pread(fd, &last, 1, st.st_size - 1);
	close(fd);
	return last != '\n';
}

static bool
is_ready(const struct bucket_file *file, int ms)
{
	struct pollfd reader = { .fd = file->fd, .events = POLLOUT };

	return poll(&reader, 1, ms) == 1;
}

/* What can be written to, a pipe or a socket, takes so much at once. */
static ssize_t
write_some(const struct bucket_file *file, const char *data, size_t len)
{
	if (!file->waits)
		return write(file->fd, data, len);
	errno = EAGAIN;
	return is_ready(file, 0)
	    ? write(file->fd, data, len < PIPE_BUF ? len : PIPE_BUF)
	    : -1;
}

ssize_t
bucket_file_write(const struct bucket_file *file, const char *data, size_t len)
{
	ssize_t n;

	do
		n = write_some(file, data, len);
	while (n == -1 && errno == EINTR);
	return n;
}

bool
bucket_file_wait(const struct bucket_file *file, int64_t ms)
{
	return ms > 0 && is_ready(file, (int)ms);
}

int
bucket_file_sync(const struct bucket_file *file)
{
	if (fdatasync(file->fd) == 0 || errno == EINVAL || errno == EROFS)
		return 0;
	return -1;
}

bool
bucket_file_is_changed(const struct bucket_file *file)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size != lseek(file->fd, 0, SEEK_CUR);
}

bool
bucket_file_take_back(const struct bucket_file *file, size_t len)
{
	off_t end = lseek(file->fd, 0, SEEK_CUR);

	return end >= (off_t)len && !bucket_file_is_changed(file) &&
	    ftruncate(file->fd, end - (off_t)len) == 0;
}
