/* SPDX-License-Identifier: ISC */
/* What is to be sent: words of the command line, or standard input. */
#include "client/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* More than the longest datagram and its newline. */
#define INPUT_SIZE (128 * 1024)

static void
join(char *out, char **words, int count)
{
	for (int i = 0; i < count; i++) {
		out = stpcpy(out, words[i]);
		*out++ = i < count - 1 ? ' ' : '\n';
	}
}

int
input_open(struct input *input, char **words, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += strlen(words[i]) + 1;
	*input = (struct input){ .len = len,
		.end = count > 0,
		.size = count > 0 ? len + 1 : INPUT_SIZE };
	input->data = input->space = malloc(input->size);
	if (input->space == NULL) {
		log_error("out of memory");
		return -1;
	}
	join(input->data, words, count);
	return 0;
}

int
input_close(struct input *input)
{
	free(input->space);
	input->space = input->data = NULL;
	return input->failed ? -1 : 0;
}

bool
input_has_room(const struct input *input)
{
	return input->len < input->size;
}

size_t
input_read(struct input *input)
{
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n;

	memmove(input->space, input->data, input->len);
	input->data = input->space;
	do {
		n = read(STDIN_FILENO, input->data + input->len,
		    input->size - input->len);
		if (n == -1 && errno == EAGAIN)
			poll(&ready, 1, -1);
	} while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n == -1) {
		log_error("standard input: %s", strerror(errno));
		input->failed = true;
	}
	if (n <= 0) {
		input->end = true;
		return 0;
	}
	input->len += (size_t)n;
	return (size_t)n;
}

size_t
input_line(const struct input *input)
{
	const char *newline =
	    input->len > 0 ? memchr(input->data, '\n', input->len) : NULL;

	if (newline != NULL)
		return (size_t)(newline - input->data) + 1;
	return input->end || !input_has_room(input) ? input->len : 0;
}

void
input_take(struct input *input, size_t len)
{
	input->data += len;
	input->len -= len;
}
