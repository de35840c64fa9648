/* SPDX-License-Identifier: ISC */
/* Sockets that are open already and wait for their service. */
#include "net/shelf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"

int
shelf_put(struct shelf *shelf, const struct shelf_item *item)
{
	struct shelf_item *places = reallocarray(
	    shelf->places, shelf->begin + shelf->count + 1, sizeof(*places));

	if (places == NULL) {
		close(item->fd);
		return -1;
	}
	shelf->places = places;
	*shelf_item(shelf, shelf->count++) = *item;
	return 0;
}

int
shelf_put_bound(struct shelf *shelf, int fd, enum shelf_origin origin)
{
	struct shelf_item item = {
		.fd = fd, .origin = origin, .drops = socket_noted_drops(fd)
	};

	if (socket_get_address(fd, &item.address) == -1) {
		close(fd);
		return -1;
	}
	return shelf_put(shelf, &item);
}

static bool
is_wanted(const struct shelf_item *item, const struct address *address,
    const char *owner)
{
	if (!address_equal(&item->address, address))
		return false;
	return address->u.sa.sa_family == AF_UNIX ||
	    address_port(&address->u.sa) != 0 ||
	    strncmp(item->owner, owner, SHELF_OWNER_SIZE - 1) == 0;
}

static size_t
find(
    const struct shelf *shelf, const struct address *address, const char *owner)
{
	size_t i = 0;

	while (i < shelf->count &&
	    !is_wanted(shelf_item(shelf, i), address, owner))
		i++;
	return i;
}

int
shelf_take(struct shelf *shelf, const struct address *address,
    const char *owner, struct shelf_item *item)
{
	size_t i = find(shelf, address, owner);

	if (i == shelf->count)
		return -1;
	*item = *shelf_item(shelf, i);
	/* The others keep their order, in which port 0 may come twice. */
	memmove(shelf_item(shelf, 1), shelf_item(shelf, 0), i * sizeof(*item));
	shelf->begin++;
	shelf->count--;
	return 0;
}

void
shelf_claim(
    struct shelf *shelf, const struct address *address, const char *owner)
{
	for (size_t i = 0; i < shelf->count; i++) {
		struct shelf_item *item = shelf_item(shelf, i);

		if (!item->claimed && is_wanted(item, address, owner)) {
			item->claimed = true;
			return;
		}
	}
}

/* True when both cannot be bound at once, one of them being all addresses. */
static bool
is_in_the_way(const struct shelf_item *item, const struct address *address)
{
	struct address bound;

	return socket_get_address(item->fd, &bound) == 0 &&
	    bound.transport == address->transport &&
	    bound.u.sa.sa_family == address->u.sa.sa_family &&
	    address_port(&address->u.sa) != 0 &&
	    address_port(&bound.u.sa) == address_port(&address->u.sa);
}

bool
shelf_lend_port(struct shelf *shelf, const struct address *address)
{
	bool any = false;

	for (size_t i = 0; i < shelf->count; i++) {
		struct shelf_item *item = shelf_item(shelf, i);

		if (item->claimed || !is_in_the_way(item, address))
			continue;
		any = true;
		item->lent = !socket_shares_port(item->fd) &&
		    socket_share_port(item->fd, true) == 0;
	}
	return any;
}

void
shelf_end_loan(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++) {
		struct shelf_item *item = shelf_item(shelf, i);

		if (item->lent)
			(void)socket_share_port(item->fd, false);
		item->lent = false;
	}
}

bool
shelf_has(
    const struct shelf *shelf, const struct address *address, const char *owner)
{
	return find(shelf, address, owner) < shelf->count;
}

void
shelf_discard(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++) {
		const struct shelf_item *item = shelf_item(shelf, i);

		if (item->origin == SHELF_PASSED)
			socket_close(item->fd);
		else
			socket_discard(item->fd);
	}
	shelf->count = 0;
	shelf_close(shelf);
}

void
shelf_close(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		socket_close(shelf_item(shelf, i)->fd);
	free(shelf->places);
	*shelf = (struct shelf){ .places = NULL };
}
