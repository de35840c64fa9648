/* SPDX-License-Identifier: ISC */
/* Services as they run: listening, starting, retiring, stopping. */
#include "core/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/group.h"
#include "core/service_private.h"
#include "net/socket.h"

/* A machine may be without IPv6, and then localhost and * mean IPv4 alone. */
static bool
may_be_left_out(const struct service *service, const struct address *address,
    const char *why)
{
	if (!address->optional ||
	    (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return false;
	log_info("%s '%s': %s, ignoring it", service->type->name, service->name,
	    why);
	return true;
}

static struct socket_config
socket_config_of(const struct service *service, const struct address *address)
{
	bool datagrams = (address->transport & TRANSPORTS_DATAGRAM) != 0;
	struct socket_config config = {
		.receive_buffer =
		    datagrams ? service->common.receive_buffer : 0,
		.reuse_port = service->common.reuse_port,
		.owner = service->socket_owner,
		.backlog = (int)service->common.backlog,
		.kernel_time = service->type->kernel_time,
		.one_way = service->type->one_way,
		.mode = (mode_t)service->common.socket_mode,
	};
	char why[WHY_SIZE];

	/* That there is one was checked. */
	config.has_group = service->common.socket_group[0] != '\0' &&
	    group_find(service->common.socket_group, &config.group, why) == 0;
	return config;
}

/*
 * Opens a socket. Where sockets on the shelf that are about to go have the
 * port, it shares it with them, so that the port is never without one.
 */
static int
open_beside(const struct service *service, struct shelf *shelf,
    const struct address *address, char why[WHY_SIZE])
{
	struct socket_config config = socket_config_of(service, address);
	int fd = socket_open(address, &config, why);
	int error = errno;

	if (fd != -1 || error != EADDRINUSE)
		return fd;
	if (shelf_lend_port(shelf, address)) {
		config.reuse_port = true;
		fd = socket_open(address, &config, why);
		error = errno;
		if (fd != -1 && !service->common.reuse_port)
			(void)socket_share_port(fd, false);
		shelf_end_loan(shelf);
	}
	errno = error;
	return fd;
}

/* Takes the socket of the address off the shelf, or opens it, as item. */
static int
open_socket(const struct service *service, struct shelf *shelf,
    const struct address *address, struct shelf_item *item, bool *adopted,
    char why[WHY_SIZE])
{
	*item = (struct shelf_item){ .origin = SHELF_OPENED };
	*adopted = shelf_take(shelf, address, service->name, item) == 0;
	item->fd = *adopted
	    ? socket_adopt(item->fd, address, service->type->one_way, why)
	    : open_beside(service, shelf, address, why);
	return item->fd == -1 ? -1 : 0;
}

static int
open_listener(struct service *service, struct event_base *base,
    struct stream_pool *pool, struct shelf *shelf,
    const struct address *address, char why[WHY_SIZE])
{
	struct service_listener *listener =
	    &service->listeners[service->listener_count];
	struct shelf_item item;
	bool adopted;

	if (open_socket(service, shelf, address, &item, &adopted, why) == -1)
		return may_be_left_out(service, address, why) ? 0 : -1;
	*listener = (struct service_listener){
		.address = address, .origin = item.origin, .adopted = adopted
	};
	if ((address->transport & TRANSPORTS_DATAGRAM) != 0)
		listener->datagram =
		    service_open_datagram(service, base, item.fd, item.drops);
	else
		listener->stream =
		    service_open_stream(service, base, pool, item.fd);
	if (listener->datagram == NULL && listener->stream == NULL)
		return why_set(why, "cannot listen: %s", strerror(errno));
	service->listener_count++;
	return 0;
}

void
service_claim(const struct service *service, struct shelf *shelf)
{
	for (size_t i = 0; i < service->addresses.count; i++)
		shelf_claim(shelf, &service->addresses.items[i], service->name);
}

int
service_listen(struct service *service, struct event_base *base,
    struct stream_pool *pool, struct shelf *shelf, char why[WHY_SIZE])
{
	const struct address_list *addresses = &service->addresses;

	service->listeners =
	    calloc(addresses->count, sizeof(*service->listeners));
	if (service->listeners == NULL ||
	    service_admission_begin(service) == -1)
		return why_set(why, "out of memory");
	service_timer_begin(service, base);
	service_refusals_begin(service, base);
	for (size_t i = 0; i < addresses->count; i++)
		if (open_listener(service, base, pool, shelf,
			&addresses->items[i], why) == -1) {
			service_cancel(service);
			return -1;
		}
	if (service->listener_count == 0) {
		service_cancel(service);
		return why_set(why, "no address of this machine to listen on");
	}
	return 0;
}

static int
listener_fd(const struct service_listener *listener)
{
	return listener->datagram != NULL ? datagram_fd(listener->datagram)
	    : listener->stream != NULL    ? stream_listener_fd(listener->stream)
					  : -1;
}

static void
settle(const struct service *service, const struct service_listener *listener,
    struct socket_config *config)
{
	int fd = listener_fd(listener);

	/* The socket unit's own default, not the system's. */
	if (listener->origin == SHELF_PASSED && config->receive_buffer == 0)
		config->receive_buffer = socket_receive_buffer(fd);
	if (socket_tune(fd, config) == -1)
		log_warning("%s '%s': socket-mode, socket-group: cannot set "
			    "them on %s: %s, keeping those it has",
		    service->type->name, service->name,
		    listener->address->u.un.sun_path, strerror(errno));
}

void
service_settle(struct service *service)
{
	for (size_t i = 0; i < service->listener_count; i++) {
		struct service_listener *listener = &service->listeners[i];
		struct socket_config config =
		    socket_config_of(service, listener->address);

		if (listener->adopted)
			settle(service, listener, &config);
		listener->adopted = false;
	}
}

int
service_start(struct service *service, char why[WHY_SIZE])
{
	if (service->type->start != NULL &&
	    service->type->start(service, why) == -1)
		return -1;
	service->started = true;
	return 0;
}

/* Ends listening. With serve, what waits there is served first. */
static void
close_listener(struct service_listener *listener, bool serve)
{
	if (listener->stream != NULL)
		stream_listener_close(listener->stream, serve);
	if (listener->datagram != NULL)
		datagram_close(listener->datagram, serve);
	listener->datagram = NULL;
}

/* Not with a socket of systemd's, which listens on after us. */
static void
leave_port(const struct service_listener *listener)
{
	if (listener->datagram != NULL && listener->origin != SHELF_PASSED)
		socket_leave_port(datagram_fd(listener->datagram));
}

void
service_retire(struct service *service, const struct shelf *left)
{
	service->retired = true;
	for (size_t i = 0; i < service->listener_count; i++) {
		struct service_listener *listener = &service->listeners[i];
		bool is_left =
		    shelf_has(left, listener->address, service->name);

		if (is_left)
			leave_port(listener);
		close_listener(listener, is_left);
	}
}

bool
service_is_retired(const struct service *service)
{
	return service->retired;
}

struct service *
service_successor(const struct service *service)
{
	return service->successor;
}

void
service_set_successor(struct service *service, struct service *successor)
{
	if (!service->started ||
	    (successor != NULL && successor->type != service->type))
		successor = NULL;
	service->successor = successor;
	if (successor != NULL && successor->type->succeed != NULL)
		successor->type->succeed(successor, service);
}

bool
service_waits(const struct service *service)
{
	return service->type->waits != NULL && service->type->waits(service);
}

void
service_note_drops(struct service *service)
{
	for (size_t i = 0; i < service->listener_count; i++)
		if (service->listeners[i].datagram != NULL)
			datagram_note_drops(service->listeners[i].datagram);
}

/* A socket that does not take its losses for told yet is kept for that. */
static void
stop_listener(struct service_listener *listener, bool for_good)
{
	if (listener->stream != NULL)
		stream_listener_stop(listener->stream);
	if (listener->datagram == NULL)
		return;
	if (for_good)
		leave_port(listener);
	datagram_stop(listener->datagram);
	if (datagram_is_noted(listener->datagram))
		close_listener(listener, true);
}

void
service_stop_listening(struct service *service, bool for_good)
{
	for (size_t i = 0; i < service->listener_count; i++)
		stop_listener(&service->listeners[i], for_good);
}

size_t
service_connections(const struct service *service)
{
	return service->streams.open + service->streams.waiting;
}

/* Ends all listeners and connections, then what the type began. */
static void
stop(struct service *service)
{
	service_stop_listening(service, false);
	for (size_t i = 0; i < service->listener_count; i++)
		if (service->listeners[i].stream != NULL)
			stream_listener_free(service->listeners[i].stream);
	if (service->started && service->type->stop != NULL)
		service->type->stop(service);
	service->started = false;
	service_timer_end(service);
	for (size_t i = 0; i < service->listener_count; i++)
		if (service->listeners[i].datagram != NULL)
			datagram_close(service->listeners[i].datagram, true);
	free(service->listeners);
	service->listeners = NULL;
	service->listener_count = 0;
	service_refusals_end(service);
	service_admission_end(service);
}

void
service_cancel(struct service *service)
{
	for (size_t i = 0; i < service->listener_count; i++)
		close_listener(&service->listeners[i], false);
	stop(service);
}

void
service_stop(struct service *service)
{
	if (service->started)
		stop(service);
	else
		service_cancel(service);
}

void
service_reopen(struct service *service)
{
	char why[WHY_SIZE];

	if (service->type->reopen != NULL &&
	    service->type->reopen(service, why) == -1)
		log_error("%s '%s': %s, keeping the old file",
		    service->type->name, service->name, why);
	service_note_drops(service);
}

int
service_rotate(struct service *service, char why[WHY_SIZE])
{
	int result = service->type->rotate(service, why);

	service_note_drops(service);
	return result;
}

size_t
service_count_sockets(const struct service *service)
{
	size_t count = 0;

	for (size_t i = 0; i < service->listener_count; i++)
		count += listener_fd(&service->listeners[i]) != -1;
	return count;
}

void
service_each_socket(
    const struct service *service, service_socket_fn *add, void *arg)
{
	for (size_t i = 0; i < service->listener_count; i++) {
		int fd = listener_fd(&service->listeners[i]);
		struct address bound;

		if (fd != -1 && socket_get_address(fd, &bound) == 0)
			add(arg, service, fd, &bound,
			    service->listeners[i].origin);
	}
}

int
service_share(const struct service *service, struct shelf *shelf)
{
	for (size_t i = 0; i < service->listener_count; i++) {
		const struct service_listener *listener =
		    &service->listeners[i];
		struct shelf_item item = {
			.fd = fcntl(listener_fd(listener), F_DUPFD_CLOEXEC, 0),
			.origin = listener->origin,
			.address = *listener->address,
		};

		snprintf(item.owner, sizeof(item.owner), "%s", service->name);
		if (listener->datagram != NULL)
			item.drops = datagram_drops(listener->datagram);
		if (item.fd == -1 || shelf_put(shelf, &item) == -1)
			return -1;
	}
	return 0;
}
