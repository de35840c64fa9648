/* SPDX-License-Identifier: ISC */
/*
 * Networks as text: 192.0.2.0/24, 2001:db8::/32 or a single address. An IPv4
 * address within IPv6 (::ffff:192.0.2.7) is the same as without.
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/why.h"

struct network {
	unsigned char address[16]; /* IPv4 as ::ffff:0:0/96 */
	unsigned bits;             /* that count, of 128 */
};

/* Returns 0, or -1 with what is wrong, and what to write instead, in why. */
int
network_parse(struct network *network, const char *text, char why[WHY_SIZE]);

/*
 * The same for who wants no bits beyond the prefix, as in 192.0.2.7/24, and
 * says himself which text it is that why is about.
 */
int network_parse_exact(
    struct network *network, const char *text, char why[WHY_SIZE]);

/*
 * True when a sender is in it: "192.0.2.7:40123", "[2001:db8::7]:40123" or the
 * address alone; any other text, as a path, is in no network.
 */
bool network_has(const struct network *network, struct slice source);

#endif
