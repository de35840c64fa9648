/* SPDX-License-Identifier: ISC */
/* HTTP messages: read alike in whatever pieces, within limits, none smuggled.
 */
#include "net/http.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

/* What was told of all messages, as text. */
struct log {
	char text[4096];
	size_t len;
	size_t body;
};

static void
add(struct log *log, const char *text, size_t len)
{
	ck_assert_uint_lt(log->len + len, sizeof(log->text));
	memcpy(log->text + log->len, text, len);
	log->len += len;
	log->text[log->len] = '\0';
}

static void
take_head(void *arg, const struct http_head *head)
{
	char text[sizeof(((struct log *)0)->text)];
	int len;

	if (head->method != NULL)
		len = snprintf(
		    text, sizeof(text), "%s %.99s", head->method, head->target);
	else
		len = snprintf(text, sizeof(text), "%u", head->status);
	add(arg, text, (size_t)len);
	if (head->is_old)
		add(arg, " old", 4);
	if (head->keeps)
		add(arg, " keeps", 6);
	if (head->expects)
		add(arg, " expects", 8);
	add(arg, "|", 1);
}

static void
take_body(void *arg, const char *data, size_t len)
{
	struct log *log = arg;

	log->body += len;
	if (log->len + len < sizeof(log->text) / 2)
		add(log, data, len);
}

static void
take_end(void *arg)
{
	add(arg, "|end|", 5);
}

static const struct http_handler handler = {
	.head = take_head,
	.body = take_body,
	.end = take_end,
};

/* Feeds all of it and returns whether messages ended where http_feed() did. */
static void
feed(struct http *http, const char *data, size_t len)
{
	while (len > 0 && http_fault(http) == 0) {
		size_t taken = http_feed(http, data, len);

		ck_assert_uint_le(taken, len);
		ck_assert(
		    taken == len || http_is_complete(http) || http_fault(http));
		data += taken;
		len -= taken;
	}
}

struct example {
	const char *input;
	const char *told;
	unsigned fault;
	int closed; /* what http_close() says */
};

#define HOST "Host: x\r\n"

static const struct example requests[] = {
	{ "GET /status HTTP/1.1\r\n" HOST "\r\n", "GET /status keeps||end|", 0,
	    0 },
	{ "GET / HTTP/1.1\nHost: x\n\n", "GET / keeps||end|", 0, 0 },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "GET / keeps||end|", 0, 0 },
	{ "HEAD /a?b HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
	    "HEAD /a?b||end|", 0, 0 },
	{ "GET / HTTP/1.0\r\n\r\n", "GET / old||end|", 0, 0 },
	{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	    "GET / old keeps||end|", 0, 0 },
	{ "POST /x HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\nhello",
	    "POST /x keeps|hello|end|", 0, 0 },
	{ "POST /x HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n"
	  "Content-Length: 2\r\n\r\nhi",
	    "POST /x keeps expects|hi|end|", 0, 0 },
	{ "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	  "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\nHost: y\r\n\r\n",
	    "POST /x keeps|abcde|end|", 0, 0 },
	/* Several at once. */
	{ "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n"
	  "POST /3 HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"
	  "GET /4 HTTP/1.1\r\n" HOST "\r\n",
	    "GET /1 keeps||end|GET /2 keeps||end|POST /3 keeps|x|end|"
	    "GET /4 keeps||end|",
	    0, 0 },
	/* Cut. */
	{ "", "", 0, 0 },
	{ "GET /", "", 0, -1 },
	{ "POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell",
	    "POST /x keeps|hell", 0, -1 },
	/* Not HTTP, or not one that we speak. */
	{ "\x16\x03\x01\x02", "", 400, -1 },
	{ "hello there\r\n\r\n", "", 400, -1 },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", "", 505, -1 },
	{ "GET / HTTP/1.1\r\n\r\n", "", 400, -1 },
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "", 400, -1 },
	{ "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", "", 400, -1 },
	{ "GET /\x80 HTTP/1.1\r\n" HOST "\r\n", "", 400, -1 },
	{ "GET / HTTP/1.1\r\n" HOST "Bad Name: x\r\n\r\n", "", 400, -1 },
	{ "GET / HTTP/1.1\r\n" HOST "Bad\x80: x\r\n\r\n", "", 400, -1 },
	/* Lengths that two may read in two ways. */
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nhello", "", 400,
	    -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "", 400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	  "Content-Length: 5\r\n\r\n0\r\n\r\n",
	    "", 400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
	  "Content-Length: 6\r\n\r\nhello!",
	    "", 400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", "", 400,
	    -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", "", 400,
	    -1 },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 99999999999999999999999\r\n\r\n",
	    "", 400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", "",
	    400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: chunked, identity\r\n\r\n",
	    "", 400, -1 },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "",
	    400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	  "-1\r\n",
	    "POST / keeps|", 400, -1 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", "", 413,
	    -1 },
};

