/* SPDX-License-Identifier: ISC */
/*
 * The control socket of netlabd: HTTP and JSON, a connection a question. It
 * never waits longer than the time-out, but for what is streamed, and trusts
 * nothing that comes.
 */
#ifndef CLIENT_CONTROL_H
#define CLIENT_CONTROL_H

#include <jansson.h>

#include "client/response.h"
#include "client/target.h"

/* The longest answer that is taken, and the longest line of a stream. */
#define CONTROL_ANSWER_MAX (4U << 20)

/* Room for a message of two lengths: what failed, and what to do about it. */
#define CONTROL_WHY_SIZE 512

struct control {
	struct target target;
	int timeout_ms;
	int stop_fd;   /* when it gets readable, waiting ends; -1: none */
	int reader_fd; /* and when its reader goes, as of a pipe; -1: none */
};

struct control_answer {
	unsigned status; /* of HTTP: 200 and so on */
	char *text;      /* the body as it came, NUL-terminated */
	size_t len;
	json_t *json; /* the same, parsed */
};

/* What a stream is handed to. */
struct control_sink {
	/* A piece of the body; false: no more is wanted. */
	response_body_fn *body;
	/* All that has come by now is handed over; false: as above. */
	bool (*pause)(void *arg);
	void *arg;
};

/*
 * Finds the socket that is asked: of -s, of $NETLAB_SOCKET, or the usual one.
 * Errors are logged, and leave nothing to close.
 */
enum status control_open(struct control *control, const struct command *command,
    const struct arguments *arguments);

void control_close(struct control *control);

/*
 * Asks, and waits for the whole answer, which must be JSON. Returns 0, whatever
 * its status, and an answer to free; or -1 with why.
 */
int
control_ask(const struct control *control, const char *method, const char *path,
    struct control_answer *answer, char why[CONTROL_WHY_SIZE]);

void control_answer_free(struct control_answer *answer);

/*
 * Asks by GET, and hands the body of an answer with status 200 over as it
 * comes, without end. Returns 0 when it has ended, or the sink had enough, or
 * it was to stop; -1 with why, which is what the server says where the status
 * is another. *status is that of HTTP, 0 where no answer came.
 */
int control_stream(const struct control *control, const char *path,
    const struct control_sink *sink, unsigned *status,
    char why[CONTROL_WHY_SIZE]);

/* What an answer of another status than 200 says is wrong, escaped. */
void control_format_refusal(
    const struct control_answer *answer, char why[CONTROL_WHY_SIZE]);

/* As control_ask() for a status of 200; all else is logged. */
enum status control_ask_or_complain(const struct control *control,
    const char *method, const char *path, struct control_answer *answer);

/* Logs "SOCKET: why"; returns STATUS_FAILED. */
enum status control_complain(const struct control *control, const char *why);

#endif
