/* SPDX-License-Identifier: ISC */
/* The path of a bucket's file. */
#include "services/creosote_path.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"

/* The %a of a path, or NULL. */
static const char *
find_sender(const char *path)
{
	for (const char *at = path; (at = strchr(at, '%')) != NULL; at += 2)
		if (at[1] != '%')
			return at;
	return NULL;
}

bool
bucket_path_has_sender(const char *path)
{
	return find_sender(path) != NULL;
}

/*
 * What follows %a must not look like the end of a rotated file's name: then the
 * name of one sender's file could be that of another's rotated one.
 */
static int
check_sender(const char *path, const char *at, char why[WHY_SIZE])
{
	size_t len = strlen(at);
	char last = at[len - 1];

	if (at[1] != 'a')
		return why_set(why,
		    "%%%.1s means nothing (write %%a for the "
		    "sender, %%%% for a percent)",
		    at + 1);
	if (strchr(at, '/') != NULL)
		return why_set(why,
		    "directories are not made: %%a cannot be in "
		    "the name of one");
	if (find_sender(at + 2) != NULL)
		return why_set(why,
		    "a second %%a, or a percent that means "
		    "nothing (write %%%% for a percent)");
	if (len == 2 || (last >= '0' && last <= '9') || last == 'z' ||
	    last == 'Z')
		return why_set(why,
		    "after %%a, its name has to end in "
		    "something but a digit or a z (write "
		    "%.120s.log)",
		    path);
	return 0;
}

int
bucket_path_check(const char *path, char why[WHY_SIZE])
{
	const char *at = find_sender(path);

	return at == NULL ? 0 : check_sender(path, at, why);
}

/* Copies with %% as %; the length, or SIZE_MAX where it does not fit. */
static size_t
unescape(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (used + 1 >= size)
			return SIZE_MAX;
		out[used++] = text[i];
		if (text[i] == '%')
			i++;
	}
	out[used] = '\0';
	return used;
}

int
bucket_path_format(char out[PATH_MAX], const char *path, const char *sender)
{
	char before[PATH_MAX], after[PATH_MAX];
	const char *at = find_sender(path);
	size_t len = at != NULL ? (size_t)(at - path) : strlen(path);
	const char *rest = at != NULL ? at + 2 : "";

	errno = ENAMETOOLONG;
	if (unescape(before, sizeof(before), path, len) == SIZE_MAX ||
	    unescape(after, sizeof(after), rest, strlen(rest)) == SIZE_MAX)
		return -1;
	return snprintf(out, PATH_MAX, "%s%s%s", before,
		   at != NULL ? sender : "", after) < PATH_MAX
	    ? 0
	    : -1;
}

void
bucket_path_directory(char out[PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL ||
	    unescape(out, PATH_MAX, path, (size_t)(slash - path)) == SIZE_MAX)
		out[0] = '\0';
}

bool
bucket_path_matches(const char *path, const char *entry)
{
	char before[PATH_MAX], after[PATH_MAX];
	const char *name = strrchr(path, '/') + 1, *at = find_sender(name);
	size_t len = strlen(entry), first, last;

	if (at == NULL)
		return false;
	first = unescape(before, sizeof(before), name, (size_t)(at - name));
	last = unescape(after, sizeof(after), at + 2, strlen(at + 2));
	if (first == SIZE_MAX || last == SIZE_MAX || len <= first + last ||
	    memcmp(entry, before, first) != 0 ||
	    memcmp(entry + len - last, after, last) != 0)
		return false;
	len -= first + last;
	return sender_is_name(entry + first, len);
}
