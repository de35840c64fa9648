/* SPDX-License-Identifier: ISC */
/*
 * Standard output for bytes of somebody else's choosing: into a file or pipe
 * they pass unchanged, on a terminal what could drive it is escaped.
 */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "client/command.h"

struct output {
	bool terminal;
	bool mid_line; /* the last byte was no newline */
	char held[4];  /* a character that is not complete yet */
	size_t held_len;
};

void output_open(struct output *output);

/* Writes all. 0, or -1 with errno: EPIPE when the reader has enough. */
int output_write(struct output *output, const char *data, size_t len);

/* Ends the line if one is begun. */
int output_end_line(struct output *output);

/* Writes what was held back, and on a terminal ends the line. */
int output_close(struct output *output);

/*
 * Appends to out, which has room for ESCAPE_GROWTH * len, the escaped bytes;
 * newlines, tabs, and CR before a newline pass. Returns their length.
 */
size_t output_escape(char *out, const char *data, size_t len);

/* write(2) until all is written, whatever the descriptor's mode. */
int output_write_all(int fd, const char *data, size_t len);

/*
 * Logs what is wrong with standard output; returns the exit status, which is
 * STATUS_OK where the reader has enough.
 */
enum status output_complain(int error);

#endif
