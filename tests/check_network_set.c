/* SPDX-License-Identifier: ISC */
/* Sets of networks: the longest decides, as a search of all of them says. */
#include "base/network_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

#define NETWORKS  3000
#define QUESTIONS 60000
#define ROUNDS    6

struct listed {
	struct network network;
	bool allowed;
};

static void
add(struct network_set *set, const char *text, bool allowed)
{
	struct network network;
	char why[WHY_SIZE] = "";

	ck_assert_msg(network_parse_exact(&network, text, why) == 0, "%s", why);
	ck_assert_msg(
	    network_set_add(set, &network, allowed, why) == 0, "%s", why);
}

static void
expect_refused(struct network_set *set, const char *text, bool allowed,
    const char *expected)
{
	struct network network;
	char why[WHY_SIZE] = "";

	ck_assert_int_eq(network_parse_exact(&network, text, why), 0);
	ck_assert_int_eq(network_set_add(set, &network, allowed, why), -1);
	ck_assert_str_eq(why, expected);
}

static enum network_verdict
find(const struct network_set *set, const char *host)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
		return network_set_find(set, (struct sockaddr *)&in);
	ck_assert_int_eq(inet_pton(AF_INET6, host, &in6.sin6_addr), 1);
	return network_set_find(set, (struct sockaddr *)&in6);
}

static const struct {
	const char *text;
	bool allowed;
} networks[] = {
	{ "10.0.0.0/8", true },
	{ "10.6.0.0/16", false },
	{ "10.6.6.6", true },
	{ "10.6.6.6/31", false },
	{ "192.0.2.128/25", false },
	{ "2001:db8::/32", true },
	{ "2001:db8::/33", false },
	{ "2001:db8:0:1::/64", true },
	{ "2001:db8:0:1::7", false },
	{ "fe80::/10", true },
	{ "::ffff:198.51.100.0/120", true },
};

static const struct {
	const char *host;
	enum network_verdict expected;
} hosts[] = {
	{ "10.255.255.255", NETWORK_ALLOWED },
	{ "11.0.0.0", NETWORK_UNLISTED },
	{ "9.255.255.255", NETWORK_UNLISTED },
	{ "10.6.0.1", NETWORK_DENIED },
	{ "10.6.6.6", NETWORK_ALLOWED },
	{ "10.6.6.7", NETWORK_DENIED },
	{ "::ffff:10.6.6.6", NETWORK_ALLOWED },
	{ "::10.6.6.6", NETWORK_UNLISTED },
	{ "192.0.2.127", NETWORK_UNLISTED },
	{ "192.0.2.255", NETWORK_DENIED },
	{ "2001:db8:8000::1", NETWORK_ALLOWED },
	{ "2001:db8:7fff::1", NETWORK_DENIED },
	{ "2001:db9::", NETWORK_UNLISTED },
	{ "2001:db8:0:1::6", NETWORK_ALLOWED },
	{ "2001:db8:0:1::7", NETWORK_DENIED },
	{ "2001:db8:0:2::7", NETWORK_DENIED },
	{ "febf::1", NETWORK_ALLOWED },
	{ "fec0::1", NETWORK_UNLISTED },
	{ "198.51.100.255", NETWORK_ALLOWED },
	{ "::1", NETWORK_UNLISTED },
};

/* Whatever the order in which they come. */
START_TEST(test_table)
{
	for (size_t first = 0; first < COUNT(networks); first++) {
		struct network_set *set = network_set_new();

		ck_assert_ptr_nonnull(set);
		ck_assert_int_eq(find(set, "10.6.6.6"), NETWORK_UNLISTED);
		for (size_t i = 0; i < COUNT(networks); i++) {
			size_t n = (first + i * 7) % COUNT(networks);

			add(set, networks[n].text, networks[n].allowed);
		}
		for (size_t i = 0; i < COUNT(hosts); i++)
			ck_assert_msg(
			    find(set, hosts[i].host) == hosts[i].expected,
			    "%s, first %zu", hosts[i].host, first);
		network_set_release(set);
	}
}
END_TEST

