/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes who is let in: limits, networks, and then whatever comes from a few
 * sources, and leaves again. A second reading, which keeps each number plainly
 * and looks through all that there is, finds the same verdict each time.
 */
#include "net/admission.h"

#include "fuzz_networks.h"
#include "fuzz_peer.h"

#define PEERS  4 /* that fit a set of the tables, all of them */
#define GUESTS 64

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* What is in a bucket, in the time that its tokens take to come. */
struct bucket {
	int64_t level_ns, asked_ms;
};

/* The rates of one kind of traffic: each peer's stands for its source's. */
struct traffic {
	uint64_t rate, rate_per_source; /* 0: any */
	struct bucket all, of_source[PEERS];
	enum guard_reason beyond_own, beyond_all;
};

struct guest {
	unsigned source; /* the first peer of it */
	uint32_t ticket;
};

struct world {
	struct admission_config config;
	struct admission *admission;
	struct traffic datagrams, connections;
	struct fuzz_peer peers[PEERS];
	struct fuzz_networks networks;
	bool is_log_only;
	struct guest guests[GUESTS];
	size_t guest_count;
	int64_t now_ms;
};

/* --- Networks */

static void
set_networks(struct world *world, struct fuzz_input *input)
{
	unsigned shape = fuzz_byte(input);
	struct network_set *set = shape % 8 > 0 ? network_set_new() : NULL;

	world->networks = (struct fuzz_networks){ .is_set = set != NULL };
	world->is_log_only = shape / 8 % 2 != 0;
	for (unsigned i = 1; i < shape % 8; i++)
		fuzz_add_network(&world->networks, set, input);
	admission_set(world->admission, set, world->is_log_only);
	network_set_release(set);
	REQUIRE(admission_is_log_only(world->admission) == world->is_log_only);
	REQUIRE(admission_judges_datagrams(world->admission) ==
	    (world->networks.is_set || world->config.datagram_rate > 0 ||
		world->config.datagram_rate_per_source > 0));
}

/* --- Rates */

/* Takes a token, if there is one: so many a second, and so many at once. */
static bool
take(struct bucket *bucket, const struct world *world, uint64_t rate)
{
	int64_t token_ns = NS_PER_S / (int64_t)rate;
	uint64_t burst = rate * world->config.burst_ms / 1000;
	int64_t full_ns = token_ns * (burst > 0 ? (int64_t)burst : 1);

	/* The clock stands still for a ms: what comes in it comes at once. */
	if (rate > 1000)
		full_ns += NS_PER_MS;
	bucket->level_ns += (world->now_ms - bucket->asked_ms) * NS_PER_MS;
	if (bucket->level_ns > full_ns || bucket->asked_ms == 0)
		bucket->level_ns = full_ns;
	bucket->asked_ms = world->now_ms;
	if (bucket->level_ns < token_ns)
		return false;
	bucket->level_ns -= token_ns;
	return true;
}

static enum guard_reason
judge_rates(const struct world *world, struct traffic *traffic, unsigned source)
{
	struct bucket *own = &traffic->of_source[source];

	if (traffic->rate_per_source > 0 &&
	    !take(own, world, traffic->rate_per_source))
		return traffic->beyond_own;
	if (traffic->rate > 0 && !take(&traffic->all, world, traffic->rate))
		return traffic->beyond_all;
	return GUARD_PASS;
}

/* --- What comes */

/* The first of the peers that are one sender with this one. */
static unsigned
source_of_peer(const struct world *world, unsigned peer)
{
	const unsigned char *address = world->peers[peer].address, *other;
	unsigned bits = fuzz_is_ipv4(address) ? 96 + world->config.prefix4
					      : world->config.prefix6;

	for (unsigned i = 0; i < peer; i++) {
		other = world->peers[i].address;
		if (fuzz_is_ipv4(other) == fuzz_is_ipv4(address) &&
		    fuzz_is_same(other, address, bits))
			return i;
	}
	return peer;
}

static void
send_datagram(struct world *world, unsigned peer)
{
	const struct sockaddr *from = &world->peers[peer].u.sa;
	bool denied =
	    fuzz_is_denied(&world->networks, world->peers[peer].address);

	REQUIRE(admission_check_datagram(world->admission, from) ==
	    (denied ? GUARD_DENIED : GUARD_PASS));
	if (!denied)
		REQUIRE(admission_take_datagram(
			    world->admission, from, world->now_ms) ==
		    judge_rates(
			world, &world->datagrams, source_of_peer(world, peer)));
}

