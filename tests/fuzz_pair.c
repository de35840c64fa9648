/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the pair rule with what comes one after the other: datagrams of a few
 * pairs, alone and in long runs that repeat themselves or do not, pauses, and
 * floods of other pairs. Each pair's past is kept a second time, simply, and
 * every answer and every refusal has to agree with what the rule promises.
 */
#include "net/pair.h"

#include <stdbool.h>

#include "fuzz_peer.h"

#define PAIRS       4 /* that fit a set of the table, all of them */
#define LOCAL_PORTS 3
#define PERIOD_MAX  128
#define TABLE_SIZE  16384 /* pairs of a kind that are remembered */
#define TEXT_SIZE   1400

/* Beyond PAIR_REPEATS, until a period is found after something else. */
#define SEARCH_MAX 1024

/* Datagrams of one input. */
#define BUDGET (5 * PAIR_REPEATS)

/* Texts with a number in two bytes; 64 bytes of either end are looked at. */
static const struct shape {
	size_t len, place;
	bool is_seen;
} shapes[] = { { 0, 0, false }, { 2, 0, true }, { 5, 3, true },
	{ 64, 62, true }, { 65, 62, true }, { 127, 63, true },
	{ 128, 63, true }, { 128, 126, true }, { 130, 64, false },
	{ 131, 64, false }, { 131, 67, true }, { TEXT_SIZE, 0, true },
	{ TEXT_SIZE, 62, true }, { TEXT_SIZE, 64, false },
	{ TEXT_SIZE, 1334, false }, { TEXT_SIZE, 1336, true } };

#define SHAPES (sizeof(shapes) / sizeof(*shapes))

/* What is known of a pair. */
struct past {
	struct fuzz_peer peer;
	unsigned local_port;
	int64_t answered_ms, muted_ms; /* 0: not */
	uint32_t count;                /* datagrams, muted ones not */
	/* Those since it was quiet, and of them those seen shortly before. */
	uint32_t length, again;
	unsigned first;             /* text of them */
	bool is_same, is_flooded;   /* all have it; may be forgotten */
	uint32_t seen[SHAPES][256]; /* when a text last was, by count */
};

static struct {
	struct past pasts[PAIRS];
	enum pair_rule rules[LOCAL_PORTS];
	bool ignores_data[LOCAL_PORTS];
	int64_t now_ms, servers_flooded_ms, clients_flooded_ms;
	uint32_t left; /* of BUDGET */
} world;

static bool
is_client(const struct past *past)
{
	return world.rules[past->local_port] == PAIR_ON &&
	    past->peer.port >= PAIR_CLIENT_PORT;
}

/* That of the same pair, which may have come in another form. */
static struct past *
find_past(const struct past *wanted)
{
	struct past *past = world.pasts;

	while (memcmp(past->peer.address, wanted->peer.address, 16) != 0 ||
	    past->peer.port != wanted->peer.port ||
	    past->local_port != wanted->local_port)
		past++;
	return past;
}

static enum guard_reason
ask(const struct past *from, const struct shape *shape, unsigned number)
{
	static char data[TEXT_SIZE];
	struct pair_question question = { &from->peer.u.sa, from->local_port,
		data, shape->len, world.now_ms };

	if (world.ignores_data[from->local_port])
		question.data = NULL;
	memset(data, 'x', shape->len);
	if (shape->len > 0) {
		data[shape->place] = (char)number;
		data[shape->place + 1] = (char)~number;
	}
	return pair_check(world.rules[from->local_port], &question);
}

/* A pair that may be a server: once in PAIR_ECHO_MS, whatever else comes. */
static void
judge_server(struct past *past, enum guard_reason reason)
{
	bool waits = past->answered_ms != 0 &&
	    world.now_ms < past->answered_ms + PAIR_ECHO_MS;

	if (reason == GUARD_PASS) {
		REQUIRE(!waits);
		past->answered_ms = world.now_ms;
		return;
	}
	REQUIRE(reason == GUARD_PAIR);
	/* While there is room, nobody else has to wait. */
	REQUIRE(
	    waits || world.now_ms < world.servers_flooded_ms + PAIR_ECHO_MS);
}

/* Notes a datagram of a pair that was not muted, and may be a client. */
static void
note_text(struct past *past, size_t shape, unsigned number)
{
	unsigned text = (unsigned)shape << 8 | number;
	uint32_t *seen = &past->seen[shape][number];

	if (past->answered_ms == 0 ||
	    world.now_ms >= past->answered_ms + PAIR_ECHO_MS) {
		past->length = past->again = 0;
		past->first = text;
		past->is_same = true;
		past->is_flooded = false;
	}
	past->is_flooded |=
	    world.now_ms < world.clients_flooded_ms + PAIR_ECHO_MS;
	past->is_same &= text == past->first;
	past->again += *seen > past->count - past->length &&
	    past->count - *seen < PERIOD_MAX;
	past->length++;
	*seen = ++past->count;
}

/* Muted is who repeats himself so often, and nobody else. */
static void
judge_client(
    struct past *past, enum guard_reason reason, size_t shape, unsigned number)
{
	if (past->muted_ms != 0 &&
	    world.now_ms < past->muted_ms + PAIR_MUTE_MS) {
		REQUIRE(reason == GUARD_MUTED);
		return;
	}
	past->muted_ms = 0;
	note_text(past, shape, number);
	if (reason == GUARD_PASS) {
		REQUIRE(!past->is_same || past->is_flooded ||
		    past->length <= PAIR_REPEATS);
		past->answered_ms = world.now_ms;
		return;
	}
	REQUIRE(reason == GUARD_MUTED);
	REQUIRE(past->length > PAIR_REPEATS);
	REQUIRE(past->again >= PAIR_REPEATS / PERIOD_MAX);
	past->muted_ms = world.now_ms;
	past->answered_ms = 0;
}

