/* SPDX-License-Identifier: ISC */
/* Who may come in, how many and how fast. */
#include "net/admission.h"

#include <stdlib.h>

#include "base/rate.h"
#include "base/source_count.h"
#include "base/tokens.h"

/* The rates of one kind of traffic. */
struct gate {
	struct rate *sources; /* NULL: any */
	bool is_limited;      /* all of them together are */
	struct tokens tokens;
	int64_t full_ns;
};

struct admission {
	struct network_set *networks; /* NULL: everybody */
	bool log_only;
	struct gate datagrams, connections;
	uint32_t max_per_source;
	struct source_count *counts; /* NULL: any number */
};

static uint64_t
burst_of(const struct admission_config *config, uint64_t per_second)
{
	uint64_t burst = per_second * config->burst_ms / 1000;

	return burst > 0 ? burst : 1;
}

static int
gate_open(struct gate *gate, const struct admission_config *config,
    uint64_t rate, uint64_t per_source)
{
	struct rate_config sources = {
		.size = ADMISSION_SOURCES,
		.per_second = per_source,
		.burst = burst_of(config, per_source),
		.prefix4 = config->prefix4,
		.prefix6 = config->prefix6,
	};

	gate->is_limited = rate != 0;
	tokens_set(&gate->tokens, rate, burst_of(config, rate));
	if (per_source == 0)
		return 0;
	gate->sources = rate_new(&sources);
	return gate->sources == NULL ? -1 : 0;
}

static int
count_sources(
    struct admission *admission, const struct admission_config *config)
{
	admission->max_per_source = config->max_connections_per_source;
	if (config->max_connections_per_source == 0)
		return 0;
	admission->counts = source_count_new(
	    config->max_connections, config->prefix4, config->prefix6);
	return admission->counts == NULL ? -1 : 0;
}

struct admission *
admission_new(const struct admission_config *config)
{
	struct admission *admission = calloc(1, sizeof(*admission));

	if (admission == NULL)
		return NULL;
	if (gate_open(&admission->datagrams, config, config->datagram_rate,
		config->datagram_rate_per_source) == -1 ||
	    gate_open(&admission->connections, config, config->connection_rate,
		config->connection_rate_per_source) == -1 ||
	    count_sources(admission, config) == -1) {
		admission_free(admission);
		return NULL;
	}
	return admission;
}

void
admission_free(struct admission *admission)
{
	if (admission == NULL)
		return;
	network_set_release(admission->networks);
	rate_free(admission->datagrams.sources);
	rate_free(admission->connections.sources);
	source_count_free(admission->counts);
	free(admission);
}

void
admission_set(
    struct admission *admission, struct network_set *networks, bool log_only)
{
	struct network_set *before = admission->networks;

	admission->networks = network_set_hold(networks);
	admission->log_only = log_only;
	network_set_release(before);
}

bool
admission_judges_datagrams(const struct admission *admission)
{
	return admission != NULL &&
	    (admission->networks != NULL || admission->datagrams.is_limited ||
		admission->datagrams.sources != NULL);
}

bool
admission_counts_connections(const struct admission *admission)
{
	return admission != NULL && admission->counts != NULL;
}

bool
admission_is_log_only(const struct admission *admission)
{
	return admission != NULL && admission->log_only;
}

static bool
has_address(const struct sockaddr *peer)
{
	return peer != NULL &&
	    (peer->sa_family == AF_INET || peer->sa_family == AF_INET6);
}

/* A source's own first: what it may not takes nothing from the others. */
static enum guard_reason
gate_take(struct gate *gate, const struct sockaddr *peer, int64_t now_ms,
    enum guard_reason of_source, enum guard_reason of_all)
{
	uint64_t suppressed;

	if (gate->sources != NULL &&
	    !rate_take(gate->sources, peer, now_ms, &suppressed))
		return of_source;
	if (gate->is_limited &&
	    !tokens_take(&gate->tokens, &gate->full_ns, now_ms))
		return of_all;
	return GUARD_PASS;
}

static bool
is_denied(const struct admission *admission, const struct sockaddr *peer)
{
	return admission != NULL && admission->networks != NULL &&
	    has_address(peer) && !network_set_admits(admission->networks, peer);
}

enum guard_reason
admission_check_datagram(
    const struct admission *admission, const struct sockaddr *peer)
{
	return is_denied(admission, peer) ? GUARD_DENIED : GUARD_PASS;
}

enum guard_reason
admission_take_datagram(
    struct admission *admission, const struct sockaddr *peer, int64_t now_ms)
{
	if (!has_address(peer))
		return GUARD_PASS;
	return gate_take(&admission->datagrams, peer, now_ms,
	    GUARD_DATAGRAM_RATE_PER_SOURCE, GUARD_DATAGRAM_RATE);
}

enum guard_reason
admission_check_connection(
    const struct admission *admission, const struct sockaddr *peer)
{
	return is_denied(admission, peer) ? GUARD_DENIED_CONNECTION
					  : GUARD_PASS;
}

enum guard_reason
admission_take_connection(
    struct admission *admission, const struct sockaddr *peer, int64_t now_ms)
{
	if (admission == NULL || !has_address(peer))
		return GUARD_PASS;
	if (admission->counts != NULL &&
	    source_count_of(admission->counts, peer) >=
		admission->max_per_source)
		return GUARD_MAX_CONNECTIONS_PER_SOURCE;
	return gate_take(&admission->connections, peer, now_ms,
	    GUARD_CONNECTION_RATE_PER_SOURCE, GUARD_CONNECTION_RATE);
}

uint32_t
admission_enter(struct admission *admission, const struct sockaddr *peer)
{
	if (admission == NULL || admission->counts == NULL ||
	    !has_address(peer))
		return 0;
	return source_count_add(admission->counts, peer);
}

void
admission_leave(struct admission *admission, uint32_t ticket)
{
	if (ticket != 0)
		source_count_remove(admission->counts, ticket);
}
