/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the lines of connections: in whatever pieces they come, they are those
 * that a second reading, which sees all of the input, finds; up to a line that
 * is too long, or the one after which the service has enough.
 */
#include "net/stream_private.h"

#include <string.h>

#include "fuzz.h"

/* What was handed over: the lines one after the other, with their ends. */
struct log {
	size_t len, lines, enough; /* enough: lines that the service takes */
	const char *expected;
	bool had_last; /* a line without its end can only be the last */
};

static struct log the_log;

/* Checks it, and rewrites it, as services do. */
static void
take_line(struct stream *stream, char *line, size_t len)
{
	struct log *log = &the_log;
	size_t max = stream_listener(stream)->config.max_line;

	REQUIRE(len > 0 && len <= max && !log->had_last);
	REQUIRE(memcmp(line, log->expected + log->len, len) == 0);
	REQUIRE(memchr(line, '\n', len - 1) == NULL);
	log->had_last = line[len - 1] != '\n';
	log->len += len;
	log->lines++;
	memset(line, '#', len);
	if (log->lines == log->enough)
		stream_close(stream);
}

static const struct stream_handler handler = { .line = take_line };

/* How many bytes are to be handed over, and why that is all. */
static size_t
model(const char *data, size_t size, size_t max, size_t enough,
    enum stream_reason *reason)
{
	size_t done = 0;

	*reason = STREAM_PEER;
	for (size_t lines = 0; done < size; lines++) {
		const char *newline = memchr(data + done, '\n', size - done);
		size_t len = newline == NULL
		    ? size - done
		    : (size_t)(newline - data) + 1 - done;

		if (lines == enough && lines > 0) {
			*reason = STREAM_SERVED;
			break;
		}
		if (len > max) {
			*reason = STREAM_LINE_LIMIT;
			break;
		}
		done += len;
	}
	return done;
}

/* A piece in memory of its own, which is gone when the call is over. */
static void
feed(struct stream *stream, const char *data, size_t len)
{
	char *copy = malloc(len);

	REQUIRE(copy != NULL);
	memcpy(copy, data, len);
	stream_lines_feed(stream, copy, len);
	free(copy);
}

static void
feed_pieces(struct stream *stream, const char *data, size_t size, unsigned seed)
{
	while (size > 0) {
		size_t len;

		seed = seed * 1103515245 + 12345;
		len = 1 + (seed >> 16) % ((seed >> 8) % 4 == 0 ? 600 : 9);
		len = len < size ? len : size;
		feed(stream, data, len);
		data += len;
		size -= len;
	}
}

/* Longest line, lines that are enough (0: any number), seed of the pieces. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream_listener listener = { .config.handler = &handler };
	struct stream stream = { .busy = true };
	const char *text = (const char *)data + 3;
	enum stream_reason reason;
	size_t expected;

	if (size < 3)
		return 0;
	size -= 3;
	event_assign(&stream.event, NULL, -1, 0, NULL, &listener);
	listener.config.max_line = data[0] < 200 ? data[0] + 1u : data[0] * 10u;
	the_log = (struct log){ .enough = data[1], .expected = text };
	expected =
	    model(text, size, listener.config.max_line, data[1], &reason);
	feed_pieces(&stream, text, size, data[2]);
	stream_lines_end(&stream);
	REQUIRE(the_log.len == expected);
	REQUIRE(stream.broken == (reason == STREAM_LINE_LIMIT));
	REQUIRE(!stream.ended || stream.reason == reason ||
	    (reason == STREAM_PEER && the_log.lines == data[1]));
	REQUIRE(stream.backlog == NULL ||
	    stream.backlog->line_size <= 2 * listener.config.max_line + 256);
	stream_backlog_free(stream.backlog);
	return 0;
}
