/* SPDX-License-Identifier: ISC */
/* Who may come in, how many, how fast; and what floods of sources cost. */
#include "net/admission.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "check_main.h"
#include "check_peer.h"

/* Distinct sources of a flood: more than any table remembers. */
#define FLOOD 2000000

static struct admission_config
defaults(void)
{
	return (struct admission_config){ .burst_ms = 1000,
		.max_connections = 100,
		.prefix4 = 32,
		.prefix6 = 64 };
}

static struct admission *
make(const struct admission_config *config)
{
	struct admission *admission = admission_new(config);

	ck_assert_ptr_nonnull(admission);
	return admission;
}

/* Both kinds of traffic, until one of them is refused. */
static enum guard_reason
datagram(struct admission *admission, const char *peer, int64_t now_ms)
{
	enum guard_reason reason =
	    admission_check_datagram(admission, peer_of(peer));

	return reason != GUARD_PASS
	    ? reason
	    : admission_take_datagram(admission, peer_of(peer), now_ms);
}

static enum guard_reason
connection(struct admission *admission, const char *peer, int64_t now_ms)
{
	enum guard_reason reason =
	    admission_check_connection(admission, peer_of(peer));

	return reason != GUARD_PASS
	    ? reason
	    : admission_take_connection(admission, peer_of(peer), now_ms);
}

START_TEST(test_nothing_set)
{
	struct admission_config config = defaults();
	struct admission *admission = make(&config);

	ck_assert(!admission_judges_datagrams(admission));
	ck_assert(!admission_judges_datagrams(NULL));
	ck_assert(!admission_is_log_only(NULL));
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(
		    datagram(admission, "192.0.2.1", 5), GUARD_PASS);
		ck_assert_int_eq(
		    connection(admission, "192.0.2.1", 5), GUARD_PASS);
		ck_assert_uint_eq(
		    admission_enter(admission, peer_of("192.0.2.1")), 0);
	}
	admission_leave(admission, 0);
	ck_assert_int_eq(
	    admission_check_connection(NULL, peer_of("::1")), GUARD_PASS);
	ck_assert_int_eq(
	    admission_take_connection(NULL, peer_of("::1"), 5), GUARD_PASS);
	ck_assert_uint_eq(admission_enter(NULL, peer_of("::1")), 0);
	admission_free(admission);
	admission_free(NULL);
}
END_TEST

static const struct {
	const char *allow, *deny, *peer;
	bool admitted;
} lists[] = {
	{ "10.0.0.0/8", NULL, "10.1.2.3", true },
	{ "10.0.0.0/8", NULL, "::ffff:10.1.2.3", true },
	{ "10.0.0.0/8", NULL, "11.1.2.3", false },
	{ "10.0.0.0/8", NULL, "::1", false },
	{ NULL, "10.0.0.0/8", "10.1.2.3", false },
	{ NULL, "10.0.0.0/8", "::ffff:10.1.2.3", false },
	{ NULL, "10.0.0.0/8", "11.1.2.3", true },
	{ NULL, "10.0.0.0/8", "::1", true },
	{ "10.0.0.0/8", "10.6.0.0/16", "10.1.2.3", true },
	{ "10.0.0.0/8", "10.6.0.0/16", "10.6.2.3", false },
	{ "10.0.0.0/8", "10.6.0.0/16", "192.0.2.1", false },
	{ "10.6.0.0/16", "10.0.0.0/8", "10.6.2.3", true },
	{ "10.6.0.0/16", "10.0.0.0/8", "10.1.2.3", false },
	{ "*", "2001:db8::/32", "2001:db8::1", false },
	{ "*", "2001:db8::/32", "2001:db9::1", true },
	{ "*", "2001:db8::/32", "192.0.2.1", true },
	{ "localhost", NULL, "127.8.8.8", true },
	{ "localhost", NULL, "::1", true },
	{ "localhost", NULL, "::2", false },
	{ NULL, "::/0", "192.0.2.1", true },
};

