/* SPDX-License-Identifier: ISC */
/* Sockets that are open already and wait for their service. */
#include "net/shelf.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

int
shelf_put(struct shelf *shelf, int fd, const struct address *address,
    enum shelf_origin origin)
{
	struct shelf_item *items =
	    reallocarray(shelf->items, shelf->count + 1, sizeof(*items));

	if (items == NULL) {
		close(fd);
		return -1;
	}
	items[shelf->count] = (struct shelf_item){ fd, origin, *address };
	shelf->items = items;
	shelf->count++;
	return 0;
}

int
shelf_put_bound(struct shelf *shelf, int fd, enum shelf_origin origin)
{
	struct address address = { .optional = false };

	if (socket_get_address(fd, &address) == -1) {
		close(fd);
		return -1;
	}
	return shelf_put(shelf, fd, &address, origin);
}

int
shelf_take(struct shelf *shelf, const struct address *address,
    enum shelf_origin *origin)
{
	for (size_t i = 0; i < shelf->count; i++) {
		struct shelf_item item = shelf->items[i];

		if (!address_equal(&item.address, address))
			continue;
		shelf->items[i] = shelf->items[--shelf->count];
		*origin = item.origin;
		return item.fd;
	}
	return -1;
}

void
shelf_close(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		socket_close(shelf->items[i].fd);
	free(shelf->items);
	*shelf = (struct shelf){ .items = NULL };
}
