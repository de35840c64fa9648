/* SPDX-License-Identifier: ISC */
/* Messages that go on: each as it was, in order, or counted with its reason. */
#include "services/creosote_relay.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "check_main.h"
#include "check_net.h"
#include "net/guard.h"
#include "services/creosote_forward.h"

int64_t __real_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void);

static int64_t slept_ms; /* beside the time that passes by itself */

int64_t
__wrap_clock_monotonic_ms(void)
{
	return __real_clock_monotonic_ms() + slept_ms;
}

/* A relay, the peer's address as text, and what was said. */
struct lab {
	struct relay *relay;
	char peer[128];
	char why[WHY_SIZE];
};

/* What forward_new() makes of where fd is bound. */
static void
lab_open(struct lab *lab, int fd)
{
	socket_format_local(fd, lab->peer);
	lab->relay = forward_new(lab->peer, lab->why);
	ck_assert_msg(lab->relay != NULL, "%s", lab->why);
}

static void
add(struct lab *lab, const char *text)
{
	forward_add(lab->relay, (struct slice){ text, strlen(text) });
}

static void
expect_counters(const struct lab *lab, uint64_t sent, uint64_t full,
    uint64_t too_long, uint64_t nobody, uint64_t loop)
{
	const struct relay_counters *counters = relay_counters(lab->relay);

	ck_assert_uint_eq(counters->sent, sent);
	ck_assert_uint_eq(counters->lost[RELAY_FULL], full);
	ck_assert_uint_eq(counters->lost[RELAY_TOO_LONG], too_long);
	ck_assert_uint_eq(counters->lost[RELAY_NOBODY], nobody);
	ck_assert_uint_eq(counters->lost[RELAY_LOOP], loop);
}

static void
expect_news(struct lab *lab, enum relay_news news, const char *part)
{
	ck_assert_int_eq(relay_take_news(lab->relay, lab->why), news);
	if (news != RELAY_NO_NEWS)
		ck_assert_msg(strstr(lab->why, part) != NULL, "%s", lab->why);
	ck_assert_int_eq(relay_take_news(lab->relay, lab->why), RELAY_NO_NEWS);
}

/* Whatever is in it, and nothing before it is flushed. */
START_TEST(test_unchanged)
{
	static const struct slice messages[] = { { "plain", 5 }, { "", 0 },
		{ "a\0b\n\033[2J\xff", 9 }, { "two\nlines\n", 10 } };
	static char longest[65507];
	int fd = net_open("127.0.0.1:0/udp", 1 << 20);
	struct lab lab;
	char byte;

	lab_open(&lab, fd);
	for (size_t i = 0; i < COUNT(messages); i++)
		forward_add(lab.relay, messages[i]);
	memset(longest, 'l', sizeof(longest));
	forward_add(lab.relay, (struct slice){ longest, sizeof(longest) });
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	for (size_t i = 0; i < COUNT(messages); i++)
		net_expect(fd, messages[i].data, messages[i].len);
	net_expect(fd, longest, sizeof(longest));
	expect_counters(&lab, 5, 0, 0, 0, 0);
	expect_news(&lab, RELAY_NO_NEWS, "");
	relay_free(lab.relay);
	relay_free(NULL);
	socket_close(fd);
}
END_TEST

