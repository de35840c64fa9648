/* SPDX-License-Identifier: ISC */
/* netlabd: does what the command line asks. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/address_lookup.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/command_line.h"
#include "daemon/daemon.h"
#include "daemon/default_config.h"
#include "daemon/listing.h"
#include "daemon/load.h"
#include "daemon/privilege.h"
#include "daemon/sandbox.h"

#define EXIT_USAGE 2

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

/* A check prints the bare FILE:LINE: that editors jump to; else it is logged.
 */
static void
tell_errors(const struct config_errors *errors, bool bare)
{
	for (size_t i = 0; i < errors->count; i++)
		if (bare)
			fprintf(stderr, "%s\n", errors->items[i]);
		else
			log_error("%s", errors->items[i]);
}

typedef int probe_fn(const struct service *, char why[WHY_SIZE]);

/*
 * What a start would stumble over as things are now. It is no error: who checks
 * may be another user than who will serve, and a unit makes directories.
 */
static void
warn_of_start(const struct config *config, probe_fn *probe)
{
	char why[WHY_SIZE];

	for (size_t i = 0; i < config->service_count; i++)
		if (probe(config->services[i], why) == -1)
			log_warning("%s '%s': %s",
			    service_type(config->services[i])->name,
			    service_name(config->services[i]), why);
}

/* Which files: a slip in a name or a pattern leads to others, good ones. */
static void
print_ok(const char *name, const struct config *config)
{
	printf("configuration OK: %s", name);
	if (config->globals.include.count > 0)
		printf(", which includes %zu file%s", config->included,
		    config->included == 1 ? "" : "s");
	putchar('\n');
}

/* What the configuration does not say but a start needs. */
static int
check_rest(const struct command_line *line, const struct config *config)
{
	struct identity user;
	char why[WHY_SIZE];
	bool changes;

	warn_of_start(config, service_probe_sockets);
	/* Root, who may write anywhere, looks as the one whom it is to become,
	 * which at a start it does with its sockets open. */
	if (privilege_choose(&user, line->user, &changes, why) == -1 ||
	    (changes && geteuid() == 0 && privilege_drop(&user, why) == -1)) {
		fprintf(stderr, "netlabd: --user: %s\n", why);
		return EXIT_FAILURE;
	}
	warn_of_start(config, service_probe);
	print_ok(load_name(line->config), config);
	return EXIT_SUCCESS;
}

/* The unit does not try again what stays wrong until somebody mends it. */
static int
status_of_errors(const struct config_errors *errors)
{
	return address_lookup_has_failed() || errors->lacked_memory
	    ? EXIT_FAILURE
	    : EX_CONFIG;
}

static int
serve(const struct command_line *line)
{
	struct config_errors errors = { 0 };
	struct config *config = load_config(line->config, &errors);
	int status;

	tell_errors(&errors, line->action == ACTION_TEST);
	if (config == NULL && errors.count == 0)
		log_error("out of memory"); /* also for the errors */
	status = status_of_errors(&errors);
	config_errors_free(&errors);
	if (config == NULL)
		return status;
	if (line->action == ACTION_SERVE) {
		log_notice("configuration: %s", load_name(line->config));
		return daemon_run(config, line);
	}
	status = check_rest(line, config);
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
		printf("netlabd " PACKAGE_VERSION "\nsandbox: %s\n",
		    sandbox_built_in());
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
	/* All that is printed, so that errno tells of the one write of it. */
	static char output[1 << 16];
	struct command_line line;
	int status;

	open_standard_descriptors();
	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	if (command_line_parse(&line, argc, argv) == -1)
		return EXIT_USAGE;
	log_open("netlabd", log_level_of(line.verbosity));
	status = act(&line);
	if ((ferror(stdout) != 0 || fflush(stdout) == EOF) &&
	    status == EXIT_SUCCESS) {
		log_error(
		    "cannot write to standard output: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
