/* SPDX-License-Identifier: ISC */
/*
 * Why somebody is not served, whoever found it out, and the loop guard: which
 * datagrams must not be answered, because the answer would go to something that
 * answers too, or to many (CVE-1999-0103, CVE-2024-2169).
 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/ports.h"

enum guard_reason {
	GUARD_PASS,
	/* Who may come in, how many and how fast (net/admission.h). */
	GUARD_DENIED,            /* a datagram of a network that may not */
	GUARD_DENIED_CONNECTION, /* the same of a connection */
	GUARD_MAX_CONNECTIONS,
	GUARD_MAX_CONNECTIONS_PER_SOURCE,
	GUARD_CONNECTION_RATE_PER_SOURCE,
	GUARD_CONNECTION_RATE,
	GUARD_DATAGRAM_RATE_PER_SOURCE,
	GUARD_DATAGRAM_RATE,
	/* What must not be answered. */
	GUARD_SYSTEM_PORT,    /* from port 0, below 1024 or 2049 (NFS) */
	GUARD_OWN_PORT,       /* from a UDP port that netlabd serves */
	GUARD_ANSWERING_PORT, /* from a port known to answer anything */
	GUARD_SOURCE,        /* from multicast, broadcast, unspecified, 240/4 */
	GUARD_DESTINATION,   /* sent to multicast or broadcast */
	GUARD_AMPLIFICATION, /* the answer would be too long */
	GUARD_PAIR,  /* perhaps caused by an answer to it (net/pair.h) */
	GUARD_MUTED, /* of a pair that goes round, or seems to */
	GUARD_REASONS
};

/* Is told who is refused, and why; `served`: all the same (log-only). */
typedef void guard_refused_fn(void *owner, const struct sockaddr *peer,
    socklen_t peer_len, enum guard_reason reason, bool served);

/*
 * "system-port", "own-port" and so on, limits as the options that set them.
 */
const char *guard_reason_name(enum guard_reason reason);

/*
 * Judges the source of an IP datagram; for unix ones see unix_peer.h. more are
 * ports that answer anything besides those that are known (NULL: none).
 */
enum guard_reason
guard_check_source(const struct sockaddr *peer, const struct ports *more);

/*
 * Judges where a datagram went by its IP_PKTINFO or IPV6_PKTINFO message.
 * Others pass.
 */
enum guard_reason guard_check_destination(const struct cmsghdr *message);

/* UDP ports that netlabd serves, counted, in host byte order. */
void guard_claim_port(unsigned port);
void guard_release_port(unsigned port);
bool guard_has_port(unsigned port);

#endif
