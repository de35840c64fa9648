/* SPDX-License-Identifier: ISC */
/*
 * Sockets that are open already and wait for the service that listens on their
 * address: those that systemd hands over, and those of services that a reload
 * changes. What waits in their queues is not lost.
 */
#ifndef NET_SHELF_H
#define NET_SHELF_H

#include "base/address.h"

/* Room for the name of a service with its NUL. */
#define SHELF_OWNER_SIZE 65

/* Where a socket comes from. */
enum shelf_origin {
	SHELF_OPENED, /* netlabd opened it */
	SHELF_STORED, /* netlabd opened it and systemd kept it */
	SHELF_PASSED  /* a socket unit of systemd's opened it */
};

struct shelf_item {
	int fd;
	enum shelf_origin origin;
	bool claimed;   /* somebody will take it */
	bool lent;      /* its port was lent; see shelf_lend_port() */
	uint32_t drops; /* of the kernel's, told so far; see socket_drops() */
	char owner[SHELF_OWNER_SIZE]; /* the service it was; "": none */
	struct address address;       /* as it was declared */
};

/*
 * All zero is the empty shelf. Most are taken in their order: so the places of
 * those that were before the first are left empty.
 */
struct shelf {
	struct shelf_item *places;
	size_t begin; /* the first item's place */
	size_t count;
};

/* The nth of the items that are there. */
static inline struct shelf_item *
shelf_item(const struct shelf *shelf, size_t n)
{
	return &shelf->places[shelf->begin + n];
}

/*
 * Puts a socket there for who asks for its address. Returns 0, or -1 (out of
 * memory) with the descriptor closed.
 */
int shelf_put(struct shelf *shelf, const struct shelf_item *item);

/* The same for an address that the socket is asked for; -1: no socket. */
int shelf_put_bound(struct shelf *shelf, int fd, enum shelf_origin origin);

/*
 * Takes the socket of the address off the shelf: 0, or -1: there is none. Port
 * 0 is another one for each service: there the owner has to be the same, too.
 */
int shelf_take(struct shelf *shelf, const struct address *address,
    const char *owner, struct shelf_item *item);

/* Says that the socket of the address will be taken, if there is one. */
void shelf_claim(
    struct shelf *shelf, const struct address *address, const char *owner);

/*
 * Lets a socket of ours be bound with SO_REUSEPORT to an address that is in use
 * by sockets here that nobody claims: localhost where * was, and the other way
 * round. Returns true when there are any; shelf_end_loan() ends it.
 */
bool shelf_lend_port(struct shelf *shelf, const struct address *address);
void shelf_end_loan(struct shelf *shelf);

/* True when such a socket is still there. */
bool shelf_has(const struct shelf *shelf, const struct address *address,
    const char *owner);

/*
 * Closes what nobody took and nobody will: the paths of sockets that are ours
 * are removed, wherever copies of these are kept.
 */
void shelf_discard(struct shelf *shelf);

/* Closes what nobody took. */
void shelf_close(struct shelf *shelf);

#endif
