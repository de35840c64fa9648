/* SPDX-License-Identifier: ISC */
/* The options of the commands: each is read, and explained, in one place. */
#ifndef CLIENT_ARGUMENTS_H
#define CLIENT_ARGUMENTS_H

#include "client/command.h"

/* How long a command waits that says nothing else, in ms. */
#define ARGUMENTS_TIMEOUT_MS 2000

/*
 * Reads what follows the command's name, argv[0]. Options may stand before or
 * after operands; after "--" all are operands. Returns STATUS_OK, or
 * STATUS_USAGE with the error logged. *help: the user asks for help instead.
 */
enum status arguments_parse(const struct command *command, int argc,
    char **argv, struct arguments *arguments, bool *help);

/* Prints the command's usage, help and options to standard output. */
void arguments_print_help(const struct command *command);

/*
 * Reads seconds, fractions allowed. Returns 0 and milliseconds from
 * TIMEOUT_MIN_MS to TIMEOUT_MAX_MS, or -1.
 */
#define TIMEOUT_MIN_MS 1
#define TIMEOUT_MAX_MS (3600 * 1000)
int arguments_parse_seconds(const char *text, int *ms);

#endif
