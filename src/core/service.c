/* SPDX-License-Identifier: ISC */
/* Services as they are declared: their type, name, options and state. */
#include "core/service.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/group.h"
#include "core/service_private.h"
#include "net/socket.h"

const char *
service_name(const struct service *service)
{
	return service->name;
}

const struct service_type *
service_type(const struct service *service)
{
	return service->type;
}

const void *
service_settings(const struct service *service)
{
	return service->settings;
}

void *
service_state(struct service *service)
{
	return service->state;
}

const void *
service_state_const(const struct service *service)
{
	return service->state;
}

struct service *
stream_service(const struct stream *stream)
{
	return stream_owner(stream);
}

unsigned
service_transports(const struct service_type *type)
{
	const struct stream_handler *stream = &type->stream;
	unsigned transports = 0;

	if (type->datagram != NULL)
		transports |= TRANSPORTS_DATAGRAM;
	if (stream->open != NULL || stream->data != NULL ||
	    stream->line != NULL || stream->drain != NULL)
		transports |= TRANSPORTS_STREAM;
	return type->transports != 0 ? transports & type->transports
				     : transports;
}

/* Zeroed memory, also where nothing is asked for. */
static void *
allocate(size_t size)
{
	return calloc(1, size != 0 ? size : 1);
}

struct service *
service_new(const struct service_type *type, const char *name)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		return NULL;
	service->type = type;
	service->name = strdup(name);
	service->settings = allocate(type->settings_size);
	service->state = allocate(type->state_size);
	if (service->name == NULL || service->settings == NULL ||
	    service->state == NULL ||
	    option_set_defaults(service_common_options(), &service->common) ==
		-1 ||
	    (type->options != NULL &&
		option_set_defaults(type->options, service->settings) == -1)) {
		service_free(service);
		return NULL;
	}
	return service;
}

void
service_free(struct service *service)
{
	if (service == NULL)
		return;
	service_stop(service);
	option_free(service_common_options(), &service->common);
	if (service->type->options != NULL && service->settings != NULL)
		option_free(service->type->options, service->settings);
	address_list_free(&service->addresses);
	network_set_release(service->access.own);
	network_set_release(service->access.common);
	free(service->loop_ports);
	free(service->settings);
	free(service->state);
	free(service->name);
	free(service);
}

void
service_set_owner(struct service *service, uid_t owner)
{
	service->socket_owner = owner;
}

const struct address_list *
service_addresses(const struct service *service)
{
	return &service->addresses;
}

static bool
is_any(const struct address *address)
{
	return address->u.sa.sa_family == AF_INET
	    ? address->u.in.sin_addr.s_addr == htonl(INADDR_ANY)
	    : IN6_IS_ADDR_UNSPECIFIED(&address->u.in6.sin6_addr);
}

static bool
is_loopback(const struct address *address)
{
	return address->u.sa.sa_family == AF_INET
	    ? ntohl(address->u.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
	    : IN6_IS_ADDR_LOOPBACK(&address->u.in6.sin6_addr);
}

/* Addresses of this machine are not looked at: a message finds out itself. */
static bool
is_reached(const struct address *address, const struct address *target)
{
	if (address->transport != TRANSPORT_UDP)
		return false;
	return address_equal(address, target) ||
	    (is_any(address) && is_loopback(target) &&
		address->u.sa.sa_family == target->u.sa.sa_family &&
		address_port(&address->u.sa) == address_port(&target->u.sa));
}

/* True when what it sends of its own comes to the other. */
static bool
reaches(const struct service *service, const struct service *other)
{
	struct address target;

	if (service->type->target == NULL ||
	    !service->type->target(service->settings, &target))
		return false;
	for (size_t i = 0; i < other->addresses.count; i++)
		if (is_reached(&other->addresses.items[i], &target))
			return true;
	return false;
}

int
service_check(const struct service *service, char why[WHY_SIZE])
{
	gid_t group;

	if (service->addresses.count == 0)
		return why_set(
		    why, "nothing to listen on (write listen = \"HOST:PORT\")");
	if (service->common.socket_group[0] != '\0' &&
	    group_find(service->common.socket_group, &group, why) == -1)
		return -1;
	if (reaches(service, service))
		return why_set(
		    why, "it would pass on to itself (write another address)");
	if (service->type->check != NULL)
		return service->type->check(service->settings, why);
	return 0;
}

int
service_check_pair(const struct service *service, const struct service *other,
    char why[WHY_SIZE])
{
	const struct service_type *type = service->type;

	if (reaches(service, other) || reaches(other, service))
		return why_set(why,
		    "one would pass on to the other, and netlabd passes "
		    "nothing on to itself (write another address)");
	if (type != other->type || type->check_pair == NULL)
		return 0;
	return type->check_pair(service->settings, other->settings, why);
}

int
service_probe(const struct service *service, char why[WHY_SIZE])
{
	return service->type->probe == NULL
	    ? 0
	    : service->type->probe(service->settings, why);
}

int
service_probe_sockets(const struct service *service, char why[WHY_SIZE])
{
	for (size_t i = 0; i < service->addresses.count; i++)
		if (socket_probe(&service->addresses.items[i], why) == -1)
			return -1;
	return 0;
}

static size_t
count_address(
    const struct address_list *addresses, const struct address *address)
{
	size_t count = 0;

	for (size_t i = 0; i < addresses->count; i++)
		count += address_equal(&addresses->items[i], address);
	return count;
}

/* In any order; port 0 may come more than once. */
static bool
addresses_equal(const struct address_list *a, const struct address_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (count_address(a, &a->items[i]) !=
		    count_address(b, &a->items[i]))
			return false;
	return true;
}

bool
service_is_equal(const struct service *a, const struct service *b)
{
	struct service_common other = b->common;

	/* What `listen` comes to counts, not how it is written. */
	other.listen = a->common.listen;
	other.allow = a->common.allow;
	other.deny = a->common.deny;
	other.log_only = a->common.log_only;
	return a->type == b->type && strcmp(a->name, b->name) == 0 &&
	    addresses_equal(&a->addresses, &b->addresses) &&
	    option_equal(service_common_options(), &a->common, &other) &&
	    (a->type->options == NULL ||
		option_equal(a->type->options, a->settings, b->settings));
}
