/* SPDX-License-Identifier: ISC */
/* The loop guard's judgement, address by address and port by port. */
#include "net/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "check_main.h"

/* Ports that no rule names. */
#define PLAIN_PORT 40123
#define OWN_PORT   40124

static enum guard_reason
judge_with(const char *host, unsigned port, const struct ports *more)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	in.sin_port = in6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
		return guard_check_source((struct sockaddr *)&in, more);
	ck_assert_int_eq(inet_pton(AF_INET6, host, &in6.sin6_addr), 1);
	return guard_check_source((struct sockaddr *)&in6, more);
}

static enum guard_reason
judge(const char *host, unsigned port)
{
	return judge_with(host, port, NULL);
}

static const struct {
	const char *host;
	enum guard_reason expected;
} sources[] = {
	{ "0.0.0.0", GUARD_SOURCE },
	{ "0.0.0.1", GUARD_SOURCE },
	{ "0.255.255.255", GUARD_SOURCE },
	{ "1.0.0.0", GUARD_PASS },
	{ "10.0.0.1", GUARD_PASS },
	{ "127.0.0.0", GUARD_PASS },
	{ "127.0.0.1", GUARD_PASS },
	{ "127.255.255.254", GUARD_PASS },
	{ "169.254.1.1", GUARD_PASS },
	{ "192.0.2.7", GUARD_PASS },
	{ "223.255.255.255", GUARD_PASS },
	{ "224.0.0.0", GUARD_SOURCE },
	{ "224.0.0.251", GUARD_SOURCE },
	{ "239.255.255.255", GUARD_SOURCE },
	{ "240.0.0.0", GUARD_SOURCE },
	{ "254.0.0.1", GUARD_SOURCE },
	{ "255.255.255.254", GUARD_SOURCE },
	{ "255.255.255.255", GUARD_SOURCE },
	{ "::", GUARD_SOURCE },
	{ "::1", GUARD_PASS },
	{ "2001:db8::7", GUARD_PASS },
	{ "fe80::1", GUARD_PASS },
	{ "fd00::1", GUARD_PASS },
	{ "feff:ffff::", GUARD_PASS },
	{ "ff00::", GUARD_SOURCE },
	{ "ff02::1", GUARD_SOURCE },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", GUARD_SOURCE },
	{ "::ffff:0.0.0.0", GUARD_SOURCE },
	{ "::ffff:0.1.2.3", GUARD_SOURCE },
	{ "::ffff:127.0.0.1", GUARD_PASS },
	{ "::ffff:192.0.2.7", GUARD_PASS },
	{ "::ffff:223.255.255.255", GUARD_PASS },
	{ "::ffff:224.0.0.1", GUARD_SOURCE },
	{ "::ffff:240.0.0.1", GUARD_SOURCE },
	{ "::ffff:255.255.255.255", GUARD_SOURCE },
};

START_TEST(test_source)
{
	for (size_t i = 0; i < COUNT(sources); i++)
		ck_assert_msg(
		    judge(sources[i].host, PLAIN_PORT) == sources[i].expected,
		    "%s", sources[i].host);
}
END_TEST

static const struct {
	unsigned port;
	enum guard_reason expected;
} ports[] = {
	{ 0, GUARD_SYSTEM_PORT },
	{ 1, GUARD_SYSTEM_PORT },
	{ 7, GUARD_SYSTEM_PORT },
	{ 19, GUARD_SYSTEM_PORT },
	{ 53, GUARD_SYSTEM_PORT },
	{ 1023, GUARD_SYSTEM_PORT },
	{ 1024, GUARD_PASS },
	{ 1433, GUARD_PASS },
	{ 1434, GUARD_ANSWERING_PORT },
	{ 1900, GUARD_ANSWERING_PORT },
	{ 2048, GUARD_PASS },
	{ 2049, GUARD_SYSTEM_PORT },
	{ 2050, GUARD_PASS },
	{ 2345, GUARD_ANSWERING_PORT },
	{ 3283, GUARD_ANSWERING_PORT },
	{ 3702, GUARD_ANSWERING_PORT },
	{ 5060, GUARD_ANSWERING_PORT },
	{ 5353, GUARD_ANSWERING_PORT },
	{ 5683, GUARD_ANSWERING_PORT },
	{ 10001, GUARD_ANSWERING_PORT },
	{ 11111, GUARD_ANSWERING_PORT },
	{ 11112, GUARD_PASS },
	{ 11211, GUARD_ANSWERING_PORT },
	{ 27960, GUARD_ANSWERING_PORT },
	{ 32768, GUARD_PASS },
	{ 65535, GUARD_PASS },
};

