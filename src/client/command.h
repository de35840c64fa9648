/* SPDX-License-Identifier: ISC */
/* What a netlab command is: one const struct a file, listed in main.c. */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* The exit statuses of netlab. */
enum status {
	STATUS_OK,
	STATUS_FAILED, /* no answer, refused, cut off, not resolved */
	STATUS_USAGE   /* what was typed means nothing */
};

/* The options and operands typed after a command's name. */
struct arguments {
	int timeout_ms;
	size_t size; /* bytes a datagram; 0: not told */
	bool json, tee;
	const char *socket; /* of netlabd's control section; NULL: not told */
	int watch_ms;       /* show it anew so often; 0: once */
	int lines;          /* of a history; -1: not told */
	const char *since, *from, *match; /* NULL: not told */
	bool once, wrap, retry;
	int count; /* of operands */
	char **operands;
};

struct command {
	const char *name;
	const char *usage;   /* its operands, after the options */
	const char *summary; /* one line */
	const char *help;    /* more lines */
	const char *awaited; /* what -t bounds the wait for */
	const char *options; /* the keys of arguments.c that it takes */
	int timeout_ms;      /* without -t; 0: ARGUMENTS_TIMEOUT_MS */
	enum status (*run)(const struct arguments *arguments);
};

extern const struct command reload_command;
extern const struct command rotate_command;
extern const struct command send_command;
extern const struct command spew_command;
extern const struct command status_command;
extern const struct command tail_command;
extern const struct command time_command;

/* Logs the usage error and where to read more; returns STATUS_USAGE. */
enum status command_refuse(const struct command *command, const char *format,
    ...) __attribute__((format(printf, 2, 3)));

#endif