/* More than the queue holds: it sends when it has to. */
START_TEST(test_many)
{
	int fd = net_open("127.0.0.1:0/udp", 16 << 20);
	struct lab lab;
	uint32_t got, next = 0;

	lab_open(&lab, fd);
	for (uint32_t i = 0; i < 5000; i++) {
		forward_add(lab.relay, (struct slice){ (char *)&i, sizeof(i) });
		while (recv(fd, &got, sizeof(got), MSG_DONTWAIT) > 0)
			ck_assert_uint_eq(got, next++);
	}
	ck_assert_uint_gt(next, 3000);
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	while (recv(fd, &got, sizeof(got), MSG_DONTWAIT) > 0)
		ck_assert_uint_eq(got, next++);
	ck_assert_uint_eq(next, 5000);
	expect_counters(&lab, 5000, 0, 0, 0, 0);
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

/* What no datagram carries costs itself alone. */
START_TEST(test_too_long)
{
	static char data[2 << 20];
	int fd = net_open("127.0.0.1:0/udp", 1 << 20);
	struct lab lab;

	lab_open(&lab, fd);
	add(&lab, "before");
	forward_add(lab.relay, (struct slice){ data, 65508 });
	forward_add(lab.relay, (struct slice){ data, sizeof(data) });
	add(&lab, "behind");
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	net_expect(fd, "before", 6);
	net_expect(fd, "behind", 6);
	expect_counters(&lab, 2, 0, 2, 0, 0);
	expect_news(&lab, RELAY_NO_NEWS, "");
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

/* Counted to the last one, said once, and once more when it is over. */
START_TEST(test_nobody)
{
	int fd = net_open("127.0.0.1:0/udp", 0);
	uint64_t added = 0, got = 0;
	const struct relay_counters *counters;
	char text[140];
	struct lab lab;

	lab_open(&lab, fd);
	counters = relay_counters(lab.relay);
	socket_close(fd);
	for (int i = 0; i < 10; i++) {
		for (int j = 0; j < 50; j++, added++)
			add(&lab, "lost");
		ck_assert_int_eq(relay_flush(lab.relay), -1);
		if (i == 0)
			expect_news(&lab, RELAY_FAILS, "Connection refused");
	}
	expect_news(&lab, RELAY_NO_NEWS, "");
	expect_counters(&lab, 0, 0, 0, added, 0);
	snprintf(text, sizeof(text), "%s/udp", lab.peer);
	fd = net_open(text, 1 << 20);
	while (relay_take_news(lab.relay, lab.why) == RELAY_NO_NEWS) {
		add(&lab, "found");
		added++;
		(void)relay_flush(lab.relay);
		while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
			got++;
	}
	ck_assert_ptr_nonnull(strstr(lab.why, "again"));
	ck_assert_uint_gt(got, 0);
	ck_assert_uint_eq(counters->sent, got);
	ck_assert_uint_eq(counters->sent + counters->lost[RELAY_NOBODY], added);
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

START_TEST(test_loop)
{
	int fd = net_open("127.0.0.1:0/udp", 0);
	struct lab lab;

	lab_open(&lab, fd);
	guard_claim_port(net_port(fd));
	add(&lab, "round");
	add(&lab, "and round");
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	expect_counters(&lab, 0, 0, 0, 0, 2);
	expect_news(&lab, RELAY_FAILS, "netlabd serves this port itself");
	guard_release_port(net_port(fd));
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

/* A peer that does not read: what waits is bounded, and comes when it reads. */
START_TEST(test_slow)
{
	char text[NET_PATH_SIZE], line[16], expected[16];
	int fd = net_open(net_path(text, "unixgram:", "slow"), 0);
	struct address address = net_parse(text);
	struct lab lab = { .relay = relay_new(&address, false) };
	const struct relay_counters *counters = relay_counters(lab.relay);
	uint64_t got = 0;

	for (unsigned i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "%u", i);
		add(&lab, line);
	}
	ck_assert_int_gt(relay_flush(lab.relay), 0);
	ck_assert_uint_gt(counters->lost[RELAY_FULL], 1000);
	expect_news(&lab, RELAY_FAILS, "it does not keep up");
	while (got + counters->lost[RELAY_FULL] < 3000) {
		ssize_t n = recv(fd, line, sizeof(line), MSG_DONTWAIT);

		if (n == -1) {
			(void)relay_flush(lab.relay);
			continue;
		}
		snprintf(expected, sizeof(expected), "%u", (unsigned)got++);
		ck_assert_int_eq(n, (ssize_t)strlen(expected));
		ck_assert_mem_eq(line, expected, (size_t)n);
	}
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	ck_assert_uint_eq(counters->sent, got);
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

/* In how many ms it wants to be called again, the moment passed included. */
static int64_t
next_try(struct lab *lab)
{
	int64_t before_ms = clock_monotonic_ms();
	int64_t delay_ms = relay_flush(lab->relay);

	return delay_ms == -1 ? -1
			      : delay_ms + clock_monotonic_ms() - before_ms;
}

/* One that takes nothing at all is asked ever more seldom, for a second. */
START_TEST(test_stuck)
{
	char text[NET_PATH_SIZE], line[16];
	int fd = net_open(net_path(text, "unixgram:", "stuck"), 0);
	struct address address = net_parse(text);
	struct lab lab = { .relay = relay_new(&address, false) };
	int64_t delay_ms;

	for (unsigned i = 0; i < 1000; i++)
		add(&lab, "waits");
	for (int64_t least_ms = 5; least_ms < 4000; least_ms *= 2) {
		delay_ms = next_try(&lab);
		ck_assert_int_ge(delay_ms, least_ms < 1000 ? least_ms : 1000);
		ck_assert_int_le(delay_ms, 1100);
		add(&lab, "more"); /* which asks, but not for less */
		ck_assert_int_le(relay_flush(lab.relay), delay_ms);
		slept_ms += delay_ms;
	}
	while (recv(fd, line, sizeof(line), MSG_DONTWAIT) > 0)
		continue;
	delay_ms = next_try(&lab); /* it has taken some, and is full again */
	ck_assert_int_ge(delay_ms, 0);
	ck_assert_int_lt(delay_ms, 500);
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

/* At the end, what the peer did not take is counted with the rest. */
START_TEST(test_given_up)
{
	char text[NET_PATH_SIZE], line[16];
	int fd = net_open(net_path(text, "unixgram:", "slow"), 0);
	struct address address = net_parse(text);
	struct lab lab = { .relay = relay_new(&address, false) };
	const struct relay_counters *counters = relay_counters(lab.relay);

	for (unsigned i = 0; i < 1000; i++)
		add(&lab, "waits");
	ck_assert_int_gt(relay_flush(lab.relay), 0);
	ck_assert_uint_gt(counters->sent, 0);
	ck_assert_uint_eq(relay_give_up(lab.relay), 1000 - counters->sent);
	ck_assert_uint_eq(counters->lost[RELAY_FULL], 1000 - counters->sent);
	ck_assert_uint_eq(relay_give_up(lab.relay), 0);
	for (uint64_t i = 0; i < counters->sent; i++)
		ck_assert_int_eq(recv(fd, line, sizeof(line), MSG_DONTWAIT), 5);
	ck_assert_int_eq(relay_flush(lab.relay), -1);
	ck_assert_int_eq(recv(fd, line, sizeof(line), MSG_DONTWAIT), -1);
	relay_free(lab.relay);
	socket_close(fd);
}
END_TEST

/* Two relays to one peer: the second goes on where the first was. */
START_TEST(test_taken_over)
{
	char text[NET_PATH_SIZE], line[16], expected[16];
	int fd = net_open(net_path(text, "unixgram:", "slow"), 0);
	struct address address = net_parse(text);
	struct lab old = { .relay = relay_new(&address, false) };
	struct lab fresh = { .relay = relay_new(&address, false) };
	struct relay *files = relay_new(&address, true);
	uint64_t sent;

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "%u", i);
		add(&old, line);
	}
	ck_assert_int_gt(relay_flush(old.relay), 0);
	ck_assert(relay_waits(old.relay) && !relay_waits(fresh.relay));
	ck_assert(relay_is_equal(fresh.relay, old.relay));
	ck_assert(!relay_is_equal(files, old.relay));
	relay_take_over(fresh.relay, old.relay);
	ck_assert(!relay_waits(old.relay) && relay_waits(fresh.relay));
	sent = relay_counters(old.relay)->sent;
	expect_counters(&old, sent, 0, 0, 0, 0);
	add(&fresh, "1000");
	for (unsigned i = 0; i <= 1000; i++) {
		(void)relay_flush(fresh.relay);
		snprintf(expected, sizeof(expected), "%u", i);
		net_expect(fd, expected, strlen(expected));
	}
	expect_counters(&fresh, 1001 - sent, 0, 0, 0, 0);
	ck_assert_int_eq(recv(fd, line, sizeof(line), MSG_DONTWAIT), -1);
	relay_free(files);
	relay_free(fresh.relay);
	relay_free(old.relay);
	socket_close(fd);
}
END_TEST

/* Large ones in a queue that moves: none is mixed up with another. */
START_TEST(test_slow_large)
{
	char text[NET_PATH_SIZE];
	static char data[100000], got[100001];
	int fd = net_open(net_path(text, "unixgram:", "large"), 0);
	struct address address = net_parse(text);
	struct relay *relay = relay_new(&address, false);
	const struct relay_counters *counters = relay_counters(relay);
	unsigned added = 0, read = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (read < 60) {
		uint64_t before = counters->lost[RELAY_FULL];

		/* As a bucket that holds its senders: none is given up. */
		memset(data, (char)added, sizeof(data));
		forward_add(
		    relay, (struct slice){ data, 50000 + added % 5 * 10000 });
		added += before == counters->lost[RELAY_FULL];
		if (added % 7 != 3 && before == counters->lost[RELAY_FULL])
			continue;
		for (int i = 0; i < 5; i++) {
			ssize_t n = recv(fd, got, sizeof(got), 0);

			(void)relay_flush(relay);
			if (n == -1)
				continue;
			memset(data, (char)read, sizeof(data));
			ck_assert_int_eq(n, 50000 + read % 5 * 10000);
			ck_assert_mem_eq(got, data, (size_t)n);
			read++;
		}
	}
	relay_free(relay);
	socket_close(fd);
}
END_TEST

START_TEST(test_reason_names)
{
	static const char *const names[] = { "queue-full", "too-long",
		"nobody-there", "loop" };

	ck_assert_uint_eq(COUNT(names), RELAY_REASONS);
	for (unsigned i = 0; i < RELAY_REASONS; i++)
		ck_assert_str_eq(relay_reason_name(i), names[i]);
}
END_TEST

CHECK_MAIN("creosote_relay", test_unchanged, test_many, test_too_long,
    test_nobody, test_loop, test_slow, test_stuck, test_given_up,
    test_taken_over, test_slow_large, test_reason_names)
