/* SPDX-License-Identifier: ISC */
/* Which configuration is read. */
#include "daemon/load.h"

#include <unistd.h>

#include "config/config.h"
#include "daemon/default_config.h"

#define BUILT_IN_NAME "built-in lab"

struct config *
load_config(const char *path, struct config_errors *errors)
{
	if (path == NULL && access(LOAD_INSTALLED, F_OK) == 0)
		path = LOAD_INSTALLED;
	if (path != NULL)
		return config_load(path, errors);
	return config_load_text(BUILT_IN_NAME, default_config(), errors);
}
