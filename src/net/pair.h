/* SPDX-License-Identifier: ISC */
/*
 * The pair rule: an answer may go to something that answers too, though no rule
 * of the guard knows it. Whoever is one cannot be told from a client by what is
 * sent once; so it is told by where its port is, or by what comes again and
 * again. A table of fixed size (1 MiB) remembers who was answered.
 */
#ifndef NET_PAIR_H
#define NET_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/guard.h"

/*
 * Below it sit servers; most systems give clients a port from here on (Linux
 * from 32768, Windows and macOS from 49152).
 */
#define PAIR_CLIENT_PORT 32768

/*
 * What comes so many ms after an answer may have been caused by it: no way
 * around the earth takes longer.
 */
#define PAIR_ECHO_MS 500

/*
 * So many datagrams that repeat themselves, and for so long none is answered.
 * Tools are asked for 10,000 of the same, a round number.
 */
#define PAIR_REPEATS 16384
#define PAIR_MUTE_MS 60000

enum pair_rule {
	PAIR_OFF,
	PAIR_ON,    /* by port, see pair_may_answer() */
	PAIR_STRICT /* all ports are like those below PAIR_CLIENT_PORT */
};

struct pair_question {
	const struct sockaddr *peer; /* of IP */
	unsigned local_port;
	/*
	 * Its length, and 64 bytes of both its ends, are looked at. NULL:
	 * whatever it says, it counts as a repetition; for services whose
	 * answer does not depend on it.
	 */
	const char *data;
	size_t len;
	/*
	 * Of clock_monotonic_ms(), when it was read. When it was received is
	 * the kernel's to tell, for 1.5 % of what an answer costs; all that it
	 * would spare is a turn of a loop for each time that we stand still for
	 * longer than PAIR_ECHO_MS.
	 */
	int64_t now_ms;
};

/*
 * GUARD_PASS: it may be answered, which is noted. From a port below
 * PAIR_CLIENT_PORT that is once in PAIR_ECHO_MS (GUARD_PAIR). From the others
 * it is until PAIR_REPEATS datagrams, each within PAIR_ECHO_MS of the one
 * before, have repeated each other, with a period of up to 128; then the pair
 * is muted for PAIR_MUTE_MS (GUARD_MUTED).
 */
enum guard_reason
pair_check(enum pair_rule rule, const struct pair_question *question);

#endif
