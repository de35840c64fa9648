/* SPDX-License-Identifier: ISC */
/*
 * netconsole, the Linux kernel's log over UDP (its documentation:
 * networking/netconsole.rst). Basic format: the datagram is text. Extended:
 *
 *   [RELEASE,]LEVEL,SEQUENCE,USEC,FLAG[,KEY=VALUE]...;TEXT
 *    KEY=VALUE
 *
 * RELEASE is there where a "." comes before the first comma. What does not
 * keep to this is text as a whole. \xhh in TEXT, by which the kernel writes
 * what is not printable, becomes that byte again.
 *
 * A long message comes in fragments, ncfrag=OFFSET/TOTAL. They are put together
 * in any order, by sender, SEQUENCE and USEC. A byte that has come stays: the
 * first of two fragments that overlap wins, a doubled one is dropped, even
 * after the message is complete. A fragment that does not fit in its own TOTAL,
 * or of a TOTAL beyond NETCONSOLE_MESSAGE_SIZE, is text as a whole. Another
 * TOTAL for the same message gives up what waits of it.
 *
 * Given up are also, as far as they came, messages that wait for longer than
 * NETCONSOLE_WAIT_MS; a sender's oldest where it has more than its share; and
 * where there is no room, the oldest of the sender that has the most.
 *
 * Of losses, gaps in SEQUENCE say nothing: the kernel does not send all that it
 * numbers. Gaps in the line " msgid=" that a target may be told to append do.
 * It counts modulo 2^32, a target at a time: two targets of one machine that
 * send here look like one that loses. Numbers that begin anew, or that go on
 * after the uptime has gone back, are those of another boot: no loss.
 */
#ifndef SERVICES_CREOSOTE_NETCONSOLE_H
#define SERVICES_CREOSOTE_NETCONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "services/creosote_fields.h"

#define NETCONSOLE_MESSAGE_SIZE ((size_t)64 << 10)
#define NETCONSOLE_WAIT_MS      5000

/* What may wait, of all senders and of one; bytes are those announced. */
#define NETCONSOLE_MESSAGES        64
#define NETCONSOLE_MESSAGES_SENDER 16
#define NETCONSOLE_BYTES           ((size_t)1 << 20)
#define NETCONSOLE_BYTES_SENDER    ((size_t)256 << 10)

/*
 * Senders whose msgid is watched. A new one takes the place of one that was
 * silent for NETCONSOLE_SILENT_MS; where there is none, it is not watched.
 */
#define NETCONSOLE_SENDERS   1024
#define NETCONSOLE_SILENT_MS 600000

#define NETCONSOLE_MARKS 32

/* Room for a source with its NUL; a longer one is cut. */
#define NETCONSOLE_SOURCE_SIZE 128

struct netconsole;

/* What is to be said of a message beside its fields. */
struct netconsole_note {
	/* Its sender, as it was given. */
	const char *source;
	/* Messages of this sender that are missing before this one. */
	uint32_t lost;
	/* It is one of those that were told as lost: it came late. */
	bool late;
	/*
	 * Bytes of its total that are missing; total is 0 where it was not in
	 * fragments. "[N bytes missing]" stands in their place, at the first
	 * NETCONSOLE_MARKS places.
	 */
	size_t missing, total;
};

/* Takes a message; must not call the netconsole that it comes from. */
typedef void netconsole_emit_fn(void *arg, const struct creosote_fields *fields,
    const struct netconsole_note *note);

/* NULL: out of memory. Messages that wait are freed with it, unemitted. */
struct netconsole *netconsole_new(void);
void netconsole_free(struct netconsole *netconsole);

/*
 * Takes a datagram of a sender (source: its address without port, as text) and
 * emits what it completes or gives up. now_ns is of any clock, the same at each
 * call. Out of memory, a fragment is emitted alone, as if given up.
 */
void netconsole_take(struct netconsole *netconsole, const char *source,
    const char *data, size_t len, int64_t now_ns, netconsole_emit_fn *emit,
    void *arg);

/*
 * Emits what has waited too long. Returns the ms until it wants to be called
 * again, -1: nothing waits.
 */
int64_t netconsole_expire(struct netconsole *netconsole, int64_t now_ns,
    netconsole_emit_fn *emit, void *arg);

/* Emits all that waits, for the end. */
void netconsole_flush(
    struct netconsole *netconsole, netconsole_emit_fn *emit, void *arg);

#endif
