/* SPDX-License-Identifier: ISC */
/* Counts of sources: exact, whatever comes and goes, and never more than room.
 */
#include "base/source_count.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "check_main.h"
#include "check_peer.h"

#define MAX     1000
#define SOURCES 300
#define STEPS   200000

START_TEST(test_sources)
{
	struct source_count *counts = source_count_new(10, 24, 64);

	ck_assert_uint_ne(source_count_add(counts, peer_of("10.0.0.1")), 0);
	ck_assert_uint_ne(source_count_add(counts, peer_of("10.0.0.255")), 0);
	ck_assert_uint_ne(
	    source_count_add(counts, peer_of("::ffff:10.0.0.7")), 0);
	ck_assert_uint_ne(source_count_add(counts, peer_of("fd00::1")), 0);
	ck_assert_uint_eq(source_count_of(counts, peer_of("10.0.0.9")), 3);
	ck_assert_uint_eq(source_count_of(counts, peer_of("10.0.1.1")), 0);
	ck_assert_uint_eq(source_count_of(counts, peer_of("fd00::ffff:1")), 1);
	ck_assert_uint_eq(source_count_of(counts, peer_of("fd00:0:0:1::1")), 0);
	source_count_free(counts);
	source_count_free(NULL);
}
END_TEST

START_TEST(test_room)
{
	struct source_count *counts = source_count_new(3, 32, 64);
	uint32_t tickets[3];

	for (uint32_t i = 0; i < COUNT(tickets); i++) {
		tickets[i] = source_count_add(counts, numbered_peer(i));
		ck_assert_uint_ne(tickets[i], 0);
	}
	ck_assert_uint_eq(source_count_add(counts, numbered_peer(0)), 0);
	ck_assert_uint_eq(source_count_add(counts, numbered_peer(9)), 0);
	source_count_remove(counts, tickets[1]);
	ck_assert_uint_ne(source_count_add(counts, numbered_peer(9)), 0);
	ck_assert_uint_eq(source_count_of(counts, numbered_peer(1)), 0);
	ck_assert_uint_eq(source_count_of(counts, numbered_peer(9)), 1);
	source_count_free(counts);
}
END_TEST

/* What is open, in a list. */
static struct {
	uint32_t ticket, source;
} open[MAX];
static uint32_t expected[SOURCES];
static size_t open_count, full;

static void
come(struct source_count *counts, uint32_t source)
{
	uint32_t ticket = source_count_add(counts, numbered_peer(source));

	ck_assert((ticket == 0) == (open_count == MAX));
	if (ticket == 0) {
		full++;
		return;
	}
	open[open_count].ticket = ticket;
	open[open_count++].source = source;
	expected[source]++;
}

static void
go(struct source_count *counts, size_t n)
{
	source_count_remove(counts, open[n].ticket);
	expected[open[n].source]--;
	open[n] = open[--open_count];
}

/* Connections come and go in any order; what is counted is what is there. */
START_TEST(test_random)
{
	struct source_count *counts = source_count_new(MAX, 32, 64);
	uint64_t state = 1;

	for (size_t i = 0; i < STEPS; i++) {
		uint32_t number, source;

		state = state * UINT64_C(6364136223846793005) + 1;
		number = (uint32_t)(state >> 33);
		source = number % SOURCES;
		/* More come than go, and then the other way round. */
		if (number / SOURCES % 10 < (i / 5000 % 2 == 0 ? 6 : 4))
			come(counts, source);
		else if (open_count > 0)
			go(counts, number % open_count);
		ck_assert_uint_eq(
		    source_count_of(counts, numbered_peer(source)),
		    expected[source]);
	}
	ck_assert_uint_gt(full, 0);
	for (uint32_t i = 0; i < SOURCES; i++)
		ck_assert_uint_eq(
		    source_count_of(counts, numbered_peer(i)), expected[i]);
	source_count_free(counts);
}
END_TEST

CHECK_MAIN("source_count", test_sources, test_room, test_random)
