/* SPDX-License-Identifier: ISC */
/* Where messages may be passed on to. */
#include "services/creosote_forward.h"

#include "check_main.h"
#include "check_net.h"

START_TEST(test_addresses)
{
	static const struct {
		const char *text, *why; /* NULL: fine */
	} table[] = {
		{ "192.0.2.1", NULL },
		{ "192.0.2.1:7739", NULL },
		{ "192.0.2.1:7739/udp", NULL },
		{ "[2001:db8::1]:514", NULL },
		{ "localhost", NULL },
		{ "192.0.2.1:7739/tcp", "buckets are reached over udp only" },
		{ "*:7739", "no address of one peer (write HOST:PORT)" },
		{ "0.0.0.0:7739", "no address of one peer (write HOST:PORT)" },
		{ "[::]:7739", "no address of one peer (write HOST:PORT)" },
		{ "192.0.2.1:0", "no address of one peer (write HOST:PORT)" },
		{ "192.0.2.1:65536",
		    "no port from 0 to 65535 (write HOST:PORT)" },
		{ "", "no port from 0 to 65535 (write HOST:PORT)" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		char why[WHY_SIZE] = "";
		struct relay *relay = forward_new(table[i].text, why);

		ck_assert_msg((relay != NULL) == (table[i].why == NULL),
		    "%s: %s", table[i].text, why);
		if (relay == NULL)
			ck_assert_str_eq(why, table[i].why);
		relay_free(relay);
	}
}
END_TEST

CHECK_MAIN("creosote_forward", test_addresses)
