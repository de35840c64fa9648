/* SPDX-License-Identifier: ISC */
/* netlab: asks network services and netlabd, and tells what they answer. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/option_name.h"
#include "base/wrap.h"
#include "client/arguments.h"
#include "client/command.h"

/* A command is one file and one line here. */
static const struct command *const commands[] = {
	&send_command,
	&spew_command,
	&time_command,
	&status_command,
	&tail_command,
	&reload_command,
	&rotate_command,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static void
print_help(FILE *out)
{
	fputs(
	    "Usage: netlab COMMAND [OPTION...] [ARGUMENT...]\n"
	    "Asks network services and netlabd, and tells what they answer.\n\n"
	    "Commands:\n",
	    out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-7s %s\n", commands[i]->name,
		    commands[i]->summary);
	fputs("  help    explain a command: netlab help COMMAND\n\n"
	      "  -h, --help     print this help\n"
	      "  -V, --version  print the version\n\n"
	      "The exit status is 0 when an answer came, 1 when none did, and "
	      "2 when the\narguments are wrong. See netlab(1).\n",
	    out);
}

static const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static enum status
refuse_command(const char *name)
{
	struct option_name_nearest nearest = { 0 };
	char quoted[64];

	escape_quote(quoted, sizeof(quoted), name);
	if (name[0] == '-') {
		log_error("unknown option %s (those of a command follow it; "
			  "netlab --help lists all)",
		    quoted);
		return STATUS_USAGE;
	}
	option_name_consider(
	    &nearest, "help", option_name_distance(name, "help"));
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		option_name_consider(&nearest, commands[i]->name,
		    option_name_distance(name, commands[i]->name));
	if (nearest.name != NULL)
		log_error("unknown command %s (did you mean %s?)", quoted,
		    nearest.name);
	else
		log_error(
		    "unknown command %s (netlab --help lists all)", quoted);
	return STATUS_USAGE;
}

/* A closed 0, 1 or 2 would become the number of a socket. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static enum status
run(const struct command *command, int argc, char **argv)
{
	struct arguments arguments;
	bool help;
	enum status status =
	    arguments_parse(command, argc, argv, &arguments, &help);

	if (status != STATUS_OK)
		return status;
	if (!help)
		return command->run(&arguments);
	arguments_print_help(command);
	return STATUS_OK;
}

static enum status
help(const char *name)
{
	const struct command *command;

	if (name == NULL || name[0] == '-') {
		print_help(stdout);
		return STATUS_OK;
	}
	command = command_find(name);
	if (command == NULL)
		return refuse_command(name);
	arguments_print_help(command);
	return STATUS_OK;
}

/*
 * jansson reads on after it got no memory for what it read: beyond it, or
 * something else than what stands there.
 */
static void *
allocate_for_json(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL) {
		log_error("out of memory");
		exit(STATUS_FAILED);
	}
	return memory;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = command_find(name);

	open_standard();
	signal(SIGPIPE, SIG_IGN);
	log_open("netlab", LOG_NOTICE);
	log_wrap(wrap_columns(STDERR_FILENO));
	json_set_alloc_funcs(allocate_for_json, free);
	if (command != NULL)
		return (int)run(command, argc - 1, argv + 1);
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
		return (int)help(NULL);
	if (strcmp(name, "help") == 0)
		return (int)help(argc > 2 ? argv[2] : NULL);
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
		puts("netlab " PACKAGE_VERSION);
		return STATUS_OK;
	}
	if (argc > 1)
		return (int)refuse_command(name);
	print_help(stderr);
	return STATUS_USAGE;
}