static enum guard_reason
judge_connection(struct world *world, unsigned source)
{
	uint32_t max = world->config.max_connections_per_source, count = 0;

	for (size_t i = 0; i < world->guest_count; i++)
		count += world->guests[i].source == source;
	return max > 0 && count >= max
	    ? GUARD_MAX_CONNECTIONS_PER_SOURCE
	    : judge_rates(world, &world->connections, source);
}

/* Who is refused is let in none the less where that is only told. */
static void
connect_peer(struct world *world, unsigned peer)
{
	const struct sockaddr *from = &world->peers[peer].u.sa;
	unsigned source = source_of_peer(world, peer);
	enum guard_reason expected =
	    fuzz_is_denied(&world->networks, world->peers[peer].address)
	    ? GUARD_DENIED_CONNECTION
	    : GUARD_PASS;
	struct guest *guest = &world->guests[world->guest_count];

	REQUIRE(admission_check_connection(world->admission, from) == expected);
	if (expected == GUARD_PASS) {
		expected = judge_connection(world, source);
		REQUIRE(admission_take_connection(
			    world->admission, from, world->now_ms) == expected);
	}
	if ((expected != GUARD_PASS && !world->is_log_only) ||
	    world->guest_count == world->config.max_connections)
		return;
	*guest =
	    (struct guest){ source, admission_enter(world->admission, from) };
	world->guest_count++;
	REQUIRE((guest->ticket != 0) ==
	    (world->config.max_connections_per_source > 0));
}

static void
leave(struct world *world, unsigned number)
{
	struct guest *guest;

	if (world->guest_count == 0)
		return;
	guest = &world->guests[number % world->guest_count];
	admission_leave(world->admission, guest->ticket);
	*guest = world->guests[--world->guest_count];
}

/* --- The input */

static uint64_t
take_rate(struct fuzz_input *input)
{
	static const uint64_t rates[] = { 0, 1, 2, 3, 7, 100, 999, 1000, 1001,
		300000, 1000000 };

	return rates[fuzz_byte(input) % 11];
}

static void
begin(struct world *world, struct fuzz_input *input)
{
	static const uint64_t bursts_ms[] = { 1000, 1, 10, 999, 2500, 60000 };
	struct admission_config *config = &world->config;

	config->datagram_rate = world->datagrams.rate = take_rate(input);
	config->datagram_rate_per_source = world->datagrams.rate_per_source =
	    take_rate(input);
	config->connection_rate = world->connections.rate = take_rate(input);
	config->connection_rate_per_source =
	    world->connections.rate_per_source = take_rate(input);
	config->burst_ms = bursts_ms[fuzz_byte(input) % 6];
	config->max_connections_per_source = fuzz_byte(input) % 5;
	config->max_connections = 1 + fuzz_byte(input) % GUESTS;
	config->prefix4 = 32 - fuzz_byte(input) % 33;
	config->prefix6 = 128 - fuzz_byte(input) % 129;
	for (unsigned i = 0; i < PEERS; i++)
		fuzz_peer_take(&world->peers[i], input);
	world->admission = admission_new(config);
	REQUIRE(world->admission != NULL);
	REQUIRE(admission_counts_connections(world->admission) ==
	    (config->max_connections_per_source > 0));
}

/* A kind, and a number: of a peer, of a guest, of ms, of times. */
static void
take_event(struct world *world, struct fuzz_input *input)
{
	static const int64_t pauses_ms[] = { 1, 9, 10, 333, 334, 999, 1000,
		1001, 2500, 60000 };
	unsigned event = fuzz_byte(input), number = event / 8;

	switch (event % 8) {
	case 0:
		set_networks(world, input);
		break;
	case 1:
		world->now_ms += pauses_ms[number % 10];
		break;
	case 2:
		leave(world, number);
		break;
	case 3:
	case 4:
		connect_peer(world, number % PEERS);
		break;
	case 5:
		for (unsigned i = fuzz_byte(input); i > 0; i--)
			send_datagram(world, number % PEERS);
		break;
	default:
		send_datagram(world, number % PEERS);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	struct world world = {
		.now_ms = 1,
		.datagrams.beyond_own = GUARD_DATAGRAM_RATE_PER_SOURCE,
		.datagrams.beyond_all = GUARD_DATAGRAM_RATE,
		.connections.beyond_own = GUARD_CONNECTION_RATE_PER_SOURCE,
		.connections.beyond_all = GUARD_CONNECTION_RATE,
	};

	begin(&world, &input);
	while (input.at < input.end)
		take_event(&world, &input);
	while (world.guest_count > 0)
		leave(&world, 0);
	for (unsigned i = 0; i < PEERS; i++)
		REQUIRE(admission_take_connection(world.admission,
			    &world.peers[i].u.sa,
			    world.now_ms) != GUARD_MAX_CONNECTIONS_PER_SOURCE);
	admission_free(world.admission);
	return 0;
}
