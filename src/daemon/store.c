/* SPDX-License-Identifier: ISC */
/* Sockets in systemd's hands. */
#include "daemon/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/notify.h"

/* The first descriptor that is handed over (sd_listen_fds(3)). */
#define FIRST_FD 3

/* Names in the store begin so; those of socket units are their own. */
#define STORE_PREFIX "stored-"

/* As long as systemd takes them. */
#define NAME_SIZE 256

/* Names of what this process has put into the store. */
static struct {
	char (*items)[NAME_SIZE];
	size_t count;
} stored;

/*
 * "stored-udp-127.0.0.1-2345": a colon would end the name. In a path, where a
 * dash is a dash, it becomes %3A, so that no two paths have the same name.
 */
static void
format_name(char name[NAME_SIZE], const struct address *bound)
{
	char text[ADDRESS_TEXT_SIZE];
	bool is_path = bound->u.sa.sa_family == AF_UNIX;
	size_t used;

	address_format(text, &bound->u.sa, bound->len);
	used = (size_t)snprintf(name, NAME_SIZE, STORE_PREFIX "%s-",
	    address_transport_name(bound->transport));
	for (const char *at = text; *at != '\0' && used < NAME_SIZE - 4; at++) {
		if (is_path && (*at == ':' || *at == '%'))
			used += (size_t)snprintf(
			    name + used, 4, "%%%02X", (unsigned)*at);
		else
			name[used++] = *at == ':' ? '-' : *at;
	}
	name[used] = '\0';
}

/* Copies the nth of the names that colons separate. */
static void
nth_name(char name[NAME_SIZE], const char *names, int n)
{
	size_t len;

	for (; n > 0 && names != NULL; n--)
		if ((names = strchr(names, ':')) != NULL)
			names++;
	len = names != NULL ? strcspn(names, ":") : 0;
	if (len >= NAME_SIZE)
		len = NAME_SIZE - 1;
	if (len > 0)
		memcpy(name, names, len);
	name[len] = '\0';
}

static bool
is_stored(const char *name)
{
	return strncmp(name, STORE_PREFIX, strlen(STORE_PREFIX)) == 0;
}

/* Remembers that the store holds the name. */
static int
remember(const char name[NAME_SIZE])
{
	char(*items)[NAME_SIZE] =
	    reallocarray(stored.items, stored.count + 1, sizeof(*items));

	if (items == NULL)
		return -1;
	stored.items = items;
	strcpy(items[stored.count++], name);
	return 0;
}

/* Puts one descriptor on the shelf; -1: errno. */
static int
inherit(struct shelf *shelf, int fd, const char name[NAME_SIZE])
{
	bool ours = is_stored(name);

	if (ours && remember(name) == -1)
		return -1;
	return shelf_put_bound(shelf, fd, ours ? SHELF_STORED : SHELF_PASSED);
}

int
store_inherit(struct shelf *shelf, char why[WHY_SIZE])
{
	int count = notify_listen_count();

	for (int i = 0; i < count; i++) {
		char name[NAME_SIZE];

		nth_name(name, notify_listen_names(), i);
		if (inherit(shelf, FIRST_FD + i, name) == -1)
			return why_set(why,
			    "cannot take over systemd's descriptor %d "
			    "('%.64s'): %s%s",
			    FIRST_FD + i, name, strerror(errno),
			    errno == EPROTOTYPE ? " (netlabd serves stream and "
						  "datagram sockets of IP and "
						  "unix)"
						: "");
	}
	return 0;
}

int
store_check_rest(const struct shelf *shelf, char why[WHY_SIZE])
{
	for (size_t i = 0; i < shelf->count; i++) {
		const struct shelf_item *item = shelf_item(shelf, i);
		const struct address *address = &item->address;
		char text[ADDRESS_TEXT_SIZE];

		if (item->origin != SHELF_PASSED)
			continue;
		address_format(text, &address->u.sa, address->len);
		return why_set(why,
		    "systemd passed a socket on %s %s, on which no service "
		    "listens (declare it, or take it out of the socket unit)",
		    address_transport_name(address->transport), text);
	}
	return 0;
}

/* The names that the store is to hold. */
struct wanted {
	char (*names)[NAME_SIZE];
	size_t count, room;
};

/* Sends a socket to the store; those of socket units are safe already. */
static void
store_socket(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin)
{
	struct wanted *wanted = arg;

	(void)service;
	if (origin == SHELF_PASSED || wanted->count == wanted->room)
		return;
	format_name(wanted->names[wanted->count], bound);
	/* systemd drops a copy of what it has already. */
	(void)notify_store(fd, wanted->names[wanted->count++]);
}

static bool
is_wanted(const struct wanted *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->names[i], name) == 0)
			return true;
	return false;
}

/*
 * Asked once, and not while it holds what is ours: who takes a socket for his
 * alone that somebody has a copy of may leave that copy useless.
 */
static bool
is_closed(void)
{
	static bool asked, refuses;

	if (stored.count > 0)
		return false;
	if (!asked)
		refuses = notify_refuses_to_store();
	asked = true;
	return refuses;
}

void
store_sync(const struct config *config)
{
	struct wanted wanted = { .names = NULL };
	bool removed = false;

	if (!notify_is_wanted() || is_closed())
		return;
	for (size_t i = 0; i < config->service_count; i++)
		wanted.room += service_count_sockets(config->services[i]);
	wanted.names = calloc(wanted.room + 1, sizeof(*wanted.names));
	if (wanted.names == NULL)
		return; /* the store stays as it is */
	for (size_t i = 0; i < config->service_count; i++)
		service_each_socket(config->services[i], store_socket, &wanted);
	for (size_t i = 0; i < stored.count; i++)
		if (!is_wanted(&wanted, stored.items[i])) {
			notify_remove(stored.items[i]);
			removed = true;
		}
	if (removed)
		notify_barrier();
	free(stored.items);
	stored.items = wanted.names;
	stored.count = wanted.count;
}

bool
store_is_used(void)
{
	return stored.count > 0;
}
