/* SPDX-License-Identifier: ISC */
/* Addresses without their port, there and back. */
#include <string.h>
#include <sys/un.h>

#include "base/address.h"
#include "check_main.h"

START_TEST(test_there_and_back)
{
	static const char *const hosts[] = { "192.0.2.7", "0.0.0.0",
		"::", "2001:db8::7", "::ffff:192.0.2.7" };

	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct sockaddr_storage address;
		char text[ADDRESS_TEXT_SIZE];
		socklen_t len = address_parse_host(&address, hosts[i]);

		ck_assert_uint_gt(len, 0);
		ck_assert_uint_eq(
		    address_format_host(text, (struct sockaddr *)&address, len),
		    strlen(hosts[i]));
		ck_assert_str_eq(text, hosts[i]);
	}
}
END_TEST

START_TEST(test_others)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/run/me" };
	struct sockaddr_storage address;
	char text[ADDRESS_TEXT_SIZE];

	address_format_host(text, (struct sockaddr *)&un, sizeof(un));
	ck_assert_str_eq(text, "/run/me");
	address_format_host(text, NULL, 0);
	ck_assert_str_eq(text, "unnamed");
	ck_assert_uint_eq(address_parse_host(&address, "/run/me"), 0);
	ck_assert_uint_eq(address_parse_host(&address, "unnamed"), 0);
	ck_assert_uint_eq(address_parse_host(&address, ""), 0);
}
END_TEST

CHECK_MAIN("address_host", test_there_and_back, test_others)
