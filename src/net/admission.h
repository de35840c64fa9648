/* SPDX-License-Identifier: ISC */
/*
 * Who may come in, how many and how fast: judged before anything of them is
 * served. First comes what only looks (networks, the connections there are),
 * then what takes (rates), a source's own before that of all, so that who is
 * beyond his own takes nothing from the others. Peers over unix sockets are not
 * judged. Memory and time are bounded whatever comes.
 */
#ifndef NET_ADMISSION_H
#define NET_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/network_set.h"
#include "net/guard.h"

/* How many sources the rates of sources remember, 32 bytes each. */
#define ADMISSION_SOURCES 65536

/* Of each, 0: any. */
struct admission_config {
	uint64_t datagram_rate, datagram_rate_per_source; /* a second */
	uint64_t connection_rate, connection_rate_per_source;
	uint64_t burst_ms; /* what comes in it at a rate may come at once */
	uint32_t max_connections_per_source;
	uint32_t max_connections;  /* of all sources; not judged here */
	unsigned prefix4, prefix6; /* that make a source; see base/source.h */
};

/* One a service, shared by its listeners. */
struct admission;

/* Lets everybody in, within the limits; NULL: out of memory. */
struct admission *admission_new(const struct admission_config *config);
void admission_free(struct admission *admission);

/*
 * From now on, who may come in (NULL: everybody), and whether refusals are only
 * told. Holds the set.
 */
void admission_set(
    struct admission *admission, struct network_set *networks, bool log_only);

/* Whether there is anything to judge datagrams by; NULL: no. */
bool admission_judges_datagrams(const struct admission *admission);

/* Whether a source may have but so many connections at once; NULL: no. */
bool admission_counts_connections(const struct admission *admission);

/* What it says of who is refused is only told: he is served. */
bool admission_is_log_only(const struct admission *admission);

/*
 * Judge the sender of a datagram (NULL: he has no address), now being of
 * clock_monotonic_ms(): whether he may, and then whether not too often.
 */
enum guard_reason admission_check_datagram(
    const struct admission *admission, const struct sockaddr *peer);
enum guard_reason admission_take_datagram(
    struct admission *admission, const struct sockaddr *peer, int64_t now_ms);

/* The same of who connects. Both: NULL admits everybody. */
enum guard_reason admission_check_connection(
    const struct admission *admission, const struct sockaddr *peer);
enum guard_reason admission_take_connection(
    struct admission *admission, const struct sockaddr *peer, int64_t now_ms);

/* Counts a connection among its source's; returns a ticket to leave with. */
uint32_t
admission_enter(struct admission *admission, const struct sockaddr *peer);
void admission_leave(struct admission *admission, uint32_t ticket);

#endif
