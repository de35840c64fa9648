/* SPDX-License-Identifier: ISC */
/* The file that a bucket fills. */
#include "services/creosote_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640

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

int
bucket_file_open(struct bucket_file *file, const char *path, char why[WHY_SIZE])
{
	file->path = path;
	file->fd = STDOUT_FILENO;
	if (path[0] == '\0')
		return 0;
	file->fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    FILE_MODE);
	if (file->fd == -1)
		return why_set(why, "cannot write file '%.120s': %s (%s)", path,
		    strerror(errno), advice(errno));
	return 0;
}

void
bucket_file_close(struct bucket_file *file)
{
	if (file->path[0] != '\0')
		close(file->fd);
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

	if (bucket_file_open(&fresh, file->path, why) == -1)
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

/* Writes all, or returns how much before the error that is left in errno. */
static size_t
write_all(int fd, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n == -1 && errno != EINTR)
			break;
		if (n > 0)
			done += (size_t)n;
	}
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

size_t
bucket_file_write(struct bucket_file *file, const char *lines, size_t len)
{
	size_t done;
	int error;

	if (len == 0)
		return 0;
	if (file->is_cut && write_all(file->fd, "\n", 1) == 0)
		return count_lines(lines, len);
	file->is_cut = false;
	done = write_all(file->fd, lines, len);
	if (done == len)
		return 0;
	error = errno;
	file->is_cut = done > 0 && lines[done - 1] != '\n';
	done = count_lines(lines + done, len - done);
	errno = error;
	return done;
}
