/* SPDX-License-Identifier: ISC */
/* Standard output for bytes of somebody else's choosing. */
#include "client/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "client/utf8.h"

/* Bytes escaped at a time. */
#define CHUNK 4096

int
output_write_all(int fd, const char *data, size_t len)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

void
output_open(struct output *output)
{
	*output = (struct output){ .terminal = isatty(STDOUT_FILENO) == 1 };
}

/* The length of a piece that passes, 0 when it must be escaped. */
static size_t
harmless(const char *data, size_t len)
{
	if (data[0] == '\n' || data[0] == '\t' || data[0] == '\\')
		return 1;
	return len > 1 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
}

size_t
output_escape(char *out, const char *data, size_t len)
{
	char *end = out;

	while (len > 0) {
		size_t n = harmless(data, len);

		if (n > 0) {
			end = mempcpy(end, data, n);
		} else {
			while (n < len && harmless(data + n, len - n) == 0)
				n++;
			end += escape_utf8(end, data, n);
		}
		data += n;
		len -= n;
	}
	return (size_t)(end - out);
}

/*
 * Escapes a chunk after what was held, and holds back a CR or a character that
 * the next chunk may complete.
 */
static int
write_escaped(struct output *output, const char *data, size_t len)
{
	char text[CHUNK + sizeof(output->held)];
	char escaped[ESCAPE_GROWTH * sizeof(text)];
	size_t whole;

	memcpy(text, output->held, output->held_len);
	memcpy(text + output->held_len, data, len);
	len += output->held_len;
	whole = text[len - 1] == '\r' ? len - 1 : utf8_whole(text, len);
	output->held_len = len - whole;
	memcpy(output->held, text + whole, output->held_len);
	return output_write_all(
	    STDOUT_FILENO, escaped, output_escape(escaped, text, whole));
}

int
output_write(struct output *output, const char *data, size_t len)
{
	if (len == 0)
		return 0;
	output->mid_line = data[len - 1] != '\n';
	if (!output->terminal)
		return output_write_all(STDOUT_FILENO, data, len);
	for (size_t n; len > 0; data += n, len -= n) {
		n = len < CHUNK ? len : CHUNK;
		if (write_escaped(output, data, n) == -1)
			return -1;
	}
	return 0;
}

/* What is held will not be completed any more. */
static int
write_held(struct output *output)
{
	char escaped[ESCAPE_GROWTH * sizeof(output->held)];
	size_t len = output_escape(escaped, output->held, output->held_len);

	output->held_len = 0;
	return output_write_all(STDOUT_FILENO, escaped, len);
}

int
output_end_line(struct output *output)
{
	if (write_held(output) == -1)
		return -1;
	if (!output->mid_line)
		return 0;
	output->mid_line = false;
	return output_write_all(STDOUT_FILENO, "\n", 1);
}

int
output_close(struct output *output)
{
	return output->terminal ? output_end_line(output) : 0;
}

enum status
output_complain(int error)
{
	if (error == EPIPE)
		return STATUS_OK; /* the reader has seen enough */
	log_error("standard output: %s", strerror(error));
	return STATUS_FAILED;
}
