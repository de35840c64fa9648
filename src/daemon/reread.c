/* SPDX-License-Identifier: ISC */
/* Whether a configuration that was read could be read again. */
#include "daemon/reread.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "config/include.h"
#include "daemon/load.h"

static void
warn(const char *path, const char *user)
{
	log_warning("configuration: '%s' cannot be read by user '%s', so that "
		    "it cannot be reloaded (let the user read it, or choose "
		    "another by --user)",
	    path, user);
}

static void
check_file(const char *path, const char *user)
{
	if (access(path, R_OK) == -1)
		warn(path, user);
}

/* What was found a moment ago, and is not now, is in a folder that is closed.
 */
static void
check_included(const char *main_file, const char *pattern, const char *user)
{
	char why[WHY_SIZE];
	glob_t found;

	if (include_find(main_file, pattern, &found, why) == -1) {
		warn(pattern, user);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(found.gl_pathv[i], user);
	globfree(&found);
}

void
reread_check(const struct config *config, const char *path, const char *user)
{
	const struct option_list *include = &config->globals.include;
	const char *name = load_name(path);

	if (strcmp(name, LOAD_BUILT_IN) == 0)
		return;
	check_file(name, user);
	for (size_t i = 0; i < include->count; i++)
		check_included(name, include->items[i], user);
}