static const struct example responses[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "200 keeps|{}|end|",
	    0, 0 },
	{ "HTTP/1.1 409 Conflict\r\nContent-Length: 1\r\n"
	  "Connection: close\r\n\r\nx",
	    "409|x|end|", 0, 0 },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "4\r\nab\nc\r\n1\r\n\n\r\n0\r\n\r\n",
	    "200 keeps|ab\nc\n|end|", 0, 0 },
	/* A cut one is not taken for a whole one. */
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab\nc\r\n",
	    "200 keeps|ab\nc", 0, -1 },
	/* Without a length the end of input is its end. */
	{ "HTTP/1.1 200 OK\r\n\r\nall of it", "200|all of it|end|", 0, 0 },
	{ "SSH-2.0-OpenSSH\r\n", "", 400, -1 },
};

/* Runs it in pieces of `size` bytes, the first of `first`. */
static void
run(enum http_kind kind, const struct example *example, size_t first,
    size_t size)
{
	struct log log = { .len = 0 };
	struct http *http = http_new(kind, &handler, &log);
	const char *at = example->input;
	size_t left = strlen(at);

	for (size_t piece = first; left > 0; piece = size) {
		piece = piece < left ? piece : left;
		feed(http, at, piece);
		at += piece;
		left -= piece;
	}
	ck_assert_int_eq(http_close(http), example->closed);
	ck_assert_msg(strcmp(log.text, example->told) == 0,
	    "'%s' told '%s', not '%s'", example->input, log.text,
	    example->told);
	ck_assert_msg(http_fault(http) ==
		(example->fault != 0      ? example->fault
			: example->closed ? 400u
					  : 0u),
	    "'%s': fault %u", example->input, http_fault(http));
	http_free(http);
}

static void
run_all(enum http_kind kind, const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(examples[i].input);

		run(kind, &examples[i], len, 1);
		run(kind, &examples[i], 1, 1);
		for (size_t first = 1; first < len; first++)
			run(kind, &examples[i], first, len);
	}
}

START_TEST(test_requests)
{
	run_all(HTTP_REQUESTS, requests, COUNT(requests));
}
END_TEST

START_TEST(test_responses)
{
	run_all(HTTP_RESPONSES, responses, COUNT(responses));
}
END_TEST

/* --- Limits: exactly to the byte, however it is cut */

/* A request with `len` bytes in its head. */
static char *
long_head(size_t len, const char *start)
{
	static char text[2 * HTTP_HEAD_MAX];
	size_t used = strlen(start);

	memcpy(text, start, used);
	memset(text + used, 'x', len - used - 4);
	strcpy(text + len - 4, "\r\n\r\n");
	return text;
}

static unsigned
fault_of(const char *text, size_t len, size_t piece)
{
	struct log log = { .len = 0 };
	struct http *http = http_new(HTTP_REQUESTS, &handler, &log);
	unsigned fault;

	for (size_t i = 0; i < len; i += piece)
		feed(http, text + i, i + piece < len ? piece : len - i);
	fault = http_fault(http);
	ck_assert(fault != 0 || strstr(log.text, "|end|") != NULL);
	http_free(http);
	return fault;
}