START_TEST(test_port)
{
	static const char *const hosts[] = { "127.0.0.1", "192.0.2.7", "::1",
		"2001:db8::7", "::ffff:192.0.2.7" };

	for (size_t i = 0; i < COUNT(ports); i++)
		for (size_t host = 0; host < COUNT(hosts); host++)
			ck_assert_msg(judge(hosts[host], ports[i].port) ==
				ports[i].expected,
			    "%s port %u", hosts[host], ports[i].port);
	/* The address is judged first. */
	ck_assert_int_eq(judge("224.0.0.1", 7), GUARD_SOURCE);
	ck_assert_int_eq(judge("ff02::1", 7), GUARD_SOURCE);
}
END_TEST

/* They come to those that are known. */
START_TEST(test_more_ports)
{
	static const struct {
		unsigned port;
		enum guard_reason expected;
	} table[] = {
		{ 7, GUARD_SYSTEM_PORT },
		{ 6999, GUARD_PASS },
		{ 7000, GUARD_ANSWERING_PORT },
		{ 7100, GUARD_ANSWERING_PORT },
		{ 7101, GUARD_PASS },
		{ 11211, GUARD_ANSWERING_PORT },
		{ 65535, GUARD_ANSWERING_PORT },
	};
	struct ports more = { .words = { 0 } };
	char why[WHY_SIZE];

	ck_assert_int_eq(ports_add(&more, "7000-7100", why), 0);
	ck_assert_int_eq(ports_add(&more, "65535", why), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		ck_assert_int_eq(judge_with("192.0.2.7", table[i].port, &more),
		    table[i].expected);
		ck_assert_int_eq(
		    judge_with("2001:db8::7", table[i].port, &more),
		    table[i].expected);
	}
}
END_TEST

START_TEST(test_own_port)
{
	ck_assert_int_eq(judge("192.0.2.7", OWN_PORT), GUARD_PASS);
	guard_claim_port(OWN_PORT);
	guard_claim_port(OWN_PORT);
	ck_assert_int_eq(judge("192.0.2.7", OWN_PORT), GUARD_OWN_PORT);
	ck_assert_int_eq(judge("::1", OWN_PORT), GUARD_OWN_PORT);
	ck_assert_int_eq(judge("192.0.2.7", OWN_PORT - 1), GUARD_PASS);
	ck_assert_int_eq(judge("192.0.2.7", OWN_PORT + 1), GUARD_PASS);
	guard_release_port(OWN_PORT);
	ck_assert_int_eq(judge("192.0.2.7", OWN_PORT), GUARD_OWN_PORT);
	guard_release_port(OWN_PORT);
	ck_assert_int_eq(judge("192.0.2.7", OWN_PORT), GUARD_PASS);
	guard_claim_port(65535);
	ck_assert_int_eq(judge("::1", 65535), GUARD_OWN_PORT);
	guard_release_port(65535);
	ck_assert_int_eq(judge("::1", 65535), GUARD_PASS);
	/* A socket without a port claims 0, which no other rule needs. */
	guard_claim_port(0);
	ck_assert_int_eq(judge("::1", 0), GUARD_SYSTEM_PORT);
}
END_TEST

START_TEST(test_unix)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	ck_assert_int_eq(
	    guard_check_source((struct sockaddr *)&un, NULL), GUARD_PASS);
}
END_TEST

