/* SPDX-License-Identifier: ISC */
/*
 * Parsing HTTP/1.1, by http_parser. What it leaves to who uses it is done here:
 * limits that hold however the bytes are cut, and what it lets through that a
 * server must not (RFC 9112: characters, Host, versions).
 */
#include "net/http.h"

#include <http_parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A request's body with the marks of its chunks and what follows them. */
#define RAW_BODY_MAX (2 * HTTP_BODY_MAX)

/* Room for the headers that are looked at; what is longer is another one. */
#define NAME_SIZE  32
#define VALUE_SIZE 64

struct http {
	http_parser parser;
	const struct http_handler *handler;
	void *arg;
	enum http_kind kind;
	unsigned fault;
	bool complete;
	bool in_body;   /* the head is complete */
	bool in_value;  /* of a header; otherwise in its name */
	size_t raw;     /* bytes of the head, or since it */
	size_t body;    /* bytes of the body */
	unsigned hosts; /* headers of that name */
	struct http_head head;
	size_t target_len, name_len, value_len;
	char target[HTTP_TARGET_MAX + 1];
	char name[NAME_SIZE];
	char value[VALUE_SIZE];
};

/* Notes what is wrong; not 0, which stops the library. */
static int
fail(struct http *http, unsigned status)
{
	if (http->fault == 0)
		http->fault = status;
	return -1;
}

/* --- What the library calls */

static int
message_begin_cb(http_parser *parser)
{
	struct http *http = parser->data;

	http->hosts = 0;
	http->body = 0;
	http->target_len = 0;
	http->name_len = http->value_len = 0;
	http->in_value = false;
	http->head = (struct http_head){ .target = http->target };
	return 0;
}

static int
url_cb(http_parser *parser, const char *at, size_t len)
{
	struct http *http = parser->data;

	if (len > HTTP_TARGET_MAX - http->target_len)
		return fail(http, 414);
	for (size_t i = 0; i < len; i++)
		if (at[i] <= 0x20 || at[i] > 0x7e)
			return fail(http, 400);
	memcpy(http->target + http->target_len, at, len);
	http->target_len += len;
	return 0;
}

/* Appends what fits; a text that is cut so is none of those looked for. */
static void
append(char *text, size_t *used, size_t size, const char *at, size_t len)
{
	size_t room = size - 1 - *used;

	if (len > room)
		len = room;
	memcpy(text + *used, at, len);
	*used += len;
	text[*used] = '\0';
}

/* A header is whole: its name and the beginning of its value are there. */
static void
take_header(struct http *http)
{
	if (http->in_value && !http->in_body) {
		http->hosts += strcasecmp(http->name, "Host") == 0;
		if (strcasecmp(http->name, "Expect") == 0 &&
		    strcasecmp(http->value, "100-continue") == 0)
			http->head.expects = true;
	}
	http->in_value = false;
	http->name_len = http->value_len = 0;
	http->name[0] = http->value[0] = '\0';
}

/* Letters of a header's name: "token" in RFC 9110. */
static bool
is_token(const char *at, size_t len)
{
	static const char other[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < len; i++)
		if (at[i] == '\0' || strchr(other, at[i]) == NULL)
			return false;
	return true;
}

static int
header_field_cb(http_parser *parser, const char *at, size_t len)
{
	struct http *http = parser->data;

	if (http->in_value)
		take_header(http);
	if (!is_token(at, len))
		return fail(http, 400);
	append(http->name, &http->name_len, sizeof(http->name), at, len);
	return 0;
}

static int
header_value_cb(http_parser *parser, const char *at, size_t len)
{
	struct http *http = parser->data;

	http->in_value = true;
	append(http->value, &http->value_len, sizeof(http->value), at, len);
	return 0;
}

static bool
has_length(const http_parser *parser)
{
	return (parser->flags & F_CONTENTLENGTH) != 0;
}

/* What is wrong with a request's head, as a status; 0: nothing. */
static unsigned
check_request(const struct http *http)
{
	const http_parser *parser = &http->parser;
	bool chunked = (parser->flags & F_CHUNKED) != 0;

	if (parser->http_major != 1)
		return 505;
	if (http->hosts != 1 && !http->head.is_old)
		return 400;
	if (http->hosts > 1)
		return 400;
	/* Where one reads it by the one and one by the other: smuggling. */
	if (parser->uses_transfer_encoding &&
	    (has_length(parser) || !chunked || http->head.is_old))
		return 400;
	if (has_length(parser) && parser->content_length > HTTP_BODY_MAX)
		return 413;
	return 0;
}

