/* SPDX-License-Identifier: ISC */
/* The options that every service has, and finding a type's own. */
#include "core/service_private.h"

#include <stdlib.h>

/* A second: what no machine reaches, and no sum of it overflows. */
#define RATE_MAX 10000000

/* In the order of enum service_merge. */
static const char *const merges[] = { "auto", "yes", "no", NULL };

/* In the order of enum pair_rule. */
static const char *const pair_rules[] = { "no", "yes", "strict", NULL };

#define FIELD(name) offsetof(struct service_common, name)

static const struct option common_rows[] = {
	{ .name = "listen",
	    .kind = OPTION_LIST,
	    .offset = FIELD(listen),
	    .help = "addresses to serve: [HOST:]PORT[/udp|/tcp], unix:/path "
		    "or unixgram:/path" },
	{ .name = "allow",
	    .kind = OPTION_LIST,
	    .offset = FIELD(allow),
	    .help =
		"networks that may come in: ADDRESS[/BITS], localhost or *" },
	{ .name = "deny",
	    .kind = OPTION_LIST,
	    .offset = FIELD(deny),
	    .help = "networks that may not; of several the longest decides" },
	{ .name = "log-only",
	    .kind = OPTION_BOOL,
	    .offset = FIELD(log_only),
	    .initial = "no",
	    .help = "tells whom these limits would refuse, and serves them" },
	{ .name = "max-connections",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(max_connections),
	    .initial = "10000",
	    .min = 1,
	    .max = 1000000,
	    .help = "connections at once; more are reset" },
	{ .name = "max-connections-per-source",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(max_connections_per_source),
	    .initial = "0",
	    .max = 1000000,
	    .help = "of those from one source; 0: any" },
	{ .name = "connection-rate",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(connection_rate),
	    .initial = "0",
	    .max = RATE_MAX,
	    .unit = "a second",
	    .help = "connections a second; 0: any" },
	{ .name = "connection-rate-per-source",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(connection_rate_per_source),
	    .initial = "0",
	    .max = RATE_MAX,
	    .unit = "a second",
	    .help = "of those from one source; 0: any" },
	{ .name = "datagram-rate",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(datagram_rate),
	    .initial = "0",
	    .max = RATE_MAX,
	    .unit = "a second",
	    .help = "datagrams a second; 0: any" },
	{ .name = "datagram-rate-per-source",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(datagram_rate_per_source),
	    .initial = "0",
	    .max = RATE_MAX,
	    .unit = "a second",
	    .help = "of those from one source; 0: any" },
	{ .name = "rate-burst",
	    .kind = OPTION_TIME,
	    .offset = FIELD(rate_burst),
	    .initial = "1s",
	    .min = 1,
	    .max = 10 * 60 * 1000,
	    .help = "what comes in it at a rate may come at once" },
	{ .name = "source-prefix4",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(source_prefix4),
	    .initial = "32",
	    .max = 32,
	    .unit = "bits",
	    .help = "of an IPv4 address that make a source" },
	{ .name = "source-prefix6",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(source_prefix6),
	    .initial = "64",
	    .max = 128,
	    .unit = "bits",
	    .help = "of an IPv6 address that make a source" },
	{ .name = "idle-timeout",
	    .kind = OPTION_TIME,
	    .offset = FIELD(idle_timeout),
	    .initial = "10m",
	    .min = 0,
	    .max = 7ULL * 24 * 60 * 60 * 1000,
	    .help = "closes a connection on which nothing moves; 0: never" },
	{ .name = "max-output",
	    .kind = OPTION_SIZE,
	    .offset = FIELD(max_output),
	    .initial = "256K",
	    .min = 64 << 10,
	    .max = 1 << 30,
	    .help = "output that may wait for a connection's slow reader" },
	{ .name = "receive-buffer",
	    .kind = OPTION_SIZE,
	    .offset = FIELD(receive_buffer),
	    .initial = "24M",
	    .min = 0,
	    .max = 512 << 20,
	    .help = "queue of a datagram socket in the kernel; 0: the system's "
		    "default" },
	{ .name = "merge",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(merge),
	    .initial = "auto",
	    .choices = merges,
	    .help = "takes runs of datagrams as one; auto: where each that is "
		    "lost need not be counted" },
	{ .name = "backlog",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(backlog),
	    .initial = "1024",
	    .min = 1,
	    .max = 65535,
	    .help = "connections that may wait to be accepted" },
	{ .name = "reuse-port",
	    .kind = OPTION_BOOL,
	    .offset = FIELD(reuse_port),
	    .initial = "no",
	    .help = "several netlabd share the port, and the kernel spreads "
		    "what comes" },
	{ .name = "socket-mode",
	    .kind = OPTION_MODE,
	    .offset = FIELD(socket_mode),
	    .initial = "0",
	    .max = 0777,
	    .help = "permissions of unix sockets; 0: what the umask leaves" },
	{ .name = "socket-group",
	    .kind = OPTION_TEXT,
	    .offset = FIELD(socket_group),
	    .initial = "",
	    .help = "the group of unix sockets, a name or a number" },
	{ .name = "loop-ports",
	    .kind = OPTION_LIST,
	    .offset = FIELD(loop_ports),
	    .help = "ports whose servers answer anything, besides those known: "
		    "numbers, ranges such as 7000-7100" },
	{ .name = "pair-rule",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(pair_rule),
	    .initial = "yes",
	    .choices = pair_rules,
	    .help = "leaves unanswered what an answer may have caused" },
	{ .name = "amplification",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(amplification),
	    .initial = "0",
	    .max = 20,
	    .unit = "bytes",
	    .help = "of an answer for each of a datagram, with headers; 0: "
		    "what the type needs" },
	{ .name = NULL },
};

const struct option *
service_common_options(void)
{
	return common_rows;
}

const struct option *
service_find_option(const struct service_type *type, const char *name)
{
	const struct option *row = option_find(common_rows, name);

	if (row == NULL && type->options != NULL)
		row = option_find(type->options, name);
	return row;
}

static bool
is_common(const struct option *row)
{
	return row >= common_rows &&
	    row < common_rows + sizeof(common_rows) / sizeof(*common_rows);
}

static int
add_loop_ports(struct service *service, const char *text, char why[WHY_SIZE])
{
	if (service->loop_ports == NULL)
		service->loop_ports = calloc(1, sizeof(*service->loop_ports));
	if (service->loop_ports == NULL)
		return why_set(why, "out of memory");
	return ports_add(service->loop_ports, text, why);
}

int
service_set_option(struct service *service, const struct option *row,
    const char *text, char why[WHY_SIZE])
{
	if (!is_common(row))
		return option_set(row, service->settings, text, why);
	if (row->offset == FIELD(listen) &&
	    address_parse(text, service_transports(service->type),
		&service->addresses, why) == -1)
		return -1;
	if ((row->offset == FIELD(allow) || row->offset == FIELD(deny)) &&
	    network_set_parse(&service->access.own, text,
		row->offset == FIELD(allow), why) == -1)
		return -1;
	if (row->offset == FIELD(loop_ports) &&
	    add_loop_ports(service, text, why) == -1)
		return -1;
	return option_set(row, &service->common, text, why);
}

void
service_each_path(const struct service *service, service_path_fn *file,
    service_path_fn *socket, void *arg)
{
	for (size_t i = 0; i < service->addresses.count; i++) {
		const struct address *address = &service->addresses.items[i];

		if (address->u.sa.sa_family == AF_UNIX)
			socket(arg, address->u.un.sun_path);
	}
	if (service->type->paths != NULL)
		service->type->paths(service->settings, file, arg);
}
