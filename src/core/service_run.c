/* SPDX-License-Identifier: ISC */
/* Services as they run: the glue between a type's slots and the two engines. */
#include "core/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "core/service_private.h"
#include "net/socket.h"

static void
log_datagram(const struct service *service, const struct datagram *datagram)
{
	char peer[ADDRESS_TEXT_SIZE];

	if (!log_has(LOG_DEBUG))
		return;
	address_format(peer, datagram->peer, datagram->peer_len);
	log_debug("%s '%s': datagram of %zu bytes from %s", service->type->name,
	    service->name, datagram->wire_len, peer);
}

static bool
handle_datagram(void *owner, struct datagram *datagram)
{
	struct service *service = owner;

	log_datagram(service, datagram);
	return service->type->datagram(service, datagram);
}

static void
handle_lost(void *owner, const char *local, uint64_t count)
{
	struct service *service = owner;

	service->type->lost(service, local, count);
}

static void
handle_batch_end(void *owner)
{
	struct service *service = owner;

	service->type->batch_end(service);
}

static void
observe_opened(
    void *owner, unsigned id, const struct sockaddr *peer, socklen_t peer_len)
{
	const struct service *service = owner;
	char text[ADDRESS_TEXT_SIZE];

	if (!log_has(LOG_INFO))
		return;
	address_format(text, peer, peer_len);
	log_info("%s '%s': connection %u from %s", service->type->name,
	    service->name, id, text);
}

static void
observe_closed(void *owner, unsigned id, enum stream_reason reason)
{
	const struct service *service = owner;

	log_info("%s '%s': connection %u closed: %s", service->type->name,
	    service->name, id, stream_reason_name(reason));
}

static void
observe_accept_failed(void *owner, int error)
{
	struct service *service = owner;
	uint64_t held_back;

	if (!log_is_due(
		&service->accept_limit, clock_monotonic_ms(), &held_back))
		return;
	log_warning("%s '%s': accepting rests: %s (%llu times more since the "
		    "last word), keeping %zu connections",
	    service->type->name, service->name, strerror(error),
	    (unsigned long long)held_back, service->streams.open);
}

static const struct stream_observer observer = {
	.opened = observe_opened,
	.closed = observe_closed,
	.accept_failed = observe_accept_failed,
};

/* One handler for each combination of the slots that a type may leave out. */
static const struct datagram_handler *
handler_for(const struct service_type *type)
{
	static const struct datagram_handler handlers[2][2] = {
		{ { handle_datagram, NULL, NULL },
		    { handle_datagram, NULL, handle_batch_end } },
		{ { handle_datagram, handle_lost, NULL },
		    { handle_datagram, handle_lost, handle_batch_end } },
	};

	return &handlers[type->lost != NULL][type->batch_end != NULL];
}

static struct datagram_socket *
open_datagram(struct service *service, struct event_base *base, int fd)
{
	const struct service_type *type = service->type;
	struct datagram_config config = {
		.handler = handler_for(type),
		.owner = service,
		.counters = &service->datagrams,
		.answers = !type->one_way,
		.answer_extra = type->answer_extra,
	};

	return datagram_open(base, fd, &config);
}

static struct stream_listener *
open_stream(struct service *service, struct event_base *base,
    struct stream_pool *pool, int fd)
{
	const struct service_type *type = service->type;
	struct stream_config config = {
		.handler = &type->stream,
		.observer = &observer,
		.owner = service,
		.counters = &service->streams,
		.pool = pool,
		.state_size = type->stream_state_size,
		.max_connections = service->common.max_connections,
		.max_output = service->common.max_output,
		.idle_ms = service->common.idle_timeout,
	};

	if (type->max_line != NULL)
		config.max_line = type->max_line(service);
	return stream_listen(base, fd, &config);
}

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

static int
open_listener(struct service *service, struct event_base *base,
    struct stream_pool *pool, const struct address *address, char why[WHY_SIZE])
{
	struct service_listener *listener =
	    &service->listeners[service->listener_count];
	struct socket_config config = {
		.receive_buffer =
		    (address->transport & TRANSPORTS_DATAGRAM) != 0
		    ? service->common.receive_buffer
		    : 0,
		.backlog = (int)service->common.backlog,
	};
	int fd = socket_open(address, &config, why);

	if (fd == -1)
		return may_be_left_out(service, address, why) ? 0 : -1;
	if ((address->transport & TRANSPORTS_DATAGRAM) != 0)
		listener->datagram = open_datagram(service, base, fd);
	else
		listener->stream = open_stream(service, base, pool, fd);
	if (listener->datagram == NULL && listener->stream == NULL)
		return why_set(why, "cannot listen: %s", strerror(errno));
	service->listener_count++;
	return 0;
}

int
service_start(struct service *service, struct event_base *base,
    struct stream_pool *pool, char why[WHY_SIZE])
{
	const struct address_list *addresses = &service->addresses;

	service->listeners =
	    calloc(addresses->count, sizeof(*service->listeners));
	if (service->listeners == NULL)
		return why_set(why, "out of memory");
	if (service->type->start != NULL &&
	    service->type->start(service, why) == -1)
		return -1;
	service->started = true;
	for (size_t i = 0; i < addresses->count; i++)
		if (open_listener(
			service, base, pool, &addresses->items[i], why) == -1) {
			service_stop(service);
			return -1;
		}
	if (service->listener_count == 0) {
		service_stop(service);
		return why_set(why, "no address of this machine to listen on");
	}
	return 0;
}

void
service_stop_listening(struct service *service)
{
	for (size_t i = 0; i < service->listener_count; i++) {
		struct service_listener *listener = &service->listeners[i];

		if (listener->stream != NULL)
			stream_listener_stop(listener->stream);
		if (listener->datagram != NULL)
			datagram_close(listener->datagram);
		listener->datagram = NULL;
	}
}

size_t
service_connections(const struct service *service)
{
	return service->streams.open;
}

void
service_stop(struct service *service)
{
	service_stop_listening(service);
	for (size_t i = 0; i < service->listener_count; i++)
		if (service->listeners[i].stream != NULL)
			stream_listener_free(service->listeners[i].stream);
	free(service->listeners);
	service->listeners = NULL;
	service->listener_count = 0;
	if (service->started && service->type->stop != NULL)
		service->type->stop(service);
	service->started = false;
}

void
service_reopen(struct service *service)
{
	char why[WHY_SIZE];

	if (service->type->reopen != NULL &&
	    service->type->reopen(service, why) == -1)
		log_error("%s '%s': %s, keeping the old file",
		    service->type->name, service->name, why);
}

void
service_each_listener(
    const struct service *service, service_listener_fn *add, void *arg)
{
	for (size_t i = 0; i < service->listener_count; i++) {
		const struct service_listener *listener =
		    &service->listeners[i];
		int fd = listener->datagram != NULL
		    ? datagram_fd(listener->datagram)
		    : stream_listener_fd(listener->stream);
		char local[ADDRESS_TEXT_SIZE];

		socket_format_local(fd, local);
		add(arg, service, address_transport_name(socket_transport(fd)),
		    local);
	}
}

void
service_receive_buffer(
    const struct service *service, uint64_t *asked, uint64_t *granted)
{
	*asked = service->common.receive_buffer;
	*granted = *asked;
	for (size_t i = 0; i < service->listener_count; i++) {
		const struct datagram_socket *socket =
		    service->listeners[i].datagram;
		uint64_t size = socket == NULL
		    ? *asked
		    : socket_receive_buffer(datagram_fd(socket));

		if (size < *granted)
			*granted = size;
	}
}
