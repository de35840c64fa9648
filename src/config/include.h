/* SPDX-License-Identifier: ISC */
/* The files that `include` means. */
#ifndef CONFIG_INCLUDE_H
#define CONFIG_INCLUDE_H

#include <glob.h>
#include <limits.h>

#include "base/why.h"

/*
 * Finds the files of a pattern, which is relative to the folder of `main_file`,
 * in the order of their names. A pattern with wildcards may match none. Returns
 * 0 and a list for globfree(), or -1 with why.
 */
int include_find(const char *main_file, const char *pattern, glob_t *found,
    char why[WHY_SIZE]);

/*
 * Writes the folder that wildcards of the pattern are looked up in, or that its
 * file is in.
 */
void
include_folder(char out[PATH_MAX], const char *main_file, const char *pattern);

#endif
