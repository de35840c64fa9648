/* SPDX-License-Identifier: ISC */
/* Sets of ports: what can be written, and what is then in them. */
#include "base/ports.h"

#include <string.h>

#include "check_main.h"

static const struct {
	const char *text;
	unsigned first, last;
} good[] = {
	{ "0", 0, 0 },
	{ "7", 7, 7 },
	{ "007", 7, 7 },
	{ "65535", 65535, 65535 },
	{ "7-7", 7, 7 },
	{ "63-64", 63, 64 },
	{ "7000-7100", 7000, 7100 },
	{ "0-65535", 0, 65535 },
};

START_TEST(test_good)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct ports ports = { .words = { 0 } };
		char why[WHY_SIZE];

		ck_assert_int_eq(ports_add(&ports, good[i].text, why), 0);
		for (unsigned port = 0; port < PORTS_COUNT; port++)
			ck_assert_msg(ports_has(&ports, port) ==
				(port >= good[i].first && port <= good[i].last),
			    "%s: %u", good[i].text, port);
	}
}
END_TEST

START_TEST(test_several)
{
	struct ports ports = { .words = { 0 } };
	char why[WHY_SIZE];

	ck_assert(!ports_has(&ports, 7));
	ck_assert_int_eq(ports_add(&ports, "7", why), 0);
	ck_assert_int_eq(ports_add(&ports, "9-10", why), 0);
	ck_assert(ports_has(&ports, 7) && !ports_has(&ports, 8));
	ck_assert(ports_has(&ports, 9) && ports_has(&ports, 10));
}
END_TEST

START_TEST(test_bad)
{
	static const char *const bad[] = { "", "-", "7-", "-7", "7-6", "65536",
		"99999999999999999999", "7-65536", "7 ", " 7", "+7", "0x7",
		"7-8-9", "echo", "7,8", "7--8" };
	static const struct ports empty;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ports ports = { .words = { 0 } };
		char why[WHY_SIZE] = "";

		ck_assert_msg(
		    ports_add(&ports, bad[i], why) == -1, "'%s'", bad[i]);
		ck_assert_ptr_nonnull(strstr(why, "(write "));
		ck_assert_mem_eq(&ports, &empty, sizeof(ports));
	}
}
END_TEST

CHECK_MAIN("ports", test_good, test_several, test_bad)
