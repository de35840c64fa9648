/* SPDX-License-Identifier: ISC */
/* The two ways in which netlab send talks. */
#ifndef CLIENT_SEND_H
#define CLIENT_SEND_H

#include "client/input.h"
#include "client/output.h"
#include "client/target.h"

struct send {
	const struct target *target;
	struct input *input;
	struct output *output;
	int timeout_ms;
};

/*
 * Talks over a connection and closes it, and over a new one for each further
 * line if the server closes after each. `fd` comes from connect_stream().
 */
enum status send_stream(const struct send *send, int fd);

#endif
