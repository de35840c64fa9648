/* SPDX-License-Identifier: ISC */
/* What the files of the core share: a service from the inside. */
#ifndef CORE_SERVICE_PRIVATE_H
#define CORE_SERVICE_PRIVATE_H

#include <event2/event_struct.h>

#include "base/address.h"
#include "base/log.h"
#include "base/ports.h"
#include "core/service.h"

/* Whether datagrams are received merged; see net/datagram_merge.h. */
enum service_merge {
	SERVICE_MERGE_AUTO,
	SERVICE_MERGE_YES,
	SERVICE_MERGE_NO
};

/* What the common option rows fill. */
struct service_common {
	struct option_list listen;
	struct option_list allow, deny;
	bool log_only;
	struct option_list loop_ports;
	uint64_t max_connections;
	uint64_t max_connections_per_source;
	uint64_t connection_rate, connection_rate_per_source;
	uint64_t datagram_rate, datagram_rate_per_source;
	uint64_t rate_burst; /* ms */
	uint64_t source_prefix4, source_prefix6;
	uint64_t idle_timeout; /* ms */
	uint64_t max_output;
	uint64_t receive_buffer;
	int merge; /* enum service_merge */
	uint64_t backlog;
	bool reuse_port;
	uint64_t socket_mode;
	char *socket_group;
	int pair_rule; /* enum pair_rule */
	uint64_t amplification;
};

/* One address that is served: one of the two engines. */
struct service_listener {
	const struct address *address; /* as it was declared */
	enum shelf_origin origin;
	bool adopted; /* taken off the shelf and not settled yet */
	struct datagram_socket *datagram;
	struct stream_listener *stream;
};

/* The type's timer slot and when it is called. */
struct service_timer {
	struct event event;
	bool has_loop; /* the event can be added */
	bool is_set;
	int64_t deadline_ms; /* of clock_monotonic_ms(), when it is set */
};

/* Who may come in. */
struct service_access {
	struct network_set *own;    /* of common.allow and deny; NULL: none */
	struct network_set *common; /* of all services; NULL: none */
	bool common_log_only;
};

/* What has been said of who was refused for a reason, and what not yet. */
struct service_refusal {
	int64_t due_ms; /* when more may be said; 0: at once */
	uint64_t untold;
};

struct service_refusals {
	struct event event; /* says what is untold */
	bool has_loop;
	struct service_refusal refused[GUARD_REASONS];
	struct service_refusal served[GUARD_REASONS]; /* log-only */
};

struct service {
	const struct service_type *type;
	char *name;
	struct service_common common;
	struct address_list addresses; /* of common.listen */
	struct ports *loop_ports;      /* of common.loop_ports; NULL: none */
	struct service_access access;
	struct admission *admission; /* from listening to stopping */
	void *settings;              /* of the type's own rows */
	void *state;
	bool started; /* the type's start slot succeeded */
	bool retired;
	struct service *successor;
	uid_t socket_owner; /* of those that share a port; 0: who opens them */
	struct service_listener *listeners; /* as many as are open */
	size_t listener_count;
	struct datagram_counters datagrams;
	struct stream_counters streams;
	struct log_limit accept_limit;
	struct service_refusals refusals;
	struct service_timer timer;
};

/* Serves a socket with one of the engines, which owns it; NULL: errno. */
struct datagram_socket *service_open_datagram(
    struct service *service, struct event_base *base, int fd, uint32_t drops);
struct stream_listener *service_open_stream(struct service *service,
    struct event_base *base, struct stream_pool *pool, int fd);

/* What its sockets know of losses, whenever something may have been written. */
void service_note_drops(struct service *service);

/* Makes the admission of its options: 0, or -1: out of memory. */
int service_admission_begin(struct service *service);
void service_admission_end(struct service *service);

/* The most connections at once, of its options and its type. */
size_t service_max_connections(const struct service *service);

/* The loop that its timer needs is there, from listening to stopping. */
void service_timer_begin(struct service *service, struct event_base *base);
void service_timer_end(struct service *service);

/* Logs who is refused, each second a word a reason, with how many. */
guard_refused_fn service_refused;

/* The loop is there; in the end what is untold is told. */
void service_refusals_begin(struct service *service, struct event_base *base);
void service_refusals_end(struct service *service);

#endif
