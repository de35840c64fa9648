/* SPDX-License-Identifier: ISC */
/* What the fence of the sandbox is put round. */
#include "daemon/sandbox_fence.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fence.h"
#include "config/config.h"
#include "config/include.h"
#include "daemon/load.h"

/*
 * Where the C library reads users, hosts, name servers, time zones, and its own
 * parts when it needs them. As directories: a file is replaced by another one.
 * And where jansson finds what its hashes begin with, that nobody can guess.
 */
static const char *const system_places[] = {
	"/etc",
	"/usr",
	"/lib",
	"/lib64",
	"/run/systemd",
	"/dev/urandom",
};

/* What a unit's LogsDirectory= and such are handed over as, between colons. */
static const char *const unit_directories[] = {
	"LOGS_DIRECTORY",
	"RUNTIME_DIRECTORY",
	"STATE_DIRECTORY",
	"CACHE_DIRECTORY",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int
add_system(void)
{
	for (size_t i = 0; i < COUNT(system_places); i++)
		if (fence_add(system_places[i], FENCE_READ) == -1)
			return -1;
#ifdef COVERAGE_FOLDER
	if (fence_add(COVERAGE_FOLDER, FENCE_FILES) == -1)
		return -1;
#endif
	/* Who keeps it elsewhere has /etc lead there. */
	return fence_add_place("/etc/resolv.conf", FENCE_READ);
}

/* A reload may put anything into them. */
static int
add_unit(const char *variable)
{
	const char *value = getenv(variable);
	char *copy = strdup(value != NULL ? value : ""), *save = NULL;
	int result = copy != NULL ? 0 : -1;

	for (char *at = copy == NULL ? NULL : strtok_r(copy, ":", &save);
	     at != NULL && result == 0; at = strtok_r(NULL, ":", &save))
		if (fence_add(at, FENCE_FILES) == -1 ||
		    fence_add(at, FENCE_SOCKETS) == -1)
			result = -1;
	free(copy);
	return result;
}

static int
add_units(void)
{
	for (size_t i = 0; i < COUNT(unit_directories); i++)
		if (add_unit(unit_directories[i]) == -1)
			return -1;
	return 0;
}

static int
add_config(const struct config *config, const char *path)
{
	const struct option_list *include = &config->globals.include;
	const char *name = load_name(path);
	char folder[PATH_MAX];

	/* The installed one may come to be there. */
	if (fence_add_place(LOAD_INSTALLED, FENCE_READ) == -1)
		return -1;
	if (strcmp(name, LOAD_BUILT_IN) == 0)
		return 0;
	/* Its folder, and that of what it may be a symlink to. */
	include_folder(folder, name, "");
	if (fence_add(folder, FENCE_READ) == -1 ||
	    fence_add_place(name, FENCE_READ) == -1)
		return -1;
	for (size_t i = 0; i < include->count; i++) {
		include_folder(folder, name, include->items[i]);
		if (fence_add(folder, FENCE_READ) == -1)
			return -1;
	}
	return 0;
}

static bool
is_root(const char *folder)
{
	struct stat st, root;

	return stat(folder, &st) == -1 || stat("/", &root) == -1 ||
	    (st.st_dev == root.st_dev && st.st_ino == root.st_ino);
}

/*
 * A directory of netlabd's own may be removed, and made anew: then it is known
 * by the one above it, unless that is the root of all.
 */
static void
add_file(void *arg, const char *path)
{
	int *result = arg;
	char folder[PATH_MAX];
	struct stat st;

	if (fence_add_place(path, FENCE_FILES) == -1)
		*result = -1;
	include_folder(folder, path, "");
	if (stat(folder, &st) == -1 || st.st_uid != geteuid())
		return;
	strncat(folder, "/..", sizeof(folder) - strlen(folder) - 1);
	if (!is_root(folder) && fence_add(folder, FENCE_FILES) == -1)
		*result = -1;
}

static void
add_socket(void *arg, const char *path)
{
	int *result = arg;

	if (fence_add_place(path, FENCE_SOCKETS) == -1)
		*result = -1;
}

static int
add_services(const struct config *config)
{
	int result = fence_add_descriptor(STDOUT_FILENO);

	for (size_t i = 0; i < config->service_count && result == 0; i++)
		service_each_path(
		    config->services[i], add_file, add_socket, &result);
	return result;
}

int
sandbox_raise_fence(const struct config *config, const char *config_path)
{
	int version = fence_open(), error;

	if (version == -1)
		return -1;
	if (add_system() == 0 && add_units() == 0 &&
	    add_config(config, config_path) == 0 && add_services(config) == 0 &&
	    fence_raise() == 0)
		return version;
	error = errno;
	fence_cancel();
	errno = error;
	return -1;
}
