/* SPDX-License-Identifier: ISC */
/* The file that a bucket fills. */
#include "services/creosote_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* The other services wait while a reader is waited for. */
#define PATIENCE_MS 10

static const char *
advice(int error)
{
	switch (error) {
	case ENOENT:
		return "make its directory";
	case EACCES:
	case EPERM:
	case EROFS:
		return "its directory, and the file if it is there, must be "
		       "writable for netlabd's user";
	default:
		return "choose another file";
	}
}

/*
 * Opened anew, so that it can be non-blocking without becoming so for others
 * who share it, such as the shell. A socket cannot be, and stays as it is.
 */
static int
open_standard_output(void)
{
	int fd = open("/proc/self/fd/1", OPEN_FLAGS);

	return fd != -1 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

/* Whatever the umask, and before anybody else may open it. */
static int
grant(int fd, const struct bucket_file_access *access)
{
	if (access->group != BUCKET_FILE_ANY_GROUP &&
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
	int error;

	file->path = path;
	file->access = *access;
	file->fd =
	    path[0] != '\0' ? open_path(path, access) : open_standard_output();
	if (file->fd == -1) {
		error = errno;
		why_set(why, "cannot write file '%.120s': %s (%s)", path,
		    strerror(error), advice(error));
		errno = error;
		return -1;
	}
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
	close(file->fd);
	file->fd = fd;
	file->is_cut = false;
	file->is_unseen = true;
}

static bool
is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

int
bucket_file_reopen(struct bucket_file *file, char why[WHY_SIZE])
{
	struct bucket_file fresh = { 0 };

	if (bucket_file_open(&fresh, file->path, &file->access, why) == -1)
		return -1;
	fresh.is_cut = file->is_cut && is_same_file(file->fd, fresh.fd);
	bucket_file_close(file);
	*file = fresh;
	return 0;
}

bool
bucket_file_is_removed(const struct bucket_file *file)
{
	struct stat st;

	return file->path[0] != '\0' && fstat(file->fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_nlink == 0;
}

/* Waits for the reader until the deadline, which begins with the first wait. */
static bool
wait_for_reader(struct bucket_file *file, int64_t *deadline_ms)
{
	struct pollfd reader = { .fd = file->fd, .events = POLLOUT };
	int64_t now_ms = clock_monotonic_ms();

	if (*deadline_ms == 0)
		*deadline_ms = now_ms + PATIENCE_MS;
	if (!file->is_stuck && now_ms < *deadline_ms &&
	    poll(&reader, 1, (int)(*deadline_ms - now_ms)) == 1)
		return true;
	file->is_stuck = true;
	errno = EAGAIN;
	return false;
}

/* Writes all, or returns how much before the error that is left in errno. */
static size_t
write_all(struct bucket_file *file, const char *data, size_t len)
{
	int64_t deadline_ms = 0;
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(file->fd, data + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == -1 && errno == EAGAIN) {
			if (!wait_for_reader(file, &deadline_ms))
				return done;
		} else if (n == -1 && errno != EINTR) {
			return done;
		}
	}
	file->is_stuck = false;
	return done;
}

static size_t
count_lines(const char *data, size_t len)
{
	const char *end = data + len;
	size_t count = 0;

	while (
	    data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
		count++;
		data++;
	}
	return count;
}

/* True when somebody, such as a crash, left the last line without its end. */
static bool
ends_cut(const struct bucket_file *file)
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

size_t
bucket_file_write(struct bucket_file *file, const char *lines, size_t len)
{
	size_t done;
	int error;

	if (len == 0)
		return 0;
	if (file->is_unseen && ends_cut(file))
		file->is_cut = true;
	file->is_unseen = false;
	if (file->is_cut && write_all(file, "\n", 1) == 0)
		return count_lines(lines, len);
	file->is_cut = false;
	done = write_all(file, lines, len);
	if (done == len)
		return 0;
	error = errno;
	file->is_cut = done > 0 && lines[done - 1] != '\n';
	done = count_lines(lines + done, len - done);
	errno = error;
	return done;
}