START_TEST(test_lists)
{
	struct admission_config config = defaults();
	struct admission *admission = make(&config);
	char why[WHY_SIZE];

	for (size_t i = 0; i < COUNT(lists); i++) {
		struct network_set *set = NULL;

		if (lists[i].allow != NULL)
			ck_assert_int_eq(
			    network_set_parse(&set, lists[i].allow, true, why),
			    0);
		if (lists[i].deny != NULL)
			ck_assert_int_eq(
			    network_set_parse(&set, lists[i].deny, false, why),
			    0);
		admission_set(admission, set, false);
		network_set_release(set);
		ck_assert(admission_judges_datagrams(admission));
		ck_assert_msg(datagram(admission, lists[i].peer, 1) ==
			(lists[i].admitted ? GUARD_PASS : GUARD_DENIED),
		    "list %zu", i);
		ck_assert_int_eq(connection(admission, lists[i].peer, 1),
		    lists[i].admitted ? GUARD_PASS : GUARD_DENIED_CONNECTION);
	}
	admission_set(admission, NULL, true);
	ck_assert(!admission_judges_datagrams(admission));
	ck_assert(admission_is_log_only(admission));
	admission_free(admission);
}
END_TEST

/* Nobody is denied who has no address, or no source. */
START_TEST(test_unix)
{
	struct admission_config config = defaults();
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct sockaddr *peers[] = { NULL, (struct sockaddr *)&un };
	struct network_set *set = NULL;
	struct admission *admission;
	char why[WHY_SIZE];

	config.datagram_rate = config.datagram_rate_per_source = 1;
	config.connection_rate = config.connection_rate_per_source = 1;
	config.max_connections_per_source = 1;
	admission = make(&config);
	ck_assert_int_eq(network_set_parse(&set, "*", false, why), 0);
	admission_set(admission, set, false);
	network_set_release(set);
	for (size_t i = 0; i < 10; i++) {
		const struct sockaddr *peer = peers[i % COUNT(peers)];

		ck_assert_int_eq(
		    admission_check_datagram(admission, peer), GUARD_PASS);
		ck_assert_int_eq(
		    admission_take_datagram(admission, peer, 1), GUARD_PASS);
		ck_assert_int_eq(
		    admission_check_connection(admission, peer), GUARD_PASS);
		ck_assert_int_eq(
		    admission_take_connection(admission, peer, 1), GUARD_PASS);
		ck_assert_uint_eq(admission_enter(admission, peer), 0);
	}
	admission_free(admission);
}
END_TEST

/* Two a second of a source, three a second of all; twice as many at once. */
static const struct {
	const char *peer;
	int64_t now_ms;
	enum {
		PASS,
		SOURCE,
		ALL
	} expected;
} rates[] = {
	{ "192.0.2.1", 5000, PASS },
	{ "192.0.2.1", 5000, PASS },
	{ "192.0.2.1", 5000, PASS },
	{ "192.0.2.1", 5000, PASS },
	{ "192.0.2.1", 5000, SOURCE },
	{ "192.0.2.1", 5000, SOURCE }, /* which took nothing from the others */
	{ "::ffff:192.0.2.1", 5000, SOURCE },
	{ "192.0.2.2", 5000, PASS },
	{ "2001:db8::1", 5000, PASS },
	{ "2001:db8::ffff:1", 5000, ALL },
	{ "192.0.2.3", 5000, ALL },
	{ "192.0.2.1", 5334, SOURCE },
	{ "192.0.2.3", 5334, PASS },
	{ "192.0.2.3", 5334, ALL },
	{ "192.0.2.1", 9000, PASS },
};

