/* SPDX-License-Identifier: ISC */
/* Socket addresses: their texts, ports and names, and which are the same. */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"

#define ALL (TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM)

START_TEST(test_transport_name)
{
	ck_assert_str_eq(address_transport_name(TRANSPORT_UDP), "udp");
	ck_assert_str_eq(address_transport_name(TRANSPORT_TCP), "tcp");
	ck_assert_str_eq(address_transport_name(TRANSPORT_UNIX), "unix");
	ck_assert_str_eq(
	    address_transport_name(TRANSPORT_UNIXGRAM), "unixgram");
}
END_TEST

/* Formats a unix address of these bytes as the kernel would hand it over. */
static size_t
format_path(char text[ADDRESS_TEXT_SIZE], const char *path, size_t len)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, len);
	return address_format(text, (struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

START_TEST(test_format_unix)
{
	static const struct {
		const char *path;
		size_t len;
		const char *text;
	} rows[] = {
		{ "", 0, "unnamed" },
		{ "/run/x", 6, "/run/x" },
		{ "/run/x\0", 7, "/run/x" },
		{ "/run/x\0rest", 11, "/run/x" },
		{ "\0abc", 4, "@abc" },
		{ "\0", 1, "@" },
		{ "\0a\0b", 4, "@a\\x00b" },
		{ "/a\nb\x1b\\", 6, "/a\\nb\\x1b\\\\" },
		{ "netlabd:", 8, "./netlabd:" },
		{ "192.0.2.7:1", 11, "./192.0.2.7:1" },
		{ "unnamed", 7, "./unnamed" },
		{ "@abc", 4, "./@abc" },
		{ "./x", 3, "./x" },
		{ ".", 1, "./." },
		{ "/gr\xc3\xbc", 5, "/gr\\xc3\\xbc" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ADDRESS_TEXT_SIZE];
		size_t len = format_path(text, rows[i].path, rows[i].len);

		ck_assert_str_eq(text, rows[i].text);
		ck_assert_uint_eq(len, strlen(text));
	}
}
END_TEST

/* Longer than any: the widest IPv6 address, scope and port. */
START_TEST(test_format_ip)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(65535),
		.sin6_scope_id = UINT32_MAX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	char text[ADDRESS_TEXT_SIZE];

	memset(&in6.sin6_addr, 0xff, sizeof(in6.sin6_addr));
	ck_assert_uint_eq(
	    address_format(text, (struct sockaddr *)&in6, sizeof(in6)), 58);
	ck_assert_str_eq(
	    text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
	in.sin_port = htons(40123);
	in.sin_addr.s_addr = htonl(0xc0000207);
	ck_assert_uint_eq(
	    address_format(text, (struct sockaddr *)&in, sizeof(in)), 15);
	ck_assert_str_eq(text, "192.0.2.7:40123");
	ck_assert_uint_eq(address_format(text, (struct sockaddr *)&in, 0), 7);
	ck_assert_str_eq(text, "unnamed");
}
END_TEST

static void
set_ip(struct address *address, const char *host, unsigned port, unsigned scope)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, host, &address->u.in.sin_addr) == 1) {
		address->u.in.sin_family = AF_INET;
		address->u.in.sin_port = htons((uint16_t)port);
		address->len = sizeof(address->u.in);
		return;
	}
	ck_assert_int_eq(
	    inet_pton(AF_INET6, host, &address->u.in6.sin6_addr), 1);
	address->u.in6.sin6_family = AF_INET6;
	address->u.in6.sin6_port = htons((uint16_t)port);
	address->u.in6.sin6_scope_id = scope;
	address->len = sizeof(address->u.in6);
}

static const struct {
	const char *host;
	unsigned port, scope;
	const char *text;
} ip_rows[] = {
	{ "0.0.0.0", 0, 0, "0.0.0.0:0" },
	{ "192.0.2.7", 80, 0, "192.0.2.7:80" },
	{ "192.0.2.7", 8080, 0, "192.0.2.7:8080" },
	{ "192.0.2.8", 80, 0, "192.0.2.8:80" },
	{ "191.0.2.7", 80, 0, "191.0.2.7:80" },
	{ "255.255.255.255", 65535, 0, "255.255.255.255:65535" },
	{ "::", 80, 0, "[::]:80" },
	{ "2001:db8::1", 80, 0, "[2001:db8::1]:80" },
	{ "2001:db8::1", 81, 0, "[2001:db8::1]:81" },
	{ "2001:db8::2", 80, 0, "[2001:db8::2]:80" },
	{ "fe80::1", 80, 0, "[fe80::1]:80" },
	{ "fe80::1", 80, 1, "[fe80::1%1]:80" },
	{ "fe80::1", 80, 2, "[fe80::1%2]:80" },
	{ "::ffff:192.0.2.7", 80, 0, "[::ffff:192.0.2.7]:80" },
};

