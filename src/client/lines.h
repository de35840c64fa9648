/* SPDX-License-Identifier: ISC */
/* Lines out of pieces of a stream. */
#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	size_t max; /* bytes of a line */
	/* Takes a line without its newline; false: no more is wanted. */
	bool (*line)(void *arg, const char *line, size_t len);
	void *arg;
	char *data; /* the beginning of a line whose end has not come; owned */
	size_t len, size;
	bool is_too_long, is_out_of_memory;
};

void lines_free(struct lines *lines);

/* Hands over the lines that end in this piece; false: no more is wanted. */
bool lines_take(struct lines *lines, const char *data, size_t len);

#endif
