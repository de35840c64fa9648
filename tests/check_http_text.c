/* SPDX-License-Identifier: ISC */
/* Heads of responses, chunks, paths, queries and what is encoded in them. */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "net/http.h"

static const struct {
	struct http_response response;
	const char *has, *lacks;
} heads[] = {
	{ { .status = 200, .type = "application/json", .length = 17 },
	    "\r\nContent-Length: 17\r\n", "Connection" },
	{ { .status = 200, .type = "a/b", .length = 0, .closes = true },
	    "\r\nConnection: close\r\n", "Allow" },
	{ { .status = 200, .type = "a/b", .length = HTTP_CHUNKED },
	    "\r\nTransfer-Encoding: chunked\r\n", "Content-Length" },
	{ { .status = 200, .type = "a/b", .length = HTTP_UNTIL_ENDS },
	    "HTTP/1.1 200 OK\r\n", "Transfer-Encoding" },
	{ { .status = 405, .type = "a/b", .allow = "GET, HEAD" },
	    "\r\nAllow: GET, HEAD\r\n", "Transfer-Encoding" },
};

START_TEST(test_heads)
{
	for (size_t i = 0; i < COUNT(heads); i++) {
		char text[HTTP_TEXT_SIZE];
		size_t len = http_format_head(text, &heads[i].response);

		ck_assert_uint_eq(len, strlen(text));
		ck_assert_ptr_nonnull(strstr(text, heads[i].has));
		ck_assert_ptr_null(strstr(text, heads[i].lacks));
		ck_assert_ptr_eq(strstr(text, "\r\n\r\n"), text + len - 4);
	}
}
END_TEST

static void
take_head(void *arg, const struct http_head *head)
{
	*(unsigned *)arg = head->status;
}

/* What is written is what the other half reads. */
START_TEST(test_head_is_read)
{
	static const struct http_handler handler = { .head = take_head };
	struct http_response response = { .status = 409,
		.type = "application/json",
		.length = HTTP_CHUNKED };
	unsigned status = 0;
	struct http *http = http_new(HTTP_RESPONSES, &handler, &status);
	char text[HTTP_TEXT_SIZE];

	http_feed(http, text, http_format_head(text, &response));
	http_feed(http, text, http_format_chunk(text, 11));
	http_feed(http, "hello world" HTTP_CHUNK_END, 13);
	ck_assert(!http_is_complete(http));
	http_feed(http, HTTP_LAST_CHUNK, strlen(HTTP_LAST_CHUNK));
	ck_assert(http_is_complete(http));
	ck_assert_uint_eq(status, 409);
	ck_assert_uint_eq(http_fault(http), 0);
	http_free(http);
}
END_TEST

START_TEST(test_chunk)
{
	char text[HTTP_TEXT_SIZE];

	ck_assert_uint_eq(http_format_chunk(text, 0xabc), 5);
	ck_assert_str_eq(text, "abc\r\n");
}
END_TEST

START_TEST(test_status_text)
{
	ck_assert_str_eq(http_status_text(404), "Not Found");
	ck_assert_str_eq(http_status_text(999), "");
}
END_TEST

static const struct {
	const char *target, *path; /* NULL: refused */
} paths[] = {
	{ "/status", "/status" },
	{ "/", "/" },
	{ "/a?b=c", "/a" },
	{ "/a#b", "/a" },
	{ "/services/a%2Db%20c+d", "/services/a-b c+d" },
	{ "/a%2Fb", NULL },
	{ "/a%00b", NULL },
	{ "/a%", NULL },
	{ "/a%4", NULL },
	{ "/a%4?x", NULL },
	{ "/a%zz", NULL },
	{ "status", NULL },
	{ "*", NULL },
	{ "http://x/status", NULL },
	{ "", NULL },
};

START_TEST(test_paths)
{
	for (size_t i = 0; i < COUNT(paths); i++) {
		char path[HTTP_VALUE_SIZE];
		int result = http_path(paths[i].target, path);

		ck_assert_msg(result == (paths[i].path == NULL ? -1 : 0),
		    "'%s': %d", paths[i].target, result);
		if (result == 0)
			ck_assert_str_eq(path, paths[i].path);
	}
}
END_TEST

static const struct {
	const char *target, *told;
} queries[] = {
	{ "/a", "" },
	{ "/a?", "" },
	{ "/a?n=10&follow", "n=10;follow=;" },
	{ "/a?n=10&follow=1#x", "n=10;follow=1;" },
	{ "/a?&&n=1&&", "n=1;" },
	{ "/a?match=a%26b%3Dc+d%2B&e==", "match=a&b=c d+;e==;" },
	{ "/a?=x", "=x;" },
	{ "/a?n=%0", "bad" },
	{ "/a?n=%00", "bad" },
	{ "/a?n=1&%zz=1", "n=1;bad" },
};

static void
tell_query(const char *target, char *told)
{
	const char *query = http_query(target);
	char name[HTTP_VALUE_SIZE], value[HTTP_VALUE_SIZE];
	int result;

	while ((result = http_query_next(&query, name, value)) == 1)
		told += sprintf(told, "%s=%s;", name, value);
	strcpy(told, result == -1 ? "bad" : "");
}

START_TEST(test_queries)
{
	for (size_t i = 0; i < COUNT(queries); i++) {
		char told[256];

		tell_query(queries[i].target, told);
		ck_assert_str_eq(told, queries[i].told);
	}
}
END_TEST

START_TEST(test_long_values)
{
	for (int len = HTTP_VALUE_SIZE - 2; len < HTTP_VALUE_SIZE + 2; len++) {
		char target[HTTP_VALUE_SIZE + 16], path[HTTP_VALUE_SIZE];
		char value[HTTP_VALUE_SIZE];
		const char *query = target + 3;
		bool fits = len < HTTP_VALUE_SIZE;

		sprintf(target, "/?n=%0*d", len, 0);
		ck_assert_int_eq(
		    http_query_next(&query, path, value), fits ? 1 : -1);
		query = target + 4;
		ck_assert_int_eq(
		    http_query_next(&query, path, value), fits ? 1 : -1);
		sprintf(target, "/%0*d", len - 1, 0);
		ck_assert_int_eq(http_path(target, path), fits ? 0 : -1);
	}
}
END_TEST

START_TEST(test_encode)
{
	char out[32], path[HTTP_VALUE_SIZE], value[HTTP_VALUE_SIZE];
	const char *query = out;

	ck_assert_uint_eq(http_encode(out, sizeof(out), "a b+c/\xff&="), 21);
	ck_assert_str_eq(out, "a%20b%2Bc%2F%FF%26%3D");
	ck_assert_int_eq(http_query_next(&query, path, value), 1);
	ck_assert_str_eq(path, "a b+c/\xff&=");
	ck_assert_uint_eq(http_encode(out, 4, "ab cd"), 7);
	ck_assert_str_eq(out, "ab");
	ck_assert_uint_eq(http_encode(out, 1, "ab"), 2);
	ck_assert_str_eq(out, "");
	ck_assert_uint_eq(http_encode(NULL, 0, "ab"), 2);
}
END_TEST

CHECK_MAIN("http_text", test_heads, test_head_is_read, test_chunk,
    test_status_text, test_paths, test_queries, test_long_values, test_encode)
