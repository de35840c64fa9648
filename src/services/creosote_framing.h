/* SPDX-License-Identifier: ISC */
/*
 * Cuts what a connection delivers into messages: lines, or syslog's frames of
 * both kinds (RFC 6587).
 *
 * A line ends with \n, before which one \r is dropped; a line of syslog may
 * end with NUL instead. A frame of syslog that begins with a count, "42 <",
 * has that many bytes from the "<" on; the count is of 1 to 9 digits without
 * leading zeros. Anything else is a line, even where it begins with digits.
 *
 * Empty lines are messages, but not those of syslog.
 */
#ifndef SERVICES_CREOSOTE_FRAMING_H
#define SERVICES_CREOSOTE_FRAMING_H

#include <stddef.h>
#include <stdint.h>

enum framing_kind {
	FRAMING_LINES,
	FRAMING_SYSLOG /* lines or counted, decided frame by frame */
};

struct framing_rules {
	enum framing_kind kind;
	size_t max; /* bytes of a message, at least 1; the rest is skipped */
};

/* The longest beginning that may be that of a count: 9 digits and a blank. */
#define FRAMING_HEAD_SIZE 10

/*
 * One a connection; zeroed is new. Between two frames it owns no memory, within
 * one at most rules.max bytes.
 */
struct framing {
	int state;
	char last;                    /* byte of the line so far */
	char head[FRAMING_HEAD_SIZE]; /* that may yet be a count */
	size_t head_len;
	char *kept; /* the frame so far, up to rules.max */
	size_t kept_len, kept_size;
	uint64_t total; /* bytes of the line so far */
	uint64_t left;  /* of the counted frame */
};

/*
 * Takes a message without its end or count. It is cut where true_len, that of
 * the whole, is more than len. data is good until this returns, and may point
 * into what framing_feed() was given. Must not touch the framing.
 */
typedef void
framing_emit_fn(void *arg, const char *data, size_t len, uint64_t true_len);

/*
 * Takes bytes as they come and emits what they complete; a message that is
 * whole in them is not copied. A counted frame that is longer than rules.max is
 * emitted as soon as so much of it has come, a line when it ends. The rules
 * stay the same for a connection. Out of memory, a message is cut where that
 * began.
 */
void framing_feed(struct framing *framing, const struct framing_rules *rules,
    const char *data, size_t len, framing_emit_fn *emit, void *arg);

/*
 * The end of input: emits a last message that was not ended; true_len of a
 * counted one is its count. Then the framing is as new. Needs no memory.
 */
void framing_end(struct framing *framing, const struct framing_rules *rules,
    framing_emit_fn *emit, void *arg);

/* Frees what it keeps, unemitted; it is as new. */
void framing_free(struct framing *framing);

#endif
