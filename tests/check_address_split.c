/* SPDX-License-Identifier: ISC */
/* [HOST:]PORT[/udp|/tcp] taken apart, with and without a default port. */
#include "base/address.h"

#include <stdlib.h>
#include <string.h>

#include "check_main.h"

#define BOTH (TRANSPORT_UDP | TRANSPORT_TCP)

static const struct {
	const char *text;
	int default_port;
	const char *host; /* NULL: refused */
	unsigned port, transports;
} splits[] = {
	{ "80", ADDRESS_NO_PORT, "localhost", 80, BOTH },
	{ "80", 7, "localhost", 80, BOTH },
	{ "a.example:80", 7, "a.example", 80, BOTH },
	{ "a.example", 7, "a.example", 7, BOTH },
	{ "a.example", ADDRESS_NO_PORT, NULL, 0, 0 },
	{ "a.example/udp", 7, "a.example", 7, TRANSPORT_UDP },
	{ "a.example:80/tcp", 7, "a.example", 80, TRANSPORT_TCP },
	{ "a.example:", 7, NULL, 0, 0 },
	{ "a.example:http", 7, NULL, 0, 0 },
	{ "a.example/sctp", 7, NULL, 0, 0 },
	{ "192.0.2.7", 7, "192.0.2.7", 7, BOTH },
	{ "[::1]", 7, "::1", 7, BOTH },
	{ "[::1]:80/udp", 7, "::1", 80, TRANSPORT_UDP },
	{ "[::1]", ADDRESS_NO_PORT, NULL, 0, 0 },
	{ "::1", 7, NULL, 0, 0 },
	{ "[::1", 7, NULL, 0, 0 },
	{ "[::1]x", 7, NULL, 0, 0 },
	{ "70000", 7, NULL, 0, 0 },
	{ "", 7, NULL, 0, 0 },
	{ ":", 7, NULL, 0, 0 },
	{ ":80", 7, NULL, 0, 0 },
	{ "/udp", 7, NULL, 0, 0 },
};

static void
check_split(size_t i)
{
	struct address_parts parts;
	char why[WHY_SIZE] = "";
	int result =
	    address_split(splits[i].text, splits[i].default_port, &parts, why);

	if (splits[i].host == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_str_ne(why, "");
		return;
	}
	ck_assert_msg(result == 0, "%s", why);
	ck_assert_str_eq(parts.host, splits[i].host);
	ck_assert_uint_eq(parts.port, splits[i].port);
	ck_assert_uint_eq(parts.transports, splits[i].transports);
}

START_TEST(test_split)
{
	for (size_t i = 0; i < COUNT(splits); i++)
		check_split(i);
}
END_TEST

/* A look-up within a time finds what one without end finds. */
static void
check_resolve(size_t i)
{
	struct address_parts parts = {
		.host = "192.0.2.7", .port = 7, .transports = BOTH
	};
	struct address_list list = { 0 };
	char why[WHY_SIZE], text[ADDRESS_TEXT_SIZE];

	ck_assert_int_eq(
	    address_resolve(&parts, i == 0 ? -1 : 5000, &list, why), 0);
	ck_assert_uint_eq(list.count, 2);
	address_format(text, &list.items[0].u.sa, list.items[0].len);
	ck_assert_str_eq(text, "192.0.2.7:7");
	address_list_free(&list);
}

START_TEST(test_resolve)
{
	for (size_t i = 0; i < 2; i++)
		check_resolve(i);
}
END_TEST

/* A name that cannot be: no name server is asked for it. */
static void
check_resolve_failure(size_t i)
{
	struct address_parts parts = {
		.host = "a..b", .port = 7, .transports = BOTH
	};
	struct address_list list = { 0 };
	char why[WHY_SIZE] = "";

	ck_assert_int_eq(
	    address_resolve(&parts, i == 0 ? -1 : 5000, &list, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "'a..b'"));
	ck_assert_uint_eq(list.count, 0);
}

START_TEST(test_resolve_failure)
{
	for (size_t i = 0; i < 2; i++)
		check_resolve_failure(i);
}
END_TEST

CHECK_MAIN("base/address_split", test_split, test_resolve, test_resolve_failure)
