/* SPDX-License-Identifier: ISC */
/* Puts lines together from what streams happen to deliver. */
#include "net/stream_private.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

/* Makes room for len bytes more; doubles, so that it costs little. */
static int
grow(struct stream_backlog *backlog, size_t len)
{
	size_t size = backlog->line_size == 0 ? FIRST_SIZE : backlog->line_size;
	char *line;

	while (size < backlog->line_len + len)
		size *= 2;
	if (size == backlog->line_size)
		return 0;
	if ((line = realloc(backlog->line, size)) == NULL)
		return -1;
	backlog->line = line;
	backlog->line_size = size;
	return 0;
}

/* Keeps the beginning of a line until the rest has come. */
static int
keep(struct stream *stream, const char *data, size_t len)
{
	struct stream_backlog *backlog = stream_backlog(stream);

	if (backlog == NULL || grow(backlog, len) == -1) {
		stream_break(stream, STREAM_MEMORY);
		return -1;
	}
	memcpy(backlog->line + backlog->line_len, data, len);
	backlog->line_len += len;
	return 0;
}

static void
deliver(struct stream *stream, char *line, size_t len)
{
	stream_listener(stream)->config.handler->line(stream, line, len);
}

/* Delivers the kept beginning together with the end that has come now. */
static void
deliver_kept(struct stream *stream, const char *end, size_t len)
{
	struct stream_backlog *backlog = stream->backlog;

	if (keep(stream, end, len) == -1)
		return;
	len = backlog->line_len;
	backlog->line_len = 0;
	deliver(stream, backlog->line, len);
}

static size_t
kept(const struct stream *stream)
{
	return stream->backlog == NULL ? 0 : stream->backlog->line_len;
}

void
stream_lines_feed(struct stream *stream, char *data, size_t len)
{
	size_t max = stream_listener(stream)->config.max_line;

	while (len > 0 && !stream->ended && !stream->broken) {
		char *newline = memchr(data, '\n', len);
		size_t piece =
		    newline == NULL ? len : (size_t)(newline - data) + 1;

		if (kept(stream) + piece > max)
			stream_break(stream, STREAM_LINE_LIMIT);
		else if (newline == NULL)
			(void)keep(stream, data, piece);
		else if (kept(stream) > 0)
			deliver_kept(stream, data, piece);
		else
			deliver(stream, data, piece);
		data += piece;
		len -= piece;
	}
}

void
stream_lines_end(struct stream *stream)
{
	if (kept(stream) > 0 && !stream->ended && !stream->broken)
		deliver_kept(stream, "", 0);
}
