/* SPDX-License-Identifier: ISC */
/*
 * Sockets that are open already and wait for the service that listens on their
 * address: those that systemd hands over, and those of services that a reload
 * changes. What waits in their queues is not lost.
 */
#ifndef NET_SHELF_H
#define NET_SHELF_H

#include "base/address.h"

/* Where a socket comes from. */
enum shelf_origin {
	SHELF_OPENED, /* netlabd opened it */
	SHELF_STORED, /* netlabd opened it and systemd kept it */
	SHELF_PASSED  /* a socket unit of systemd's opened it */
};

struct shelf_item {
	int fd;
	enum shelf_origin origin;
	struct address address;
};

/* All zero is the empty shelf. */
struct shelf {
	struct shelf_item *items;
	size_t count;
};

/*
 * Puts a socket there for who asks for the address. Returns 0, or -1 (out of
 * memory) with the descriptor closed.
 */
int shelf_put(struct shelf *shelf, int fd, const struct address *address,
    enum shelf_origin origin);

/* The same for an address that the socket is asked for; -1: not a socket. */
int shelf_put_bound(struct shelf *shelf, int fd, enum shelf_origin origin);

/* Takes the socket of the address off the shelf: its descriptor, or -1. */
int shelf_take(struct shelf *shelf, const struct address *address,
    enum shelf_origin *origin);

/* Closes what nobody took. */
void shelf_close(struct shelf *shelf);

#endif
