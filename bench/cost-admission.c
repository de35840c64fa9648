/* SPDX-License-Identifier: ISC */
/*
 * What it costs to judge who may come in, without sockets:
 * cost-admission networks COUNT [LOOKUPS], cost-admission flood SOURCES.
 * Prints one line of JSON. CPU time, not time.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/network_set.h"
#include "net/admission.h"

#define ADDRESSES 65536
#define LOOKUPS   10000000

/* What the flood brings in a second, and how often the guest is among it. */
#define FLOOD_A_MS  1000
#define GUEST_EVERY 10000
#define RATE        100
#define COUNT_MAX   1000000
#define SOURCES_MAX 100000000

static uint64_t random_state = 1;

static uint64_t
random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static double
cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
fail(const char *what)
{
	fprintf(stderr, "cost-admission: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Half of them IPv4 of 8 to 32 bits, half IPv6 of 32 to 64 bits. */
static void
random_network(struct network *network)
{
	uint64_t word = random_word();
	unsigned from = 128;

	memset(network, 0, sizeof(*network));
	if (word % 2 == 0) {
		network->address[10] = network->address[11] = 0xff;
		network->bits = 96 + 8 + (unsigned)(word >> 8) % 25;
		from = 96;
	} else {
		network->address[0] = 0x20;
		network->bits = 32 + (unsigned)(word >> 8) % 33;
		from = 8;
	}
	for (unsigned bit = from; bit < network->bits; bit++)
		if (random_word() >> 40 & 1)
			network->address[bit / 8] |=
			    (unsigned char)(0x80 >> bit % 8);
}

static struct network_set *
make_set(struct network *networks, size_t count)
{
	struct network_set *set = network_set_new();
	char why[WHY_SIZE];

	for (size_t i = 0; set != NULL && i < count;) {
		random_network(&networks[i]);
		i += network_set_add(set, &networks[i], i % 2 == 0, why) == 0;
	}
	if (set == NULL)
		fail("out of memory");
	return set;
}

/* Every other one is in a network of the set. */
static void
make_addresses(struct sockaddr_in6 *addresses, const struct network *networks,
    size_t count)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct network other;
		unsigned char *bytes = addresses[i].sin6_addr.s6_addr;

		if (i % 2 == 0)
			other = networks[random_word() % count];
		else
			random_network(&other);
		for (unsigned bit = other.bits; bit < 128; bit++)
			if (random_word() >> 40 & 1)
				other.address[bit / 8] |=
				    (unsigned char)(0x80 >> bit % 8);
		addresses[i].sin6_family = AF_INET6;
		memcpy(bytes, other.address, 16);
	}
}

static void
measure_networks(size_t count, size_t lookups)
{
	static struct sockaddr_in6 addresses[ADDRESSES];
	struct network *networks = calloc(count, sizeof(*networks));
	struct network_set *set;
	size_t found[3] = { 0 };
	double begin;

	if (networks == NULL)
		fail("out of memory");
	set = make_set(networks, count);
	make_addresses(addresses, networks, count);
	begin = cpu_ns();
	for (size_t i = 0; i < lookups; i++)
		found[network_set_find(
		    set, (struct sockaddr *)&addresses[i % ADDRESSES])]++;
	printf("{\"networks\": %zu, \"lookups\": %zu, \"ns\": %.2f, "
	       "\"bytes\": %zu, \"unlisted\": %zu, \"allowed\": %zu, "
	       "\"denied\": %zu}\n",
	    count, lookups, (cpu_ns() - begin) / (double)lookups,
	    network_set_memory(set), found[NETWORK_UNLISTED],
	    found[NETWORK_ALLOWED], found[NETWORK_DENIED]);
	network_set_release(set);
	free(networks);
}

struct flood {
	struct admission *admission;
	size_t passed; /* of the flood */
	size_t asked, served;
};

static bool
passes(struct flood *flood, const void *peer, int64_t now_ms)
{
	return admission_take_datagram(flood->admission, peer, now_ms) ==
	    GUARD_PASS;
}

/* So that it is known how large the tables are before they are needed. */
static void
touch_tables(struct flood *flood)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	for (uint32_t i = 0; i < 2 * ADMISSION_SOURCES; i++) {
		in.sin_addr.s_addr = ~i;
		(void)passes(flood, &in, 1);
	}
}

/* Each source once, a million a second, and among them a guest. */
static void
send_flood(struct flood *flood, size_t sources)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 guest = { .sin6_family = AF_INET6 };

	for (uint32_t i = 0; i < sources; i++) {
		int64_t now_ms = 10000 + i / FLOOD_A_MS;

		in.sin_addr.s_addr = htonl(i * 2654435761U);
		flood->passed += passes(flood, &in, now_ms);
		if (i % GUEST_EVERY != 0)
			continue;
		flood->asked++;
		flood->served += passes(flood, &guest, now_ms);
	}
}

static void
measure_flood(size_t sources)
{
	struct admission_config config = { .datagram_rate_per_source = RATE,
		.burst_ms = 1000,
		.prefix4 = 32,
		.prefix6 = 64 };
	struct flood flood = { .admission = admission_new(&config) };
	long before;
	double begin;

	if (flood.admission == NULL)
		fail("out of memory");
	touch_tables(&flood);
	(void)resident_kib(); /* it needs memory itself */
	before = resident_kib();
	begin = cpu_ns();
	send_flood(&flood, sources);
	printf("{\"sources\": %zu, \"ns\": %.2f, \"passed\": %zu, "
	       "\"asked\": %zu, \"served\": %zu, \"before_kib\": %ld, "
	       "\"after_kib\": %ld}\n",
	    sources, (cpu_ns() - begin) / (double)(sources + flood.asked),
	    flood.passed, flood.asked, flood.served, before, resident_kib());
	admission_free(flood.admission);
}

static size_t
number(const char *text, size_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value == 0 || value > max)
		fail("a number from 1, within reason, is asked for");
	return value;
}

int
main(int argc, char **argv)
{
	if (argc >= 3 && argc <= 4 && strcmp(argv[1], "networks") == 0)
		measure_networks(number(argv[2], COUNT_MAX),
		    argc == 4 ? number(argv[3], SOURCES_MAX) : LOOKUPS);
	else if (argc == 3 && strcmp(argv[1], "flood") == 0)
		measure_flood(number(argv[2], SOURCES_MAX));
	else
		fail("networks COUNT [LOOKUPS], or flood SOURCES");
	return EXIT_SUCCESS;
}
