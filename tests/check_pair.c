/* SPDX-License-Identifier: ISC */
/* The pair rule: what may go round is stopped, and who asks is answered. */
#include "net/pair.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

#define LOCAL_PORT  7007
#define SERVER_PORT 7008
#define CLIENT_PORT 40123
#define BEGIN_MS    1000000

/* More pairs than the table has room for. */
#define FLOOD 200000

static union {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} peer;

static const struct sockaddr *
set_peer(const char *host, unsigned port)
{
	memset(&peer, 0, sizeof(peer));
	peer.in6.sin6_port = htons((uint16_t)port);
	peer.sa.sa_family = AF_INET;
	if (inet_pton(AF_INET, host, &peer.in.sin_addr) == 1)
		return &peer.sa;
	peer.sa.sa_family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, host, &peer.in6.sin6_addr), 1);
	return &peer.sa;
}

static enum guard_reason
ask_by(enum pair_rule rule, const struct sockaddr *from, const char *text,
    int64_t now_ms)
{
	struct pair_question question = { from, LOCAL_PORT, text,
		text == NULL ? 0 : strlen(text), now_ms };

	return pair_check(rule, &question);
}

static enum guard_reason
ask(const struct sockaddr *from, const char *text, int64_t now_ms)
{
	return ask_by(PAIR_ON, from, text, now_ms);
}

/* Datagrams of it until one is refused, at the same time; at most max. */
static int
ask_often(const struct sockaddr *from, const char *text, int max)
{
	int count = 0;

	while (count < max && ask(from, text, BEGIN_MS) == GUARD_PASS)
		count++;
	return count;
}

START_TEST(test_servers)
{
	static const struct {
		unsigned port;
		int64_t after_ms;
		enum guard_reason expected;
	} table[] = {
		{ 1024, 0, GUARD_PASS },
		{ 1024, 0, GUARD_PAIR },
		{ 1024, 499, GUARD_PAIR },
		{ 1024, 500, GUARD_PASS },
		{ 1024, 501, GUARD_PAIR },
		{ 1024, 999, GUARD_PAIR },
		{ 1024, 1000, GUARD_PASS },
		{ 32767, 1000, GUARD_PASS },
		{ 32767, 1000, GUARD_PAIR },
		{ 32768, 1000, GUARD_PASS },
		{ 32768, 1000, GUARD_PASS },
		{ 32768, 1001, GUARD_PASS },
		{ 65535, 1001, GUARD_PASS },
		{ 65535, 1001, GUARD_PASS },
	};
	char text[16];

	/* Whatever it says. */
	for (size_t i = 0; i < COUNT(table); i++) {
		snprintf(text, sizeof(text), "%zu", i);
		ck_assert_msg(
		    ask(set_peer("192.0.2.7", table[i].port), text,
			BEGIN_MS + table[i].after_ms) == table[i].expected,
		    "line %zu", i);
	}
}
END_TEST

START_TEST(test_strict)
{
	const struct sockaddr *client = set_peer("192.0.2.7", CLIENT_PORT);

	ck_assert_int_eq(
	    ask_by(PAIR_STRICT, client, "a", BEGIN_MS), GUARD_PASS);
	ck_assert_int_eq(
	    ask_by(PAIR_STRICT, client, "b", BEGIN_MS), GUARD_PAIR);
	ck_assert_int_eq(
	    ask_by(PAIR_STRICT, client, "b", BEGIN_MS + 500), GUARD_PASS);
}
END_TEST

START_TEST(test_off)
{
	const struct sockaddr *server = set_peer("192.0.2.7", SERVER_PORT);

	for (int i = 0; i < 2 * PAIR_REPEATS; i++)
		ck_assert_int_eq(
		    ask_by(PAIR_OFF, server, "a", BEGIN_MS), GUARD_PASS);
}
END_TEST

START_TEST(test_what_makes_a_pair)
{
	static const char *const hosts[] = { "192.0.2.7", "192.0.2.8",
		"2001:db8::7", "2001:db8::8" };
	struct pair_question question = { NULL, LOCAL_PORT, "a", 1, BEGIN_MS };

	for (size_t i = 0; i < COUNT(hosts); i++)
		for (unsigned port = 2000; port < 2003; port++) {
			question.peer = set_peer(hosts[i], port);
			question.local_port = LOCAL_PORT;
			ck_assert_int_eq(
			    pair_check(PAIR_ON, &question), GUARD_PASS);
			ck_assert_int_eq(
			    pair_check(PAIR_ON, &question), GUARD_PAIR);
			question.local_port = LOCAL_PORT + 1;
			ck_assert_int_eq(
			    pair_check(PAIR_ON, &question), GUARD_PASS);
		}
	/* The same as 192.0.2.7. */
	ck_assert_int_eq(
	    ask(set_peer("::ffff:192.0.2.7", 2000), "a", BEGIN_MS), GUARD_PAIR);
}
END_TEST

START_TEST(test_a_repetition_is_muted)
{
	const struct sockaddr *client = set_peer("192.0.2.7", CLIENT_PORT);

	ck_assert_int_eq(ask_often(client, "LOOP", 100000), PAIR_REPEATS);
	ck_assert_int_eq(ask(client, "other", BEGIN_MS + 499), GUARD_MUTED);
	ck_assert_int_eq(ask(client, "LOOP", BEGIN_MS + 59999), GUARD_MUTED);
	ck_assert_int_eq(ask(client, "LOOP", BEGIN_MS + 60000), GUARD_PASS);
	ck_assert_int_eq(ask(client, "LOOP", BEGIN_MS + 60000), GUARD_PASS);
	/* Nobody else is. */
	ck_assert_int_eq(
	    ask(set_peer("192.0.2.7", CLIENT_PORT + 1), "LOOP", BEGIN_MS),
	    GUARD_PASS);
}
END_TEST

