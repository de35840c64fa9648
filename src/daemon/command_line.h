/* SPDX-License-Identifier: ISC */
/* What netlabd was asked on its command line. */
#ifndef DAEMON_COMMAND_LINE_H
#define DAEMON_COMMAND_LINE_H

#include <stdbool.h>

enum action {
	ACTION_SERVE,
	ACTION_TEST,
	ACTION_LIST_SERVICES,
	ACTION_LIST_OPTIONS,
	ACTION_PRINT_DEFAULT_CONFIG,
	ACTION_PRINT_VERSION,
	ACTION_PRINT_HELP
};

struct command_line {
	enum action action;
	const char *config; /* NULL: not given */
	const char *user;   /* to become; NULL: nobody else */
	const char *type;   /* for ACTION_LIST_OPTIONS; NULL: all */
	int verbosity;      /* how many -v */
	bool no_sandbox;
};

/* Reads the arguments; -1: wrong, and what is wrong was printed. */
int command_line_parse(struct command_line *line, int argc, char **argv);

/* The text of --help. */
const char *command_line_help(void);

#endif
