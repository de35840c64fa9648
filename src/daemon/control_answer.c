/* SPDX-License-Identifier: ISC */
/* Answers of the control service: at once, or piece by piece. */
#include "daemon/control_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/why.h"

/* Of what the engine is given at once; max-output is at least twice that. */
#define PIECE_SIZE (32UL << 10)

/* Since the last answer, jansson has not got all that it asked for. */
static bool lacks_memory;

static void *
allocate(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL)
		lacks_memory = true;
	return memory;
}

void
control_watch_memory(void)
{
	json_set_alloc_funcs(allocate, free);
}

json_t *
control_text(const char *text)
{
	json_t *string = json_string(text);
	size_t len = strlen(text);
	char *escaped;

	if (string != NULL)
		return string;
	/* It is not UTF-8. */
	escaped = malloc(ESCAPE_GROWTH * len + 1);
	if (escaped == NULL)
		return NULL;
	string = json_stringn(escaped, escape_repr(escaped, text, len));
	free(escaped);
	return string;
}

/* The head of an answer; from here on it is known whether it is the last. */
static void
send_head(
    struct control_connection *connection, const struct http_response *response)
{
	char text[HTTP_TEXT_SIZE];

	connection->closes = response->closes;
	stream_write(
	    connection->stream, text, http_format_head(text, response));
}

/* The rest of the block goes in pieces, from the loop. */
static void
send_block(struct control_connection *connection)
{
	connection->is_busy = true;
	stream_pull(connection->stream);
}

static bool
is_head(const struct control_connection *connection)
{
	return connection->head != NULL &&
	    strcmp(connection->head->method, "HEAD") == 0;
}

/* Sends a text, which is taken; one that is short at once. */
static void
send_text(struct control_connection *connection, struct http_response *response,
    char *text)
{
	size_t len = (size_t)response->length;
	bool at_once = len + HTTP_TEXT_SIZE <= connection->room;

	response->type = CONTROL_JSON;
	response->closes = connection->head == NULL ||
	    !connection->head->keeps || (connection->has_more && !at_once);
	send_head(connection, response);
	connection->block = text;
	connection->block_len = is_head(connection) ? 0 : len;
	connection->block_sent = 0;
	if (at_once) {
		connection->room -= len + HTTP_TEXT_SIZE;
		control_pull(connection);
	} else {
		send_block(connection);
	}
}

static void
send_object(struct control_connection *connection,
    struct http_response *response, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
	size_t len;

	json_decref(object);
	if (text == NULL || lacks_memory) {
		free(text);
		response->status = 503;
		text = strdup("{\"error\":\"out of memory\"}");
	}
	lacks_memory = false;
	if (text == NULL) {
		connection->closes = true;
		stream_close(connection->stream);
		return;
	}
	len = strlen(text);
	text[len] = '\n'; /* in place of the NUL */
	response->length = (ssize_t)len + 1;
	send_text(connection, response, text);
}

void
control_answer(
    struct control_connection *connection, unsigned status, json_t *object)
{
	struct http_response response = { .status = status };

	send_object(connection, &response, object);
}

void
control_error(struct control_connection *connection, unsigned status,
    const char *format, ...)
{
	char text[2 * WHY_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	control_answer(connection, status,
	    json_pack("{s:o}", "error", control_text(text)));
}

void
control_refuse_method(struct control_connection *connection, const char *allow)
{
	struct http_response response = { .status = 405, .allow = allow };

	send_object(connection, &response,
	    json_pack("{s:s}", "error", http_status_text(405)));
}

/* It ends the connection: what else comes in meanwhile is not looked at. */
void
control_begin_lines(struct control_connection *connection)
{
	struct http_response response = {
		.status = 200,
		.type = "application/x-ndjson",
		.length =
		    connection->head->is_old ? HTTP_UNTIL_ENDS : HTTP_CHUNKED,
		.closes = true,
	};

	send_head(connection, &response);
	if (is_head(connection))
		stream_close(connection->stream);
	else
		send_block(connection);
}

/* The answer is complete. */
static void
end_answer(struct control_connection *connection)
{
	connection->is_busy = false;
	if (connection->closes)
		stream_close(connection->stream);
}

/* Sends the next piece of the block; true: that was the last. */
static bool
send_piece(struct control_connection *connection)
{
	size_t len = connection->block_len - connection->block_sent;

	if (len > PIECE_SIZE)
		len = PIECE_SIZE;
	if (len > 0)
		stream_write(connection->stream,
		    connection->block + connection->block_sent, len);
	connection->block_sent += len;
	if (connection->block_sent < connection->block_len)
		return false;
	free(connection->block);
	connection->block = NULL;
	connection->block_len = connection->block_sent = 0;
	return true;
}

void
control_pull(struct control_connection *connection)
{
	bool goes_on = connection->tail != NULL;

	if (goes_on && connection->block == NULL)
		goes_on = control_tail_fill(connection);
	if (connection->block == NULL && goes_on)
		return; /* it will be woken */
	if (!send_piece(connection) || goes_on)
		stream_pull(connection->stream);
	else
		end_answer(connection);
}
