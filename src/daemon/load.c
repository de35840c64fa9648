/* SPDX-License-Identifier: ISC */
/* Which configuration is read. */
#include "daemon/load.h"

#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/default_config.h"

#define BUILT_IN_NAME "built-in lab"

const char *
load_name(const char *path)
{
	if (path != NULL)
		return path;
	return access(LOAD_INSTALLED, F_OK) == 0 ? LOAD_INSTALLED
						 : BUILT_IN_NAME;
}

struct config *
load_config(const char *path, struct config_errors *errors)
{
	const char *name = load_name(path);

	if (path == NULL && strcmp(name, BUILT_IN_NAME) == 0)
		return config_load_text(name, default_config(), errors);
	return config_load(name, errors);
}
