/* SPDX-License-Identifier: ISC */
/*
 * HTTP/1.1 (RFC 9112) as bytes in and bytes out, for a server and for a client:
 * it parses requests or responses in whatever pieces they come, within limits,
 * and writes heads and chunks. A library reads the grammar; http.c alone knows
 * which. It knows no sockets.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* --- Parsing */

/* Of a request line with its headers, of its target, of a body, in bytes. */
#define HTTP_HEAD_MAX   (8UL << 10)
#define HTTP_TARGET_MAX (4UL << 10)
#define HTTP_BODY_MAX   (64UL << 10)

enum http_kind {
	HTTP_REQUESTS,
	HTTP_RESPONSES
};

/* What stands before the body. */
struct http_head {
	const char *method; /* of a request: "GET" */
	const char *target; /* of a request: its path and query as written */
	unsigned status;    /* of a response: 200 */
	bool is_old;        /* HTTP/1.0: it knows no chunks */
	bool keeps;         /* the connection serves for another message */
	bool expects;       /* a request's body waits for "100 Continue" */
};

/*
 * What is told of each message, in this order; NULL: it is not wanted. None may
 * free the parser.
 */
struct http_handler {
	void (*head)(void *arg, const struct http_head *head);
	/* A piece of the body, without the marks of chunks. */
	void (*body)(void *arg, const char *data, size_t len);
	void (*end)(void *arg);
};

struct http;

/*
 * A parser of one connection; handler and arg are kept, not copied. NULL: out
 * of memory. For a client: struct http_handler gets what the server sends, and
 * http_close() at the end of input tells whether all of it came.
 */
struct http *
http_new(enum http_kind kind, const struct http_handler *handler, void *arg);
void http_free(struct http *http);

/*
 * Takes bytes up to the end of a message, which http_is_complete() then tells
 * until the next call, and returns how many: the rest belongs to the next
 * message. Takes nothing more once http_fault() is not 0.
 */
size_t http_feed(struct http *http, const char *data, size_t len);
bool http_is_complete(const struct http *http);

/*
 * At the end of input: a response without a length ends with it. 0, or -1: a
 * message was cut.
 */
int http_close(struct http *http);

/* What is wrong, as the status to answer with: 400, 413, 431; 0: nothing. */
unsigned http_fault(const struct http *http);

/* --- Writing */

/* Room for any of the texts below, with their NUL. */
#define HTTP_TEXT_SIZE 512

/* A response without a length: in chunks, or until the connection ends. */
#define HTTP_CHUNKED    (-1)
#define HTTP_UNTIL_ENDS (-2)

struct http_response {
	unsigned status;
	const char *type;  /* of the body: "application/json" */
	const char *allow; /* methods that are allowed, with 405; or NULL */
	ssize_t length;    /* bytes of the body, or one of the two above */
	bool closes;       /* the connection ends after it */
};

/* Writes the head with its empty line and returns its length. */
size_t http_format_head(
    char text[HTTP_TEXT_SIZE], const struct http_response *response);

/* Writes what stands before a chunk; after it comes HTTP_CHUNK_END. */
size_t http_format_chunk(char text[HTTP_TEXT_SIZE], size_t len);

#define HTTP_CHUNK_END  "\r\n"
#define HTTP_LAST_CHUNK "0\r\n\r\n"
#define HTTP_CONTINUE   "HTTP/1.1 100 Continue\r\n\r\n"

/* "Not Found"; "" of a status that is not used here. */
const char *http_status_text(unsigned status);

/* --- Targets */

/* Room for a name, a value or a path, decoded, with its NUL. */
#define HTTP_VALUE_SIZE 1024

/*
 * Writes the path, decoded: 0, or -1 when it is longer, or not well encoded.
 * Paths whose parts would change by decoding (%2F, %00) are not either.
 */
int http_path(const char *target, char path[HTTP_VALUE_SIZE]);

/* Where the query begins; "" when there is none. */
const char *http_query(const char *target);

/*
 * Takes the next NAME=VALUE of the query, decoded (+ is a blank, VALUE may be
 * missing), and moves *query behind it. 1, 0 at its end, or -1: too long, or
 * not well encoded.
 */
int http_query_next(const char **query, char name[HTTP_VALUE_SIZE],
    char value[HTTP_VALUE_SIZE]);

/*
 * Encodes a text for a query and returns its length; size - 1 bytes at most are
 * written, with a NUL. A length of size or more says that it did not fit.
 */
size_t http_encode(char *out, size_t size, const char *text);

#endif