/* A tool that sends the same a thousand times, again and again. */
START_TEST(test_pauses_forgive)
{
	const struct sockaddr *client = set_peer("192.0.2.7", CLIENT_PORT);
	int64_t now_ms = BEGIN_MS;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 5000; i++)
			ck_assert_int_eq(
			    ask(client, "PING", now_ms + i / 100), GUARD_PASS);
		now_ms += 1000;
	}
}
END_TEST

/* As ping does: a second between them, for hours. */
START_TEST(test_slow_probes)
{
	for (int i = 0; i < 3 * PAIR_REPEATS; i++) {
		ck_assert_int_eq(ask(set_peer("192.0.2.7", CLIENT_PORT), "PING",
				     BEGIN_MS + i * 1000),
		    GUARD_PASS);
		ck_assert_int_eq(ask(set_peer("192.0.2.7", SERVER_PORT), "PING",
				     BEGIN_MS + i * 1000),
		    GUARD_PASS);
	}
}
END_TEST

/*
 * Numbers that change after `gap` datagrams and begin anew after `period` of
 * them: how many were answered, of max.
 */
static int
ask_numbered(unsigned port, int period, int gap, int max)
{
	const struct sockaddr *client = set_peer("192.0.2.7", port);
	char text[64];

	for (int i = 0; i < max; i++) {
		snprintf(text, sizeof(text), "%022d", i / gap % period);
		if (ask(client, text, BEGIN_MS + i / 100) != GUARD_PASS)
			return i;
	}
	return max;
}

START_TEST(test_numbers_are_no_repetition)
{
	ck_assert_int_eq(
	    ask_numbered(CLIENT_PORT, 1 << 30, 1, 1000000), 1000000);
	ck_assert_int_eq(ask_numbered(CLIENT_PORT, 256, 1, 1000000), 1000000);
}
END_TEST

/* Two, chargen's 95 lines, the longest; the time, which stays for a while. */
START_TEST(test_periods_are)
{
	static const struct {
		int period, gap;
	} table[] = { { 2, 1 }, { 95, 1 }, { 128, 1 }, { 1 << 30, 10000 },
		{ 1 << 30, 100 } };

	for (unsigned i = 0; i < COUNT(table); i++) {
		int count = ask_numbered(CLIENT_PORT + i, table[i].period,
		    table[i].gap, 10 * PAIR_REPEATS);

		ck_assert_msg(count >= PAIR_REPEATS && count < 4 * PAIR_REPEATS,
		    "period %d: %d", table[i].period, count);
	}
}
END_TEST

/* Of 128 bytes every one counts: 255 values and more before one returns. */
START_TEST(test_digest)
{
	char text[130];

	for (unsigned len = 1; len <= 128; len++)
		for (unsigned i = 0; i < 3 * PAIR_REPEATS; i++) {
			memset(text, 'x', len);
			text[len] = '\0';
			text[i % len] = (char)(1 + i % 255);
			ck_assert_int_eq(
			    ask(set_peer("192.0.2.7", CLIENT_PORT + len), text,
				BEGIN_MS + i / 100),
			    GUARD_PASS);
		}
}
END_TEST

START_TEST(test_content_that_does_not_matter)
{
	const struct sockaddr *client = set_peer("192.0.2.7", CLIENT_PORT);

	ck_assert_int_eq(ask_often(client, NULL, 100000), PAIR_REPEATS);
}
END_TEST

/* A flood of other pairs between any two turns gets no second answer out. */
START_TEST(test_a_flood_frees_no_server)
{
	char host[32];
	int passed = 0;

	ck_assert_int_eq(
	    ask(set_peer("192.0.2.7", SERVER_PORT), "a", BEGIN_MS), GUARD_PASS);
	for (int i = 0; i < FLOOD; i++) {
		snprintf(host, sizeof(host), "10.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255);
		passed += ask(set_peer(host, SERVER_PORT), "a",
			      BEGIN_MS + i * 400 / FLOOD) == GUARD_PASS;
		if (i % 1000 == 0)
			ck_assert_int_eq(ask(set_peer("192.0.2.7", SERVER_PORT),
					     "a", BEGIN_MS + i * 400 / FLOOD),
			    GUARD_PAIR);
	}
	/* All the table, and not more. */
	ck_assert_int_gt(passed, 16000);
	ck_assert_int_le(passed, 16383);
	ck_assert_int_eq(
	    ask(set_peer("10.0.0.1", SERVER_PORT + 1), "a", BEGIN_MS + 1000),
	    GUARD_PASS);
}
END_TEST

/* Nor does one keep a loop alive that turns as often as it brings pairs. */
START_TEST(test_a_flood_keeps_no_loop)
{
	char host[32];
	int answers = 0;

	for (int i = 0; i < 3 * FLOOD; i++) {
		snprintf(host, sizeof(host), "10.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255);
		ask(set_peer(host, CLIENT_PORT), "a", BEGIN_MS);
		if (i % 10 == 0)
			answers += ask(set_peer("192.0.2.7", CLIENT_PORT),
				       "LOOP", BEGIN_MS) == GUARD_PASS;
	}
	ck_assert_int_eq(answers, PAIR_REPEATS);
}
END_TEST

CHECK_MAIN("pair", test_servers, test_strict, test_off, test_what_makes_a_pair,
    test_a_repetition_is_muted, test_pauses_forgive, test_slow_probes,
    test_numbers_are_no_repetition, test_periods_are, test_digest,
    test_content_that_does_not_matter, test_a_flood_frees_no_server,
    test_a_flood_keeps_no_loop)
