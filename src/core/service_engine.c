/* SPDX-License-Identifier: ISC */
/* The glue between a type's slots and the two engines. */
#include "core/service_private.h"

#include <string.h>

#include "base/clock.h"

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

static bool
handle_waits(void *owner)
{
	return service_waits(owner);
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

static void
observe_batch_end(void *owner)
{
	struct service *service = owner;

	if (service->type->batch_end == NULL)
		return;
	service->type->batch_end(service);
	service_note_drops(service);
}

static const struct stream_observer observer = {
	.opened = observe_opened,
	.closed = observe_closed,
	.accept_failed = observe_accept_failed,
	.refused = service_refused,
	.batch_end = observe_batch_end,
};

/* One handler for each combination of the slots that a type may leave out. */
static const struct datagram_handler *
handler_for(const struct service_type *type)
{
	static const struct datagram_handler handlers[2][2] = {
		{ { .datagram = handle_datagram,
		      .refused = service_refused,
		      .waits = handle_waits },
		    { .datagram = handle_datagram,
			.refused = service_refused,
			.batch_end = handle_batch_end,
			.waits = handle_waits } },
		{ { .datagram = handle_datagram,
		      .refused = service_refused,
		      .lost = handle_lost,
		      .waits = handle_waits },
		    { .datagram = handle_datagram,
			.refused = service_refused,
			.lost = handle_lost,
			.batch_end = handle_batch_end,
			.waits = handle_waits } },
	};

	return &handlers[type->lost != NULL][type->batch_end != NULL];
}

static unsigned
amplification_of(const struct service *service)
{
	if (service->common.amplification != 0)
		return (unsigned)service->common.amplification;
	return service->type->amplification != 0 ? service->type->amplification
						 : 1;
}

/* A type that tells of each datagram that is lost has them counted singly. */
static bool
merges(const struct service *service)
{
	if (service->common.merge == SERVICE_MERGE_AUTO)
		return service->type->lost == NULL;
	return service->common.merge == SERVICE_MERGE_YES;
}

struct datagram_socket *
service_open_datagram(
    struct service *service, struct event_base *base, int fd, uint32_t drops)
{
	const struct service_type *type = service->type;
	struct datagram_config config = {
		.handler = handler_for(type),
		.owner = service,
		.counters = &service->datagrams,
		.admission = service->admission,
		.drops = drops,
		.answers = !type->one_way,
		.amplification = amplification_of(service),
		.loop_ports = service->loop_ports,
		.ignores_data = type->ignores_data,
		.pair_rule = (enum pair_rule)service->common.pair_rule,
		.kernel_time = type->kernel_time,
		.merges = merges(service),
		.gather_ms = type->gather != NULL ? type->gather(service) : 0,
	};

	return datagram_open(base, fd, &config);
}

struct stream_listener *
service_open_stream(struct service *service, struct event_base *base,
    struct stream_pool *pool, int fd)
{
	const struct service_type *type = service->type;
	struct stream_config config = {
		.handler = &type->stream,
		.observer = &observer,
		.owner = service,
		.counters = &service->streams,
		.pool = pool,
		.admission = service->admission,
		.state_size = type->stream_state_size,
		.max_connections = service_max_connections(service),
		.max_output = service->common.max_output,
		.idle_ms = service->common.idle_timeout,
	};

	if (type->max_line != NULL)
		config.max_line = type->max_line(service);
	/* The longest line must be answerable, with the time in it. */
	if (config.max_output < config.max_line + CLOCK_TEXT_SIZE)
		config.max_output = config.max_line + CLOCK_TEXT_SIZE;
	return stream_listen(base, fd, &config);
}
