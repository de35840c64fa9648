/* SPDX-License-Identifier: ISC */
/* Heads and chunks of responses, paths and queries of requests. */
#include "net/http.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
	unsigned status;
	const char *text;
} statuses[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

const char *
http_status_text(unsigned status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "";
}

/* What says where the body ends. */
static void
format_length(char text[64], ssize_t length)
{
	if (length == HTTP_CHUNKED)
		strcpy(text, "Transfer-Encoding: chunked\r\n");
	else if (length == HTTP_UNTIL_ENDS)
		text[0] = '\0';
	else
		snprintf(text, 64, "Content-Length: %zd\r\n", length);
}

size_t
http_format_head(
    char text[HTTP_TEXT_SIZE], const struct http_response *response)
{
	time_t now = time(NULL);
	struct tm parts = { .tm_mday = 1 };
	char date[64], length[64];
	const char *allow = response->allow;

	(void)gmtime_r(&now, &parts);
	/* In C's own locale: nobody sets another. */
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	format_length(length, response->length);
	return (size_t)snprintf(text, HTTP_TEXT_SIZE,
	    "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\n"
	    "Cache-Control: no-store\r\n%s%s%s%s%s\r\n",
	    response->status, http_status_text(response->status), date,
	    response->type, length, allow != NULL ? "Allow: " : "",
	    allow != NULL ? allow : "", allow != NULL ? "\r\n" : "",
	    response->closes ? "Connection: close\r\n" : "");
}

size_t
http_format_chunk(char text[HTTP_TEXT_SIZE], size_t len)
{
	return (size_t)snprintf(text, HTTP_TEXT_SIZE, "%zx\r\n", len);
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)(at - digits);
}

/* What %hh stands for; -1: nothing that may stand in a text. */
static int
decode_hex(const char *text, const char *end)
{
	int high, low;

	if (end - text < 3)
		return -1;
	high = hex_digit(text[1]);
	low = hex_digit(text[2]);
	return high == -1 || low == -1 || high + low == 0 ? -1
							  : high * 16 + low;
}

/* Decodes text up to end; plus is what a + stands for. */
static int
decode(const char *text, const char *end, char plus, char out[HTTP_VALUE_SIZE])
{
	size_t len = 0;

	while (text < end) {
		int c = *text == '+' ? plus : *text;
		int step = 1;

		if (*text == '%') {
			c = decode_hex(text, end);
			step = 3;
		}
		if (c == -1 || len == HTTP_VALUE_SIZE - 1)
			return -1;
		out[len++] = (char)c;
		text += step;
	}
	out[len] = '\0';
	return 0;
}

static size_t
count_slashes(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len && text[i] != '\0'; i++)
		count += text[i] == '/';
	return count;
}

int
http_path(const char *target, char path[HTTP_VALUE_SIZE])
{
	size_t len = strcspn(target, "?#");

	if (target[0] != '/' || decode(target, target + len, '+', path) == -1)
		return -1;
	return count_slashes(target, len) == count_slashes(path, len) ? 0 : -1;
}

const char *
http_query(const char *target)
{
	const char *mark = strchr(target, '?');

	return mark == NULL ? "" : mark + 1;
}

int
http_query_next(
    const char **query, char name[HTTP_VALUE_SIZE], char value[HTTP_VALUE_SIZE])
{
	const char *start = *query + strspn(*query, "&"), *end, *equals;

	end = start + strcspn(start, "&#");
	*query = end;
	if (start == end)
		return 0;
	equals = memchr(start, '=', (size_t)(end - start));
	value[0] = '\0';
	if (equals != NULL && decode(equals + 1, end, ' ', value) == -1)
		return -1;
	return decode(start, equals != NULL ? equals : end, ' ', name) == -1
	    ? -1
	    : 1;
}

size_t
http_encode(char *out, size_t size, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] = "-._~0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = 0, fits = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool is_plain = strchr(plain, *text) != NULL;
		char piece[3] = { is_plain ? *text : '%', digits[c >> 4],
			digits[c & 15] };
		size_t piece_len = is_plain ? 1 : sizeof(piece);

		len += piece_len;
		if (len < size) {
			memcpy(out + fits, piece, piece_len);
			fits = len;
		}
	}
	if (size > 0)
		out[fits] = '\0';
	return len;
}
