/* SPDX-License-Identifier: ISC */
/*
 * Networks that are allowed or denied. The longest one that an address is in
 * decides. Finding it takes at most a step for each half byte of the address,
 * among ten thousand as among one, and the first three are one.
 */
#ifndef BASE_NETWORK_SET_H
#define BASE_NETWORK_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/network.h"

enum network_verdict {
	NETWORK_UNLISTED, /* in none of them */
	NETWORK_ALLOWED,
	NETWORK_DENIED
};

struct network_set;

/* An empty one, held once; NULL: out of memory. */
struct network_set *network_set_new(void);

/* One more holds it; returns the set. Who holds it last and releases, frees. */
struct network_set *network_set_hold(struct network_set *set);
void network_set_release(struct network_set *set);

/*
 * Adds a network. Returns 0, or -1 with why: it is in it already, for the same
 * or for the opposite, or memory is out.
 */
int network_set_add(struct network_set *set, const struct network *network,
    bool allowed, char why[WHY_SIZE]);

/*
 * Adds what a text says: a network, as of network_parse_exact(), `localhost`
 * (127.0.0.0/8 and ::1) or `*` (all). Makes the set where *set is NULL.
 */
int network_set_parse(struct network_set **set, const char *text, bool allowed,
    char why[WHY_SIZE]);

/*
 * What is said of an IPv4 or IPv6 address. IPv4 within IPv6 is IPv4, and in no
 * network of IPv6, be it ::/0.
 */
enum network_verdict
network_set_find(const struct network_set *set, const struct sockaddr *peer);

/*
 * Whether it lets an address in: the unlisted are denied as soon as anything is
 * allowed, and otherwise allowed.
 */
bool
network_set_admits(const struct network_set *set, const struct sockaddr *peer);

/* The memory it takes, in bytes: at most 68,000, and 300 a network. */
size_t network_set_memory(const struct network_set *set);

#endif
