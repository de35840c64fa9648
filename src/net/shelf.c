/* SPDX-License-Identifier: ISC */
/* Sockets that are open already and wait for their service. */
#include "net/shelf.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

int
shelf_put(struct shelf *shelf, const struct shelf_item *item)
{
	struct shelf_item *items =
	    reallocarray(shelf->items, shelf->count + 1, sizeof(*items));

	if (items == NULL) {
		close(item->fd);
		return -1;
	}
	items[shelf->count] = *item;
	shelf->items = items;
	shelf->count++;
	return 0;
}

int
shelf_put_bound(struct shelf *shelf, int fd, enum shelf_origin origin)
{
	struct shelf_item item = {
		.fd = fd, .origin = origin, .drops = socket_drops(fd)
	};

	if (socket_get_address(fd, &item.address) == -1) {
		close(fd);
		return -1;
	}
	return shelf_put(shelf, &item);
}

static size_t
find(const struct shelf *shelf, const struct address *address)
{
	size_t i = 0;

	while (i < shelf->count &&
	    !address_equal(&shelf->items[i].address, address))
		i++;
	return i;
}

int
shelf_take(
    struct shelf *shelf, const struct address *address, struct shelf_item *item)
{
	size_t i = find(shelf, address);

	if (i == shelf->count)
		return -1;
	*item = shelf->items[i];
	shelf->items[i] = shelf->items[--shelf->count];
	return 0;
}

bool
shelf_has(const struct shelf *shelf, const struct address *address)
{
	return find(shelf, address) < shelf->count;
}

void
shelf_close(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		socket_close(shelf->items[i].fd);
	free(shelf->items);
	*shelf = (struct shelf){ .items = NULL };
}
