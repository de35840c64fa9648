/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the rates of sources in a table that is too small for them. Who is
 * forgotten cannot be foretold, as the hash has a key; but however many come,
 * they get no more than all the buckets hold, after a silence each gets a
 * burst, and every refusal is told once, to its source or among the forgotten.
 */
#include "base/rate.h"

#include <stdbool.h>

#include "fuzz_peer.h"

#define SOURCES 64
#define WAYS    4 /* the least size of a table */

struct world {
	struct rate_config config;
	struct rate *rate;
	uint64_t size; /* buckets */
	uint64_t passed, refused, told;
	int64_t now_ms, begun_ms;
};

/* IPv4, in both forms, and IPv6. */
static void
set_source(struct fuzz_peer *peer, unsigned number)
{
	memset(peer, 0, sizeof(*peer));
	peer->address[15] = (unsigned char)(number / 2);
	if (number % 2 == 0)
		memset(peer->address + 10, 0xff, 2);
	else
		peer->address[0] = 0xfd;
	fuzz_peer_set(peer, number % 4 == 0 ? AF_INET : AF_INET6);
}

/* What all buckets together can have given by now. */
static uint64_t
most(const struct world *world)
{
	uint64_t passed_ms = (uint64_t)(world->now_ms - world->begun_ms);

	return world->size *
	    (world->config.burst + 1 +
		passed_ms * world->config.per_second / 1000);
}

/* Returns whether it was let through. */
static bool
ask(struct world *world, unsigned number)
{
	struct fuzz_peer peer;
	uint64_t suppressed = 0;
	bool is_let;

	set_source(&peer, number);
	is_let = rate_take(world->rate, &peer.u.sa, world->now_ms, &suppressed);
	world->told += suppressed;
	world->passed += is_let;
	world->refused += !is_let;
	REQUIRE(is_let || suppressed == 0);
	REQUIRE(world->passed <= most(world));
	return is_let;
}

/* After a silence all buckets are full, whosever they were. */
static void
ask_after_silence(struct world *world, unsigned number, unsigned times)
{
	uint64_t burst = world->config.burst, let = 0;

	world->now_ms += 1 + (int64_t)(burst * 1000 / world->config.per_second);
	for (unsigned i = 0; i < times; i++)
		let += ask(world, number);
	REQUIRE(let == (times < burst ? times : burst));
}

/* Everybody comes once more: nothing is left untold. */
static void
require_told(struct world *world)
{
	for (unsigned number = 0; number < SOURCES; number++)
		ask_after_silence(world, number, 1);
	world->told += rate_take_forgotten(world->rate);
	REQUIRE(world->told == world->refused);
	REQUIRE(rate_take_forgotten(world->rate) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	struct world world = { .now_ms = 1, .begun_ms = 1 };

	world.config.size = 1 + fuzz_byte(&input) % 16;
	world.config.per_second = 1 + fuzz_byte(&input);
	world.config.burst = 1 + fuzz_byte(&input) % 16;
	world.config.prefix4 = SOURCE_PREFIX4;
	world.config.prefix6 = 128;
	for (world.size = WAYS; world.size < world.config.size;)
		world.size *= 2;
	world.rate = rate_new(&world.config);
	REQUIRE(world.rate != NULL);
	while (input.at < input.end) {
		unsigned event = fuzz_byte(&input), number = event / 4;

		if (event % 4 == 0)
			world.now_ms += number;
		else if (event % 4 == 1)
			ask_after_silence(&world, number, fuzz_byte(&input));
		else
			for (unsigned i = event % 4 == 2 ? 1 : SOURCES; i > 0;
			     i--)
				(void)ask(&world, (number + i) % SOURCES);
	}
	require_told(&world);
	rate_free(world.rate);
	return 0;
}