/* The whole of a family is none of the other. */
START_TEST(test_whole)
{
	struct network_set *set = network_set_new();

	add(set, "::/0", false);
	ck_assert_int_eq(find(set, "2001:db8::1"), NETWORK_DENIED);
	ck_assert_int_eq(find(set, "192.0.2.1"), NETWORK_UNLISTED);
	ck_assert_int_eq(find(set, "::ffff:192.0.2.1"), NETWORK_UNLISTED);
	add(set, "0.0.0.0/0", true);
	ck_assert_int_eq(find(set, "2001:db8::1"), NETWORK_DENIED);
	ck_assert_int_eq(find(set, "192.0.2.1"), NETWORK_ALLOWED);
	add(set, "0.0.0.0/1", false);
	ck_assert_int_eq(find(set, "127.0.0.1"), NETWORK_DENIED);
	ck_assert_int_eq(find(set, "128.0.0.1"), NETWORK_ALLOWED);
	network_set_release(set);
}
END_TEST

START_TEST(test_twice)
{
	static const char *const once = "is there already (write it once)";
	static const char *const both =
	    "is both allowed and denied (write it in one of them)";
	struct network_set *set = network_set_new();

	for (size_t i = 0; i < COUNT(networks); i++)
		add(set, networks[i].text, networks[i].allowed);
	for (size_t i = 0; i < COUNT(networks); i++) {
		expect_refused(
		    set, networks[i].text, networks[i].allowed, once);
		expect_refused(
		    set, networks[i].text, !networks[i].allowed, both);
	}
	expect_refused(set, "::ffff:10.0.0.0/104", true, once);
	expect_refused(set, "198.51.100.0/24", true, once);
	add(set, "0.0.0.0/0", false);
	expect_refused(set, "0.0.0.0/0", false, once);
	for (size_t i = 0; i < COUNT(hosts); i++)
		if (hosts[i].expected != NETWORK_UNLISTED)
			ck_assert_int_eq(
			    find(set, hosts[i].host), hosts[i].expected);
	network_set_release(set);
}
END_TEST

/* Of a network that has bits beyond those that count. */
START_TEST(test_bits_beyond)
{
	struct network_set *set = network_set_new();
	struct network network;
	char why[WHY_SIZE];

	ck_assert_int_eq(network_parse(&network, "255.255.0.1/1", why), 0);
	ck_assert_int_eq(network_set_add(set, &network, true, why), 0);
	ck_assert_int_eq(network_parse(&network, "ffff::1/2", why), 0);
	ck_assert_int_eq(network_set_add(set, &network, true, why), 0);
	ck_assert_int_eq(find(set, "128.0.0.1"), NETWORK_ALLOWED);
	ck_assert_int_eq(find(set, "127.0.0.1"), NETWORK_UNLISTED);
	ck_assert_int_eq(find(set, "c000::1"), NETWORK_ALLOWED);
	ck_assert_int_eq(find(set, "8000::1"), NETWORK_UNLISTED);
	network_set_release(set);
}
END_TEST

/* What was not let into the set says nothing of those that are in none. */
START_TEST(test_refused_allows_nobody)
{
	struct network_set *set = network_set_new();
	struct sockaddr_in peer = { .sin_family = AF_INET };

	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.1", &peer.sin_addr), 1);
	add(set, "10.0.0.0/8", false);
	expect_refused(set, "10.0.0.0/8", true,
	    "is both allowed and denied (write it in one of them)");
	ck_assert(network_set_admits(set, (struct sockaddr *)&peer));
	network_set_release(set);
}
END_TEST

START_TEST(test_hold)
{
	struct network_set *set = network_set_new();

	ck_assert_ptr_eq(network_set_hold(set), set);
	add(set, "10.0.0.0/8", true);
	network_set_release(set);
	ck_assert_int_eq(find(set, "10.0.0.1"), NETWORK_ALLOWED);
	network_set_release(set);
	ck_assert_ptr_null(network_set_hold(NULL));
	network_set_release(NULL);
}
END_TEST

/* --- Beside a search of all of them */

static uint64_t random_state;

static unsigned
random_number(unsigned below)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % below;
}

