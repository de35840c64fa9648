/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes HTTP messages and queries. The first two bytes say whether requests or
 * responses follow and how they are cut into pieces: what is told of them must
 * be the same as in one piece, and within the limits.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "fuzz.h"

/* What was told, as a hash of its words, and checked on the way. */
struct told {
	uint64_t hash;
	size_t body;
	unsigned heads, ends;
	enum http_kind kind;
};

static void
add(struct told *told, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		told->hash = (told->hash ^ bytes[i]) * 1099511628211u;
}

static void
take_target(const char *target)
{
	char name[HTTP_VALUE_SIZE], value[HTTP_VALUE_SIZE];
	const char *query = http_query(target);

	REQUIRE(strlen(target) <= HTTP_TARGET_MAX);
	(void)http_path(target, name);
	while (http_query_next(&query, name, value) == 1)
		REQUIRE(strlen(name) < sizeof(name));
}

static void
take_head(void *arg, const struct http_head *head)
{
	struct told *told = arg;

	REQUIRE(told->heads == told->ends);
	told->heads++;
	told->body = 0;
	add(told, &head->status, sizeof(head->status));
	add(told, &head->keeps, sizeof(head->keeps));
	add(told, &head->expects, sizeof(head->expects));
	if (told->kind == HTTP_RESPONSES)
		return;
	add(told, head->target, strlen(head->target));
	add(told, head->method, strlen(head->method));
	take_target(head->target);
}

static void
take_body(void *arg, const char *data, size_t len)
{
	struct told *told = arg;

	REQUIRE(told->heads == told->ends + 1);
	told->body += len;
	REQUIRE(told->kind == HTTP_RESPONSES || told->body <= HTTP_BODY_MAX);
	add(told, data, len);
}

static void
take_end(void *arg)
{
	struct told *told = arg;

	told->ends++;
	REQUIRE(told->heads == told->ends);
	add(told, "", 1);
}

static const struct http_handler handler = {
	.head = take_head,
	.body = take_body,
	.end = take_end,
};

/* Feeds a piece; false: something is wrong with it. */
static bool
feed(struct http *http, const char *data, size_t len)
{
	/* Exactly so long, for the address sanitizer. */
	char *copy = memcpy(malloc(len), data, len);
	size_t used = 0;

	while (used < len && http_fault(http) == 0) {
		size_t taken = http_feed(http, copy + used, len - used);

		REQUIRE(taken > 0 || http_fault(http) != 0);
		REQUIRE(taken <= len - used);
		used += taken;
		REQUIRE(used == len || http_is_complete(http) ||
		    http_fault(http) != 0);
	}
	free(copy);
	return http_fault(http) == 0;
}

struct result {
	struct told told;
	unsigned fault;
	int closed;
};

/* In pieces whose lengths come from the seed; 0: in one. */
static struct result
run(enum http_kind kind, const char *data, size_t size, unsigned seed)
{
	struct result result = { .told = { .hash = 1, .kind = kind } };
	struct http *http = http_new(kind, &handler, &result.told);

	REQUIRE(http != NULL);
	while (size > 0) {
		size_t len = size;

		if (seed != 0) {
			seed = seed * 1103515245 + 12345;
			len = 1 + (seed >> 16) % 40;
		}
		len = len < size ? len : size;
		if (!feed(http, data, len))
			break;
		data += len;
		size -= len;
	}
	result.closed = http_close(http);
	result.fault = http_fault(http);
	REQUIRE((result.closed == -1) == (result.fault != 0));
	http_free(http);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum http_kind kind;
	struct result whole, cut;

	if (size < 2)
		return 0;
	kind = data[0] % 2 == 0 ? HTTP_REQUESTS : HTTP_RESPONSES;
	whole = run(kind, (const char *)data + 2, size - 2, 0);
	cut = run(kind, (const char *)data + 2, size - 2, data[1] + 1u);
	REQUIRE(whole.fault == cut.fault);
	REQUIRE(whole.closed == cut.closed);
	/* Of a message that is wrong, more or less may have been told. */
	REQUIRE(whole.fault != 0 || whole.told.hash == cut.told.hash);
	REQUIRE(whole.told.heads == cut.told.heads);
	REQUIRE(whole.told.ends == cut.told.ends);
	return 0;
}
