/* SPDX-License-Identifier: ISC */
/* What is to be sent: words of the command line, or standard input. */
#ifndef CLIENT_INPUT_H
#define CLIENT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct input {
	char *data; /* the bytes read and not taken yet; owned */
	size_t len;
	bool end;    /* no more will come */
	bool failed; /* and that is not all there was */
	char *space; /* where data lies */
	size_t size;
};

/*
 * Begins with the words, joined by spaces, as one line; without words, with
 * standard input. Returns 0, or -1: out of memory.
 */
int input_open(struct input *input, char **words, int count);

/* -1: not all of standard input could be read, as was logged. */
int input_close(struct input *input);

/*
 * Reads once from standard input, waiting for it, and returns how many bytes
 * came: the last ones of data. 0: the end, or an error, which is logged. Call
 * it only when input_has_room().
 */
size_t input_read(struct input *input);
bool input_has_room(const struct input *input);

/*
 * The length of the first line with its newline. The last line may have none,
 * nor need one that fills the buffer. 0: wait for more.
 */
size_t input_line(const struct input *input);

/* Drops bytes at the beginning. */
void input_take(struct input *input, size_t len);

#endif