/* Returns whether it was answered. */
static bool
send_one(unsigned pair, size_t shape, unsigned number)
{
	const struct past *from = &world.pasts[pair % PAIRS];
	struct past *past = find_past(from);
	enum guard_reason reason = ask(from, &shapes[shape], number);

	world.left--;
	shape = world.ignores_data[from->local_port] ? 0 : shape;
	number = shapes[shape].is_seen ? number & 255 : 0;
	if (world.rules[from->local_port] == PAIR_OFF)
		REQUIRE(reason == GUARD_PASS);
	else if (is_client(past))
		judge_client(past, reason, shape, number);
	else
		judge_server(past, reason);
	return reason == GUARD_PASS;
}

/* Numbers that change after gap datagrams, and begin anew after a period. */
static void
send_run(struct fuzz_input *input, unsigned pair)
{
	static const uint32_t counts[] = { 2, 130, 1000, PAIR_REPEATS - 1,
		PAIR_REPEATS + 1, PAIR_REPEATS + 1200, 2 * PAIR_REPEATS };
	size_t shape = fuzz_byte(input) % SHAPES;
	uint32_t count = counts[fuzz_byte(input) % 7], answered = 0;
	unsigned first = fuzz_byte(input), period = fuzz_byte(input) + 1;
	unsigned gap = fuzz_byte(input) % 128 + 1, pace = fuzz_byte(input);
	const struct past *past = find_past(&world.pasts[pair % PAIRS]);

	for (uint32_t i = 0; i < count && world.left > 0; i++) {
		bool is_answered =
		    send_one(pair, shape, first + i / gap % period);

		answered = is_answered ? answered + 1 : 0;
		REQUIRE(answered < PAIR_REPEATS + SEARCH_MAX ||
		    period * gap > PERIOD_MAX ||
		    world.rules[past->local_port] == PAIR_OFF);
		if (pace > 0 && i % pace == 0)
			world.now_ms++;
	}
}

/* Very many others at once, each of them once. */
static void
send_flood(struct fuzz_input *input)
{
	static uint32_t number;
	static struct past other;
	unsigned kind = fuzz_byte(input);
	uint32_t count = fuzz_byte(input) * 128, answered = 0;

	other.local_port = kind % LOCAL_PORTS;
	memset(other.peer.address, 0, sizeof(other.peer.address));
	other.peer.address[0] = 0xfd;
	other.peer.port = kind % 2 == 0 ? 1024 : PAIR_CLIENT_PORT;
	for (; count > 0 && world.left > 0; count--, world.left--) {
		number++;
		memcpy(other.peer.address + 8, &number, sizeof(number));
		fuzz_peer_set(&other.peer, AF_INET6);
		answered += ask(&other, &shapes[1], number) == GUARD_PASS;
	}
	if (is_client(&other)) {
		world.clients_flooded_ms = world.now_ms;
	} else if (world.rules[other.local_port] != PAIR_OFF) {
		world.servers_flooded_ms = world.now_ms;
		REQUIRE(answered <= TABLE_SIZE);
	}
}

static void
pause_for(unsigned code)
{
	static const int64_t pauses_ms[] = { 1, 100, PAIR_ECHO_MS - 1,
		PAIR_ECHO_MS, PAIR_ECHO_MS + 1, PAIR_MUTE_MS - PAIR_ECHO_MS,
		PAIR_MUTE_MS - 1, PAIR_MUTE_MS };

	world.now_ms += pauses_ms[code % 8];
}

/* Any peer, or the one before, in any form, at any of our ports. */
static void
take_pair(struct fuzz_input *input, unsigned number)
{
	struct past *past = &world.pasts[number];
	unsigned code = fuzz_byte(input);

	past->local_port = code % LOCAL_PORTS;
	if (code < 128 || number == 0) {
		fuzz_peer_take(&past->peer, input);
	} else {
		past->peer = past[-1].peer;
		fuzz_peer_set(&past->peer, AF_INET6);
	}
}

/* Everybody before is forgotten: the table has no other way to be emptied. */
static void
begin(struct fuzz_input *input)
{
	int64_t now_ms = world.now_ms + PAIR_MUTE_MS + 1;
	unsigned modes = fuzz_byte(input);

	memset(&world, 0, sizeof(world));
	world.now_ms = now_ms;
	world.left = BUDGET;
	world.servers_flooded_ms = world.clients_flooded_ms = -PAIR_ECHO_MS;
	for (unsigned i = 0; i < LOCAL_PORTS; i++) {
		world.rules[i] = modes % 3;
		modes /= 3;
	}
	world.ignores_data[2] = modes % 2 == 0;
	for (unsigned i = 0; i < PAIRS; i++)
		take_pair(input, i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	begin(&input);
	while (input.at < input.end && world.left > 0) {
		unsigned event = fuzz_byte(&input), pair = event / 8;

		if (event % 8 < 3)
			pause_for(pair);
		else if (event % 8 == 3)
			send_flood(&input);
		else if (event % 8 == 4)
			send_run(&input, pair);
		else
			(void)send_one(pair, fuzz_byte(&input) % SHAPES,
			    fuzz_byte(&input));
	}
	return 0;
}
