/* SPDX-License-Identifier: ISC */
/* Input: read in pieces that leave room for an answer, and handed over. */
#include "net/stream_private.h"

#include <errno.h>
#include <sys/socket.h>

/* Read at once, by recv(2), which is shorter than read(2); for all. */
#define READ_SIZE (256 * 1024)

/*
 * What is read may have to wait as output, so it is a part of the room that is
 * left for that; and however little is left, enough to get on.
 */
#define READ_PART  4
#define READ_LEAST 4096

/* A service answers at most so many bytes more than it has just been given. */
#define HELD_BACK 16

static char read_buffer[READ_SIZE];

static void
take_input(struct stream *stream, char *data, size_t len)
{
	const struct stream_handler *handler =
	    stream_listener(stream)->config.handler;

	stream_listener(stream)->config.counters->read_bytes += len;
	if (stream->ended)
		return;
	stream->fed = true;
	if (handler->line != NULL)
		stream_lines_feed(stream, data, len);
	else if (handler->data != NULL)
		handler->data(stream, data, len);
}

static void
take_end(struct stream *stream)
{
	const struct stream_handler *handler =
	    stream_listener(stream)->config.handler;

	stream->at_end = true;
	if (stream->ended)
		return;
	stream->fed = true;
	if (handler->line != NULL)
		stream_lines_end(stream);
	if (handler->end != NULL)
		handler->end(stream);
}

/*
 * An answer to all that is read must fit into max-output, together with what a
 * service has held back before.
 */
static size_t
read_size(const struct stream *stream)
{
	const struct stream_config *config = &stream_listener(stream)->config;
	const struct stream_pool *pool = config->pool;
	size_t size = config->max_output - HELD_BACK, part = 0;

	if (pool->output < pool->max_output)
		part = (pool->max_output - pool->output) / READ_PART;
	if (size > READ_SIZE)
		size = READ_SIZE;
	if (size > part)
		size = part;
	return size > READ_LEAST ? size : READ_LEAST;
}

bool
stream_input_read(struct stream *stream)
{
	ssize_t len = recv(
	    event_get_fd(&stream->event), read_buffer, read_size(stream), 0);

	if (len > 0) {
		take_input(stream, read_buffer, (size_t)len);
		return true;
	}
	if (len == 0) {
		take_end(stream);
	} else if (errno != EAGAIN && errno != EINTR) {
		stream_break(stream, STREAM_RESET);
	}
	return false;
}

ssize_t
stream_input_discard(struct stream *stream)
{
	return recv(
	    event_get_fd(&stream->event), read_buffer, sizeof(read_buffer), 0);
}
