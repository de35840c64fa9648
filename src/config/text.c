/* SPDX-License-Identifier: ISC */
/* Reads a configuration file whole. */
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fence.h"

#define FIRST_SIZE ((size_t)16 << 10)

bool
text_is_word(char c)
{
	return c != '\0' && strchr(" #\"'\t\n\r={}()+,*", c) == NULL;
}

/*
 * Room for more in a buffer of *size bytes that holds `len`, one spare for the
 * NUL. Returns it, or NULL with why and the buffer as it was.
 */
static char *
grow(char *data, size_t len, size_t *size, char why[WHY_SIZE])
{
	size_t wanted = *size == 0 ? FIRST_SIZE : *size * 2;
	char *grown;

	if (len > TEXT_FILE_MAX) {
		why_set(why, "longer than %zu MiB", TEXT_FILE_MAX >> 20);
		return NULL;
	}
	if (len + 1 < *size)
		return data;
	if ((grown = realloc(data, wanted)) == NULL)
		why_set(why, "out of memory");
	else
		*size = wanted;
	return grown;
}

static char *
read_all(int fd, size_t *len, char why[WHY_SIZE])
{
	char *data = NULL, *grown;
	size_t size = 0;
	ssize_t n = 1;

	*len = 0;
	while ((grown = grow(data, *len, &size, why)) != NULL) {
		data = grown;
		n = read(fd, data + *len, size - *len - 1);
		if (n == 0) {
			data[*len] = '\0';
			return data;
		}
		if (n > 0) {
			*len += (size_t)n;
		} else if (errno != EINTR) {
			why_set(why, "cannot be read: %s", strerror(errno));
			break;
		}
	}
	free(data);
	return NULL;
}

char *
text_read(const char *path, bool may_wait, size_t *len, struct stat *st,
    char why[WHY_SIZE])
{
	int fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | (may_wait ? 0 : O_NONBLOCK));
	char *data = NULL;

	if (fd == -1 && errno == EACCES && !fence_lets(path, FENCE_READ))
		why_set(why, "cannot be read: " FENCE_ADVICE);
	else if (fd == -1 || fstat(fd, st) == -1)
		why_set(why, "cannot be read: %s", strerror(errno));
	else if (S_ISDIR(st->st_mode))
		why_set(why, "is a directory (write the name of a file)");
	else if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode))
		why_set(why, "is neither a file nor a pipe");
	else if (S_ISFIFO(st->st_mode) && !may_wait)
		why_set(why,
		    "is a pipe, which only a start can read (start "
		    "with the name of a file)");
	else
		data = read_all(fd, len, why);
	if (fd != -1)
		close(fd);
	return data;
}