START_TEST(test_head_limit)
{
	const char *start = "GET / HTTP/1.1\r\n" HOST "Long: ";

	for (size_t piece = 1; piece < 3 * HTTP_HEAD_MAX; piece = piece * 2 + 1)
		for (size_t len = HTTP_HEAD_MAX - 2; len < HTTP_HEAD_MAX + 3;
		     len++)
			ck_assert_uint_eq(
			    fault_of(long_head(len, start), len, piece),
			    len > HTTP_HEAD_MAX ? 431 : 0);
}
END_TEST

START_TEST(test_target_limit)
{
	char text[HTTP_TARGET_MAX + 64];

	for (size_t len = HTTP_TARGET_MAX - 1; len <= HTTP_TARGET_MAX + 1;
	     len++) {
		int used = snprintf(text, sizeof(text),
		    "GET /%0*d HTTP/1.1\r\n" HOST "\r\n", (int)len - 1, 0);

		for (size_t piece = 1; piece < sizeof(text); piece += 777)
			ck_assert_uint_eq(fault_of(text, (size_t)used, piece),
			    len > HTTP_TARGET_MAX ? 414 : 0);
	}
}
END_TEST

/* Blank lines before a request, or names of headers, without end. */
START_TEST(test_head_without_end)
{
	static char text[HTTP_HEAD_MAX + 1];

	memset(text, '\n', sizeof(text));
	ck_assert_uint_eq(fault_of(text, sizeof(text), 4000), 431);
	memcpy(text, "GET / HTTP/1.1\r\n", 16);
	memset(text + 16, 'x', sizeof(text) - 16);
	ck_assert_uint_eq(fault_of(text, sizeof(text), 4000), 431);
}
END_TEST

static unsigned
fault_of_chunks(const char *chunk, size_t count, bool ends)
{
	const char *head =
	    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
	struct log log = { .len = 0 };
	struct http *http = http_new(HTTP_REQUESTS, &handler, &log);
	unsigned fault;

	feed(http, head, strlen(head));
	for (size_t i = 0; i < count && http_fault(http) == 0; i++)
		feed(http, chunk, strlen(chunk));
	if (ends)
		feed(http, "0\r\n\r\n", 5);
	fault = http_fault(http);
	ck_assert_uint_le(log.body, HTTP_BODY_MAX);
	http_free(http);
	return fault;
}

START_TEST(test_body_limit)
{
	char chunk[256 + 16];

	snprintf(chunk, sizeof(chunk), "100\r\n%0256d\r\n", 0);
	ck_assert_uint_eq(fault_of_chunks(chunk, HTTP_BODY_MAX / 256, true), 0);
	ck_assert_uint_eq(
	    fault_of_chunks(chunk, HTTP_BODY_MAX / 256 + 1, true), 413);
	/* Extensions and trailers take no part in the body. */
	ck_assert_uint_eq(fault_of_chunks("1;x=", 1, false), 0);
	ck_assert_uint_eq(
	    fault_of_chunks("1;xxxxxxxx\r\ny\r\n", 100000, false), 413);
	ck_assert_uint_eq(fault_of_chunks("0\r\n", 1, false), 0);
}
END_TEST

/* The rest of what is fed stays with who feeds. */
START_TEST(test_stops_between)
{
	const char *text = "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2";
	struct log log = { .len = 0 };
	struct http *http = http_new(HTTP_REQUESTS, &handler, &log);

	ck_assert_uint_eq(http_feed(http, text, strlen(text)),
	    strlen(text) - strlen("GET /2"));
	ck_assert(http_is_complete(http));
	ck_assert_uint_eq(http_feed(http, "GET /2", 6), 6);
	ck_assert(!http_is_complete(http));
	http_free(http);
	http_free(NULL);
}
END_TEST

CHECK_MAIN("http", test_requests, test_responses, test_head_limit,
    test_target_limit, test_head_without_end, test_body_limit,
    test_stops_between)
