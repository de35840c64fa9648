/* SPDX-License-Identifier: ISC */
/* netlabd: does what the command line asks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/command_line.h"
#include "daemon/daemon.h"
#include "daemon/default_config.h"
#include "daemon/listing.h"

#define EXIT_USAGE    2
#define BUILT_IN_NAME "built-in lab"

/* A socket must never become descriptor 0, 1 or 2: others write there. */
static void
open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* The file that was named, or the installed one, or the built-in lab. */
static struct config *
load(const char *path, struct config_errors *errors)
{
	if (path == NULL && access(INSTALLED_CONFIG, F_OK) == 0)
		path = INSTALLED_CONFIG;
	if (path != NULL)
		return config_load(path, errors);
	return config_load_text(BUILT_IN_NAME, default_config(), errors);
}

static int
test_config(const struct config *config)
{
	if (config == NULL)
		return EXIT_FAILURE;
	puts("configuration OK");
	return EXIT_SUCCESS;
}

static int
serve(const struct command_line *line)
{
	struct config_errors errors = { 0 };
	struct config *config = load(line->config, &errors);
	int status;

	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "%s\n", errors.items[i]);
	config_errors_free(&errors);
	if (line->action == ACTION_TEST)
		status = test_config(config);
	else
		status = config == NULL ? EXIT_FAILURE : daemon_run(config);
	config_free(config);
	return status;
}

static int
print_options(const char *type)
{
	if (list_options(type) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr,
	    "netlabd: no service type '%s' (see netlabd --list-services)\n",
	    type);
	return EXIT_USAGE;
}

static int
act(const struct command_line *line)
{
	switch (line->action) {
	case ACTION_LIST_SERVICES:
		list_services();
		return EXIT_SUCCESS;
	case ACTION_LIST_OPTIONS:
		return print_options(line->type);
	case ACTION_PRINT_DEFAULT_CONFIG:
		fputs(default_config(), stdout);
		return EXIT_SUCCESS;
	case ACTION_PRINT_VERSION:
		puts("netlabd " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	case ACTION_PRINT_HELP:
		fputs(command_line_help(), stdout);
		return EXIT_SUCCESS;
	default:
		return serve(line);
	}
}

static enum log_level
log_level_of(int verbosity)
{
	return verbosity == 0 ? LOG_NOTICE
	    : verbosity == 1  ? LOG_INFO
			      : LOG_DEBUG;
}

int
main(int argc, char **argv)
{
	struct command_line line;
	int status;

	open_standard_descriptors();
	if (command_line_parse(&line, argc, argv) == -1)
		return EXIT_USAGE;
	log_open("netlabd", log_level_of(line.verbosity));
	status = act(&line);
	if (fflush(stdout) == EOF && status == EXIT_SUCCESS) {
		log_error(
		    "cannot write to standard output: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
