/* SPDX-License-Identifier: ISC */
/* Finds the files that `include` means, by glob(3). */
#include "config/include.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/fence.h"

#define QUOTE_SIZE 96

/* Writes a folder's name so that glob(3) takes it as it is. */
static char *
append_escaped(char *out, const char *folder, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("*?[]\\", folder[i]) != NULL)
			*out++ = '\\';
		*out++ = folder[i];
	}
	return out;
}

/* The pattern as seen from here, freed by the caller; NULL: out of memory. */
static char *
place_pattern(const char *main_file, const char *pattern)
{
	const char *slash = strrchr(main_file, '/');
	size_t folder_len = slash == NULL ? 0 : (size_t)(slash - main_file) + 1;
	char *placed = malloc(folder_len * 2 + strlen(pattern) + 1);

	if (placed == NULL)
		return NULL;
	if (pattern[0] == '/')
		folder_len = 0;
	strcpy(append_escaped(placed, main_file, folder_len), pattern);
	return placed;
}

/* A folder that is not there matches nothing; one that is closed is an error.
 */
static int
glob_error_cb(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

void
include_folder(char out[PATH_MAX], const char *main_file, const char *pattern)
{
	const char *slash = strrchr(main_file, '/');
	size_t main_len = slash == NULL || pattern[0] == '/'
	    ? 0
	    : (size_t)(slash - main_file) + 1;
	size_t len = strcspn(pattern, "*?[\\");

	while (len > 0 && pattern[len - 1] != '/')
		len--;
	snprintf(out, PATH_MAX, "%.*s%.*s.", (int)main_len, main_file, (int)len,
	    pattern);
}

static int
explain_closed(const char *main_file, const char *pattern, const char *quoted,
    char why[WHY_SIZE])
{
	char folder[PATH_MAX];

	include_folder(folder, main_file, pattern);
	return why_set(why, "a folder of %s cannot be read%s", quoted,
	    fence_lets(folder, FENCE_READ) ? "" : ": " FENCE_ADVICE);
}

int
include_find(const char *main_file, const char *pattern, glob_t *found,
    char why[WHY_SIZE])
{
	char *placed = place_pattern(main_file, pattern), quoted[QUOTE_SIZE];
	int result;

	memset(found, 0, sizeof(*found));
	if (placed == NULL)
		return why_set(why, "out of memory");
	result = glob(placed, 0, glob_error_cb, found);
	free(placed);
	if (result == 0 ||
	    (result == GLOB_NOMATCH && strpbrk(pattern, "*?[") != NULL))
		return 0;
	globfree(found);
	escape_quote(quoted, sizeof(quoted), pattern);
	if (result == GLOB_NOMATCH)
		return why_set(
		    why, "no file %s (write the name of a file)", quoted);
	if (result == GLOB_ABORTED)
		return explain_closed(main_file, pattern, quoted, why);
	return why_set(why, "out of memory");
}