/* Pauses after the head, so that its length is known however it was cut. */
static int
headers_complete_cb(http_parser *parser)
{
	struct http *http = parser->data;
	struct http_head *head = &http->head;
	unsigned fault;

	take_header(http);
	http->target[http->target_len] = '\0';
	head->is_old = parser->http_major == 1 && parser->http_minor == 0;
	head->keeps = http_should_keep_alive(parser) != 0;
	head->status = parser->status_code;
	if (http->kind == HTTP_REQUESTS) {
		head->method =
		    http_method_str((enum http_method)parser->method);
		fault = check_request(http);
		if (fault != 0)
			return fail(http, fault);
		head->keeps = head->keeps && !parser->upgrade;
	}
	http->in_body = true;
	http->raw = 0;
	if (http->handler->head != NULL)
		http->handler->head(http->arg, head);
	http_parser_pause(parser, 1);
	return 0;
}

static int
body_cb(http_parser *parser, const char *at, size_t len)
{
	struct http *http = parser->data;

	http->body += len;
	if (http->kind == HTTP_REQUESTS && http->body > HTTP_BODY_MAX)
		return fail(http, 413);
	if (http->handler->body != NULL)
		http->handler->body(http->arg, at, len);
	return 0;
}

/* Pauses, so that the next message waits. */
static int
message_complete_cb(http_parser *parser)
{
	struct http *http = parser->data;

	http->complete = true;
	http->in_body = false;
	http->raw = 0;
	if (http->handler->end != NULL)
		http->handler->end(http->arg);
	http_parser_pause(parser, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = message_begin_cb,
	.on_url = url_cb,
	.on_header_field = header_field_cb,
	.on_header_value = header_value_cb,
	.on_headers_complete = headers_complete_cb,
	.on_body = body_cb,
	.on_message_complete = message_complete_cb,
};

/* --- What others call */

struct http *
http_new(enum http_kind kind, const struct http_handler *handler, void *arg)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	http->kind = kind;
	http->handler = handler;
	http->arg = arg;
	http_parser_init(&http->parser,
	    kind == HTTP_REQUESTS ? HTTP_REQUEST : HTTP_RESPONSE);
	http->parser.data = http;
	return http;
}

void
http_free(struct http *http)
{
	free(http);
}

/* Lets the library run until it has taken all, pauses or fails. */
static size_t
run(struct http *http, const char *data, size_t len)
{
	size_t taken = http_parser_execute(&http->parser, &settings, data, len);

	switch (HTTP_PARSER_ERRNO(&http->parser)) {
	case HPE_PAUSED:
		http_parser_pause(&http->parser, 0);
		break;
	case HPE_OK:
		break;
	default:
		(void)fail(http, 400);
		break;
	}
	return taken < len ? taken : len;
}

/* How much may still come before the limit of where it is; 0: it is reached. */
static size_t
room(const struct http *http)
{
	size_t max = http->in_body ? RAW_BODY_MAX : HTTP_HEAD_MAX;

	if (http->in_body && http->kind == HTTP_RESPONSES)
		return SIZE_MAX;
	return http->raw < max ? max - http->raw : 0;
}

size_t
http_feed(struct http *http, const char *data, size_t len)
{
	size_t used = 0;

	http->complete = false;
	while (used < len && http->fault == 0 && !http->complete) {
		bool in_body = http->in_body;
		size_t size = room(http), taken;

		if (size == 0) {
			(void)fail(http, in_body ? 413 : 431);
			break;
		}
		if (size > len - used)
			size = len - used;
		taken = run(http, data + used, size);
		used += taken;
		/* Otherwise it began anew where something ended. */
		if (http->in_body == in_body && !http->complete)
			http->raw += taken;
	}
	return used;
}

bool
http_is_complete(const struct http *http)
{
	return http->complete;
}

int
http_close(struct http *http)
{
	http->complete = false;
	if (http->fault != 0)
		return -1;
	(void)http_parser_execute(&http->parser, &settings, NULL, 0);
	if (HTTP_PARSER_ERRNO(&http->parser) == HPE_PAUSED)
		return 0;
	return HTTP_PARSER_ERRNO(&http->parser) == HPE_OK ? 0 : fail(http, 400);
}

unsigned
http_fault(const struct http *http)
{
	return http->fault;
}
