/* SPDX-License-Identifier: ISC */
/* Output: written at once, and what the socket does not take is kept. */
#include "net/stream_private.h"

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <stdlib.h>

struct stream_backlog *
stream_backlog(struct stream *stream)
{
	if (stream->backlog == NULL)
		stream->backlog = calloc(1, sizeof(*stream->backlog));
	return stream->backlog;
}

void
stream_backlog_free(struct stream_backlog *backlog)
{
	if (backlog == NULL)
		return;
	if (backlog->output != NULL)
		evbuffer_free(backlog->output);
	free(backlog->line);
	free(backlog);
}

size_t
stream_output_waiting(const struct stream *stream)
{
	if (stream->backlog == NULL || stream->backlog->output == NULL)
		return 0;
	return evbuffer_get_length(stream->backlog->output);
}

bool
stream_is_deserted(const struct stream *stream)
{
	struct pollfd end = { .fd = event_get_fd(&stream->event) };

	/* Who has only ended its output still reads. */
	return poll(&end, 1, 0) == 1 &&
	    (end.revents & (POLLHUP | POLLERR)) != 0;
}

bool
stream_output_send(struct stream *stream)
{
	struct stream_config *config = &stream_listener(stream)->config;
	int sent;

	if (stream_output_waiting(stream) == 0)
		return true;
	sent = evbuffer_write(
	    stream->backlog->output, event_get_fd(&stream->event));
	if (sent > 0) {
		config->counters->written_bytes += (unsigned)sent;
		config->pool->output -= (unsigned)sent;
	} else if (errno != EAGAIN && errno != EINTR) {
		stream_break(stream, STREAM_RESET);
	}
	return stream_output_waiting(stream) == 0;
}

/* Writes what the socket takes now and returns how much; flags of send(2). */
static size_t
write_now(struct stream *stream, const char *data, size_t len, int flags)
{
	ssize_t sent;

	if (stream_output_waiting(stream) > 0)
		return 0;
	sent =
	    send(event_get_fd(&stream->event), data, len, MSG_NOSIGNAL | flags);
	if (sent == -1) {
		if (errno != EAGAIN && errno != EINTR)
			stream_break(stream, STREAM_RESET);
		return 0;
	}
	stream_listener(stream)->config.counters->written_bytes += (size_t)sent;
	return (size_t)sent;
}

/* Keeps what the socket did not take. */
static void
keep_output(struct stream *stream, const char *data, size_t len)
{
	struct stream_backlog *backlog = stream_backlog(stream);

	if (backlog != NULL && backlog->output == NULL)
		backlog->output = evbuffer_new();
	if (backlog == NULL || backlog->output == NULL)
		stream_break(stream, STREAM_MEMORY);
	else if (stream_output_waiting(stream) + len >
	    stream_listener(stream)->config.max_output)
		stream_break(stream, STREAM_OUTPUT_LIMIT);
	else if (evbuffer_add(backlog->output, data, len) == -1)
		stream_break(stream, STREAM_MEMORY);
	else
		stream_listener(stream)->config.pool->output += len;
	stream_touch(stream);
}

static void
write_or_keep(struct stream *stream, const char *data, size_t len, int flags)
{
	size_t sent;

	if (len == 0 || stream->ended || stream->broken)
		return;
	sent = write_now(stream, data, len, flags);
	if (sent < len && !stream->broken)
		keep_output(stream, data + sent, len - sent);
}

void
stream_write(struct stream *stream, const char *data, size_t len)
{
	write_or_keep(stream, data, len, 0);
}

/* MSG_MORE holds the bytes back until the end goes with them. */
void
stream_finish(struct stream *stream, const char *data, size_t len)
{
	write_or_keep(stream, data, len, MSG_MORE);
	stream->finished = true;
	stream_close(stream);
}

size_t
stream_offer(struct stream *stream, const char *data, size_t len)
{
	if (len == 0 || stream->ended || stream->broken)
		return 0;
	return write_now(stream, data, len, 0);
}
