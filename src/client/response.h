/* SPDX-License-Identifier: ISC */
/*
 * The answer to one question over HTTP, as it comes: those of status 1xx before
 * it are passed over, and what comes after it is not looked at.
 */
#ifndef CLIENT_RESPONSE_H
#define CLIENT_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

/* Takes a piece of the body; false: no more is wanted. */
typedef bool response_body_fn(void *arg, const char *data, size_t len);

struct response {
	unsigned status;  /* 0: its head has not come yet */
	bool is_complete; /* all of it has come */
	bool is_enough;   /* the body was not wanted any more */
	response_body_fn *body;
	void *arg;
	struct http *http;
};

/* Begins with nothing; the body will go to `body`. -1: out of memory. */
int response_open(struct response *response, response_body_fn *body, void *arg);

void response_close(struct response *response);

/* Takes what came; false: it is no answer of HTTP. */
bool response_take(struct response *response, const char *data, size_t len);

/* Nothing more comes, which ends some bodies; false: it is cut off. */
bool response_end(struct response *response);

#endif