/* Room for one control message. */
union message {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static enum guard_reason
judge_message(int level, int type, const void *data, size_t len)
{
	union message message;

	memset(&message, 0, sizeof(message));
	message.header.cmsg_level = level;
	message.header.cmsg_type = type;
	message.header.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&message.header), data, len);
	return guard_check_destination(&message.header);
}

/* `addressed` is in the packet, `local` is the kernel's choice for answers. */
START_TEST(test_destination_ipv4)
{
	static const struct {
		const char *addressed, *local;
		enum guard_reason expected;
	} table[] = {
		{ "192.0.2.7", "192.0.2.7", GUARD_PASS },
		{ "127.0.0.2", "127.0.0.2", GUARD_PASS },
		{ "192.0.2.255", "192.0.2.7", GUARD_DESTINATION },
		{ "255.255.255.255", "192.0.2.7", GUARD_DESTINATION },
		{ "224.0.0.1", "192.0.2.7", GUARD_DESTINATION },
		{ "224.0.0.1", "0.0.0.0", GUARD_DESTINATION },
		/* It waited since before the kernel was asked. */
		{ "192.0.2.7", "0.0.0.0", GUARD_PASS },
		{ "255.255.255.255", "0.0.0.0", GUARD_DESTINATION },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct in_pktinfo info = { .ipi_ifindex = 1 };

		inet_pton(AF_INET, table[i].addressed, &info.ipi_addr);
		inet_pton(AF_INET, table[i].local, &info.ipi_spec_dst);
		ck_assert_msg(judge_message(IPPROTO_IP, IP_PKTINFO, &info,
				  sizeof(info)) == table[i].expected,
		    "%s", table[i].addressed);
	}
}
END_TEST

START_TEST(test_destination_ipv6)
{
	static const struct {
		const char *addressed;
		enum guard_reason expected;
	} table[] = {
		{ "::1", GUARD_PASS },
		{ "2001:db8::7", GUARD_PASS },
		{ "fe80::1", GUARD_PASS },
		{ "ff01::1", GUARD_DESTINATION },
		{ "ff02::1", GUARD_DESTINATION },
		{ "ff0e::1:2", GUARD_DESTINATION },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct in6_pktinfo info = { .ipi6_ifindex = 1 };

		inet_pton(AF_INET6, table[i].addressed, &info.ipi6_addr);
		ck_assert_msg(judge_message(IPPROTO_IPV6, IPV6_PKTINFO, &info,
				  sizeof(info)) == table[i].expected,
		    "%s", table[i].addressed);
	}
}
END_TEST

START_TEST(test_other_messages)
{
	static const uint32_t drops[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	ck_assert_int_eq(
	    judge_message(SOL_SOCKET, SO_RXQ_OVFL, drops, sizeof(*drops)),
	    GUARD_PASS);
	ck_assert_int_eq(judge_message(SOL_SOCKET, IP_PKTINFO, drops,
			     sizeof(struct in_pktinfo)),
	    GUARD_PASS);
	ck_assert_int_eq(
	    judge_message(IPPROTO_IP, IP_TTL, drops, sizeof(int)), GUARD_PASS);
}
END_TEST

START_TEST(test_names)
{
	static const char *const names[] = { "pass", "denied",
		"denied-connection", "max-connections",
		"max-connections-per-source", "connection-rate-per-source",
		"connection-rate", "datagram-rate-per-source", "datagram-rate",
		"system-port", "own-port", "answering-port", "source",
		"destination", "amplification", "pair", "muted" };

	ck_assert_uint_eq(COUNT(names), GUARD_REASONS);
	for (unsigned i = 0; i < GUARD_REASONS; i++)
		ck_assert_str_eq(guard_reason_name(i), names[i]);
}
END_TEST

CHECK_MAIN("guard", test_source, test_port, test_more_ports, test_own_port,
    test_unix, test_destination_ipv4, test_destination_ipv6,
    test_other_messages, test_names)