/* Few values a byte, so that networks lie within each other. */
static void
random_address(unsigned char address[16], unsigned values)
{
	bool is_ipv4 = random_number(2) == 0;

	memset(address, 0, 16);
	if (is_ipv4)
		address[10] = address[11] = 0xff;
	for (size_t i = is_ipv4 ? 12 : 0; i < 16; i++)
		address[i] =
		    (unsigned char)(random_number(values) * (256 / values));
}

static void
random_network(struct network *network, unsigned values)
{
	unsigned least = 0;

	random_address(network->address, values);
	if (network->address[10] == 0xff && network->address[11] == 0xff &&
	    network->address[0] == 0)
		least = 96;
	/* Long ones more often, or the short ones would hold everything. */
	network->bits = 128 - random_number(1 + random_number(128 - least - 4));
	for (unsigned i = network->bits; i < 128; i++)
		network->address[i / 8] &= (unsigned char)~(0x80 >> i % 8);
}

static bool
is_in(const struct network *network, const unsigned char address[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if ((memcmp(address, mapped, 12) == 0) !=
	    (network->bits >= 96 && memcmp(network->address, mapped, 12) == 0))
		return false;
	for (unsigned i = 0; i < network->bits; i++)
		if (((address[i / 8] ^ network->address[i / 8]) >> (7 - i % 8) &
			1) != 0)
			return false;
	return true;
}

static enum network_verdict
search(
    const struct listed *items, size_t count, const unsigned char address[16])
{
	const struct listed *longest = NULL;

	for (size_t i = 0; i < count; i++)
		if (is_in(&items[i].network, address) &&
		    (longest == NULL ||
			items[i].network.bits > longest->network.bits))
			longest = &items[i];
	return longest == NULL ? NETWORK_UNLISTED
	    : longest->allowed ? NETWORK_ALLOWED
			       : NETWORK_DENIED;
}

static bool
is_listed(const struct listed *items, size_t count, const struct network *other)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].network.bits == other->bits &&
		    memcmp(items[i].network.address, other->address, 16) == 0)
			return true;
	return false;
}

static size_t
fill(struct network_set *set, struct listed *items, size_t count,
    unsigned values)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		struct listed *item = &items[used];
		char why[WHY_SIZE];
		bool is_new;

		random_network(&item->network, values);
		item->allowed = random_number(2) == 0;
		is_new = !is_listed(items, used, &item->network);
		ck_assert_int_eq(
		    network_set_add(set, &item->network, item->allowed, why),
		    is_new ? 0 : -1);
		used += is_new;
	}
	return used;
}

static void
compare(const struct network_set *set, const struct listed *items, size_t count,
    unsigned values)
{
	size_t found[3] = { 0 };

	for (size_t i = 0; i < QUESTIONS / ROUNDS; i++) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
		struct network other;
		enum network_verdict verdict;

		random_address(in6.sin6_addr.s6_addr, values);
		if (i % 2 == 0) { /* near one of them */
			other = items[random_number((unsigned)count)].network;
			for (unsigned n = 0; n < 16; n++)
				if (n >= other.bits / 8)
					other.address[n] ^=
					    (unsigned char)random_number(4);
			memcpy(in6.sin6_addr.s6_addr, other.address, 16);
		}
		verdict = network_set_find(set, (struct sockaddr *)&in6);
		ck_assert_int_eq(
		    verdict, search(items, count, in6.sin6_addr.s6_addr));
		found[verdict]++;
	}
	if (count >= 100)
		ck_assert(found[0] > 0 && found[1] > 0 && found[2] > 0);
}

START_TEST(test_random)
{
	static const size_t counts[ROUNDS] = { 1, 2, 10, 100, 1000, NETWORKS };
	struct listed *items = calloc(NETWORKS, sizeof(*items));

	for (size_t i = 0; i < ROUNDS; i++) {
		struct network_set *set = network_set_new();
		unsigned values = i % 2 == 0 ? 2 : 16;
		size_t count;

		random_state = i + 1;
		count = fill(set, items, counts[i], values);
		ck_assert_uint_le(
		    network_set_memory(set), 68000 + 300 * counts[i]);
		compare(set, items, count, values);
		network_set_release(set);
	}
	free(items);
}
END_TEST

CHECK_MAIN("network_set", test_table, test_whole, test_twice, test_bits_beyond,
    test_refused_allows_nobody, test_hold, test_random)