START_TEST(test_rates)
{
	static const enum guard_reason of_datagrams[] = { GUARD_PASS,
		GUARD_DATAGRAM_RATE_PER_SOURCE, GUARD_DATAGRAM_RATE };
	static const enum guard_reason of_connections[] = { GUARD_PASS,
		GUARD_CONNECTION_RATE_PER_SOURCE, GUARD_CONNECTION_RATE };
	struct admission_config config = defaults();
	struct admission *admission;

	config.burst_ms = 2000;
	config.datagram_rate_per_source = config.connection_rate_per_source = 2;
	config.datagram_rate = config.connection_rate = 3;
	admission = make(&config);
	ck_assert(admission_judges_datagrams(admission));
	for (size_t i = 0; i < COUNT(rates); i++) {
		ck_assert_msg(
		    datagram(admission, rates[i].peer, rates[i].now_ms) ==
			of_datagrams[rates[i].expected],
		    "row %zu", i);
		ck_assert_int_eq(
		    connection(admission, rates[i].peer, rates[i].now_ms),
		    of_connections[rates[i].expected]);
	}
	admission_free(admission);
}
END_TEST

/* A burst shorter than a token takes is still one token. */
START_TEST(test_least_burst)
{
	struct admission_config config = defaults();
	struct admission *admission;

	config.burst_ms = 1;
	config.datagram_rate_per_source = 1;
	admission = make(&config);
	ck_assert_int_eq(datagram(admission, "::1", 1000), GUARD_PASS);
	ck_assert_int_eq(
	    datagram(admission, "::1", 1999), GUARD_DATAGRAM_RATE_PER_SOURCE);
	ck_assert_int_eq(datagram(admission, "::1", 2000), GUARD_PASS);
	admission_free(admission);
}
END_TEST

START_TEST(test_connections_per_source)
{
	struct admission_config config = defaults();
	struct admission *admission;
	uint32_t tickets[2];

	config.max_connections_per_source = 2;
	config.prefix4 = 24;
	admission = make(&config);
	for (size_t i = 0; i < COUNT(tickets); i++) {
		ck_assert_int_eq(
		    connection(admission, "192.0.2.1", 1), GUARD_PASS);
		tickets[i] = admission_enter(admission, peer_of("192.0.2.1"));
		ck_assert_uint_ne(tickets[i], 0);
	}
	ck_assert_int_eq(connection(admission, "192.0.2.9", 1),
	    GUARD_MAX_CONNECTIONS_PER_SOURCE);
	ck_assert_int_eq(connection(admission, "192.0.3.9", 1), GUARD_PASS);
	admission_leave(admission, tickets[0]);
	ck_assert_int_eq(connection(admission, "192.0.2.9", 1), GUARD_PASS);
	admission_free(admission);
}
END_TEST

/*
 * Half a million datagrams a second of sources that come once, for four
 * seconds, and one that sends a tenth of what it may: it is served, whatever
 * the others do, and the memory is what it was.
 */
START_TEST(test_flood)
{
	struct admission_config config = defaults();
	struct admission *admission;
	size_t refused = 0, asked = 0, before, after;

	config.datagram_rate_per_source = 100;
	/* The assertion in it has check allocate memory when it comes first. */
	(void)peer_of("2001:db8::1");
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	admission = make(&config);
	after = mallinfo2().uordblks + mallinfo2().hblkhd;
	ck_assert_uint_le(after - before, 32 * ADMISSION_SOURCES + 16384);
	for (uint32_t i = 0; i < FLOOD; i++) {
		int64_t now_ms = 1000 + i / 500;

		(void)admission_take_datagram(
		    admission, numbered_peer(i), now_ms);
		if (i % 50000 != 0)
			continue;
		asked++;
		refused +=
		    datagram(admission, "2001:db8::1", now_ms) != GUARD_PASS;
	}
	ck_assert_uint_eq(asked, 40);
	ck_assert_uint_eq(refused, 0);
	before = after;
	after = mallinfo2().uordblks + mallinfo2().hblkhd;
	ck_assert_uint_eq(after, before);
	admission_free(admission);
}
END_TEST

CHECK_MAIN("admission", test_nothing_set, test_lists, test_unix, test_rates,
    test_least_burst, test_connections_per_source, test_flood)
