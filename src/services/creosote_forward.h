/* SPDX-License-Identifier: ISC */
/*
 * The redirector of creosote.py: each message goes on to another bucket, as a
 * datagram of its own and unchanged.
 */
#ifndef SERVICES_CREOSOTE_FORWARD_H
#define SERVICES_CREOSOTE_FORWARD_H

#include "base/slice.h"
#include "services/creosote_relay.h"

/* Where other buckets listen; HOST alone means this port. */
#define FORWARD_PORT 7739

/*
 * A relay to HOST[:PORT], whose first address is taken; a name is looked up
 * now, and not again. NULL with why. See creosote_relay.h for the rest.
 */
struct relay *forward_new(const char *text, char why[WHY_SIZE]);

/* The address of its peer, if no name is to be looked up for it. */
bool forward_find(const char *text, struct address *peer);

/* Takes one message; relay_flush() sends it. */
void forward_add(struct relay *relay, struct slice message);

#endif
