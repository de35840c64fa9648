/* SPDX-License-Identifier: ISC */
/* Which configuration is read. */
#include "daemon/load.h"

#include <string.h>
#include <unistd.h>

#include "base/address_lookup.h"
#include "config/config.h"
#include "daemon/default_config.h"

/* How long a reload, while nobody is served, may ask for names in all. */
#define NAMES_MS 2000

const char *
load_name(const char *path)
{
	if (path != NULL)
		return path;
	return access(LOAD_INSTALLED, F_OK) == 0 ? LOAD_INSTALLED
						 : LOAD_BUILT_IN;
}

typedef struct config *load_fn(const char *, struct config_errors *);

static struct config *
load(load_fn *load_file, const char *path, struct config_errors *errors)
{
	const char *name = load_name(path);

	if (path == NULL && strcmp(name, LOAD_BUILT_IN) == 0)
		return config_load_text(name, default_config(), errors);
	return load_file(name, errors);
}

struct config *
load_config(const char *path, struct config_errors *errors)
{
	return load(config_load, path, errors);
}

struct config *
load_config_again(const char *path, struct config_errors *errors)
{
	struct config *config;

	address_lookup_bound(NAMES_MS);
	config = load(config_load_again, path, errors);
	address_lookup_bound(-1);
	return config;
}
