/* SPDX-License-Identifier: ISC */
/* The two ways in which netlab spew sends. */
#ifndef CLIENT_SPEW_H
#define CLIENT_SPEW_H

#include <stdint.h>

#include "client/input.h"
#include "client/target.h"

/* How long the network alone is waited for, in ms: a refusal, a full queue. */
#define SPEW_MOMENT_MS 100

struct spew {
	const struct arguments *arguments;
	struct target target; /* of one transport */
	int fd;               /* -1: none, all is lost */
	bool is_tee;          /* standard output is still written */
	bool has_failed;      /* for another reason than what was lost */
	uint64_t sent, lost;  /* datagrams or lines, as far as it is known */
	int error;            /* why there is none, or why it was left */

	/* Of datagrams. */
	size_t next;     /* the address to try next */
	bool is_settled; /* no refusal can be on its way any more */

	/* Of a connection. */
	int waited_ms; /* the last attempt to connect, at most; 0: none yet */
	int64_t retry_ms; /* no further one before */
	bool is_mid_line; /* a line is sent in part */
	bool is_skipping; /* the rest of a line that was cut off is none */
};

/* Logs why something was lost; report() tells how much in the end. */
void spew_complain(const struct spew *spew, int error, int timeout_ms);

/*
 * Sends what is complete of the input, a datagram a line, and at the end waits
 * a moment for a refusal. A full queue is waited for, that of UDP for a moment.
 */
void spew_datagrams(struct spew *spew, struct input *input);
void spew_datagrams_end(struct spew *spew);

/*
 * Sends what is complete of the input as it is, over a connection that is
 * opened anew where it was lost, and waits as long as the other side takes
 * nothing. At the end waits until it has taken all, or the time-out is over.
 */
void spew_lines(struct spew *spew, struct input *input);
void spew_lines_end(struct spew *spew);

#endif
