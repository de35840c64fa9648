/* SPDX-License-Identifier: ISC */
/* Who may come in, by a service's own lists or those of all services. */
#include "core/service_private.h"

/* By another's rules. Lists of its own stand in the place of the common ones.
 */
static void
apply_of(struct service *service, const struct service *ruling)
{
	const struct service_access *access = &ruling->access;

	if (service->admission != NULL)
		admission_set(service->admission,
		    access->own != NULL ? access->own : access->common,
		    service_is_log_only(ruling));
}

static void
apply(struct service *service)
{
	apply_of(service, service);
}

static void
review(struct service *service)
{
	for (size_t i = 0; i < service->listener_count; i++)
		if (service->listeners[i].stream != NULL)
			stream_listener_review(service->listeners[i].stream);
}

bool
service_is_log_only(const struct service *service)
{
	return service->common.log_only || service->access.common_log_only;
}

void
service_set_access(
    struct service *service, struct network_set *networks, bool log_only)
{
	struct service_access *access = &service->access;

	network_set_release(access->common);
	access->common = network_set_hold(networks);
	access->common_log_only = log_only;
	apply(service);
}

static void
swap_lists(struct option_list *a, struct option_list *b)
{
	struct option_list list = *a;

	*a = *b;
	*b = list;
}

void
service_take_access(struct service *service, struct service *from)
{
	struct service_access access = service->access;

	service->access = from->access;
	from->access = access;
	swap_lists(&service->common.allow, &from->common.allow);
	swap_lists(&service->common.deny, &from->common.deny);
	service->common.log_only = from->common.log_only;
	apply(service);
	review(service);
}

void
service_follow_access(
    struct service *service, struct network_set *networks, bool log_only)
{
	if (service->successor != NULL)
		apply_of(service, service->successor);
	else
		service_set_access(service, networks, log_only);
	review(service);
}

size_t
service_max_connections(const struct service *service)
{
	size_t max = service->common.max_connections;
	size_t type_max = service->type->connections_max;

	return type_max != 0 && type_max < max ? type_max : max;
}

int
service_admission_begin(struct service *service)
{
	const struct service_common *common = &service->common;
	struct admission_config config = {
		.datagram_rate = common->datagram_rate,
		.datagram_rate_per_source = common->datagram_rate_per_source,
		.connection_rate = common->connection_rate,
		.connection_rate_per_source =
		    common->connection_rate_per_source,
		.burst_ms = common->rate_burst,
		.max_connections_per_source =
		    (uint32_t)common->max_connections_per_source,
		.max_connections = (uint32_t)service_max_connections(service),
		.prefix4 = (unsigned)common->source_prefix4,
		.prefix6 = (unsigned)common->source_prefix6,
	};

	if ((service->admission = admission_new(&config)) == NULL)
		return -1;
	apply(service);
	return 0;
}

void
service_admission_end(struct service *service)
{
	admission_free(service->admission);
	service->admission = NULL;
}