/* Each after each, as the last text is kept. */
START_TEST(test_format_ip_after)
{
	for (size_t i = 0; i < COUNT(ip_rows) * COUNT(ip_rows); i++) {
		size_t pair[] = { i / COUNT(ip_rows), i % COUNT(ip_rows) };

		for (size_t k = 0; k < COUNT(pair); k++) {
			char text[ADDRESS_TEXT_SIZE];
			struct address address;
			size_t len;

			set_ip(&address, ip_rows[pair[k]].host,
			    ip_rows[pair[k]].port, ip_rows[pair[k]].scope);
			len = address_format(text, &address.u.sa, address.len);
			ck_assert_str_eq(text, ip_rows[pair[k]].text);
			ck_assert_uint_eq(len, strlen(text));
		}
	}
}
END_TEST

START_TEST(test_port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(40123) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(65535) };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/x" };

	ck_assert_uint_eq(address_port((struct sockaddr *)&in), 40123);
	ck_assert_uint_eq(address_port((struct sockaddr *)&in6), 65535);
	ck_assert_uint_eq(address_port((struct sockaddr *)&un), 0);
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
	{ "192.0.2.1:80/udp", "192.0.2.1:080/udp", true },
	{ "192.0.2.1:80/udp", "192.0.2.1:80/tcp", false },
	{ "192.0.2.1:80/udp", "192.0.2.1:81/udp", false },
	{ "192.0.2.1:80/udp", "192.0.2.2:80/udp", false },
	{ "192.0.2.1:80/udp", "[::ffff:192.0.2.1]:80/udp", false },
	{ "127.0.0.1:80/udp", "80/udp", true }, /* the first of it */
	{ "[2001:db8::1]:80/tcp", "[2001:DB8:0::1]:80/tcp", true },
	{ "[fe80::1%1]:80/tcp", "[fe80::1]:80/tcp", false },
	{ "unix:/x", "unix:/x", true },
	{ "unix:/x", "unix:/xy", false },
	{ "unix:/x", "unixgram:/x", false },
	{ "unix:/x", "127.0.0.1:80/tcp", false },
};

START_TEST(test_equal)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct address_list a = { 0 }, b = { 0 };
		char why[WHY_SIZE];

		ck_assert_int_eq(address_parse(pairs[i].a, ALL, &a, why), 0);
		ck_assert_int_eq(address_parse(pairs[i].b, ALL, &b, why), 0);
		ck_assert_int_eq(
		    address_equal(a.items, b.items), pairs[i].equal);
		ck_assert_int_eq(
		    address_equal(b.items, a.items), pairs[i].equal);
		address_list_free(&a);
		address_list_free(&b);
	}
}
END_TEST

/* 108 bytes without a NUL: the kernel counts the one that it adds. */
START_TEST(test_format_long_path)
{
	socklen_t len = sizeof(struct sockaddr_un);
	struct sockaddr_un *un = calloc(1, len);
	char text[ADDRESS_TEXT_SIZE], expected[ADDRESS_TEXT_SIZE] = "";

	ck_assert_ptr_nonnull(un);
	un->sun_family = AF_UNIX;
	memset(un->sun_path, 'p', 108);
	un->sun_path[0] = '/';
	memset(expected, 'p', 108);
	expected[0] = '/';
	ck_assert_uint_eq(
	    address_format(text, (struct sockaddr *)un, len + 1), 108);
	ck_assert_str_eq(text, expected);
	memset(un->sun_path + 1, '\n', 20); /* one more than fits */
	memset(expected + 1, 'p', 126);
	for (size_t i = 1; i < 41; i += 2)
		memcpy(expected + i, "\\n", 2);
	ck_assert_uint_eq(
	    address_format(text, (struct sockaddr *)un, len), 127);
	ck_assert_str_eq(text, expected);
	memset(un->sun_path, '\x01', 108);
	ck_assert_uint_eq(
	    address_format(text, (struct sockaddr *)un, len), 126);
	ck_assert_str_eq(text + 118, "\\x01\\x01");
	free(un);
}
END_TEST

/* A socket's address that was cut, or that is none of ours. */
START_TEST(test_format_short)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET6 };
	const struct sockaddr *sa = (const struct sockaddr *)&storage;
	char text[ADDRESS_TEXT_SIZE];

	address_format(text, sa, sizeof(struct sockaddr_in6));
	ck_assert_str_eq(text, "[::]:0");
	address_format(text, sa, sizeof(struct sockaddr_in6) - 1);
	ck_assert_str_eq(text, "unnamed");
	storage.ss_family = AF_INET;
	address_format(text, sa, sizeof(struct sockaddr_in) - 1);
	ck_assert_str_eq(text, "unnamed");
	storage.ss_family = AF_UNIX;
	for (socklen_t len = 0; len <= 2; len++) {
		address_format(text, sa, len);
		ck_assert_str_eq(text, "unnamed");
	}
	storage.ss_family = AF_NETLINK;
	address_format(text, sa, sizeof(storage));
	ck_assert_str_eq(text, "unnamed");
}
END_TEST

CHECK_MAIN("address", test_transport_name, test_format_unix, test_format_ip,
    test_format_ip_after, test_port, test_equal, test_format_long_path,
    test_format_short)
