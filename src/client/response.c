/* SPDX-License-Identifier: ISC */
/* The answer to one question over HTTP, as it comes. */
#include "client/response.h"

#include "net/http.h"

/* 1xx come before the answer proper (RFC 9110, 15.2). */
static void
take_head(void *arg, const struct http_head *head)
{
	struct response *response = arg;

	response->status = head->status < 200 ? 0 : head->status;
}

static void
take_body(void *arg, const char *data, size_t len)
{
	struct response *response = arg;

	if (len > 0 && !response->is_enough)
		response->is_enough = !response->body(response->arg, data, len);
}

static void
take_end(void *arg)
{
	struct response *response = arg;

	response->is_complete = response->status != 0;
}

static const struct http_handler handler = {
	.head = take_head,
	.body = take_body,
	.end = take_end,
};

int
response_open(struct response *response, response_body_fn *body, void *arg)
{
	*response = (struct response){ .body = body, .arg = arg };
	response->http = http_new(HTTP_RESPONSES, &handler, response);
	return response->http == NULL ? -1 : 0;
}

void
response_close(struct response *response)
{
	http_free(response->http);
}

static bool
is_over(const struct response *response)
{
	return response->is_complete || response->is_enough;
}

bool
response_take(struct response *response, const char *data, size_t len)
{
	while (len > 0 && !is_over(response)) {
		size_t taken = http_feed(response->http, data, len);

		if (http_fault(response->http) != 0 || taken == 0)
			return is_over(response);
		data += taken;
		len -= taken;
	}
	return true;
}

bool
response_end(struct response *response)
{
	if (!is_over(response))
		(void)http_close(response->http);
	return is_over(response);
}
