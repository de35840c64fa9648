/* SPDX-License-Identifier: ISC */
/* Questions by datagram, with one answer each. */
#ifndef CLIENT_ASK_H
#define CLIENT_ASK_H

#include <stdbool.h>
#include <sys/types.h>

#include "client/target.h"

/* Room for any datagram. */
#define ASK_ANSWER_SIZE 65536

struct ask {
	const struct target *target;
	int timeout_ms;
	int fd;         /* -1: not connected */
	size_t next;    /* the address to try next */
	bool delivered; /* the last question left; over a path it has come */
	bool answered;  /* the address now in use is the right one */
	enum transport transport;
};

/* Prepares to ask the target's datagram addresses; nothing is sent yet. */
void ask_open(struct ask *ask, const struct target *target, int timeout_ms);

void ask_close(struct ask *ask);

/*
 * Sends a datagram, which may be empty, and waits for one answer. Until the
 * first answer, an address that refuses gives way to the next. Returns the
 * answer's length, or -1 with errno: ETIMEDOUT when none came in time.
 */
ssize_t ask_datagram(struct ask *ask, const char *question, size_t len,
    char *answer, size_t size);

#endif
