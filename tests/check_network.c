/* SPDX-License-Identifier: ISC */
/* Networks and the senders that are in them. */
#include "base/network.h"

#include <string.h>

#include "check_main.h"

static const struct {
	const char *network, *source;
	bool has;
} members[] = {
	{ "192.0.2.7", "192.0.2.7:40123", true },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.8:40123", false },
	{ "192.0.2.7", "192.0.2.77:40123", false },
	{ "192.0.2.0/24", "192.0.2.255:1", true },
	{ "192.0.2.0/24", "192.0.3.0:1", false },
	{ "192.0.2.99/24", "192.0.2.1:1", true },
	{ "192.0.2.128/25", "192.0.2.127:1", false },
	{ "192.0.2.128/25", "192.0.2.128:1", true },
	{ "192.0.2.4/31", "192.0.2.5:1", true },
	{ "192.0.2.4/31", "192.0.2.6:1", false },
	{ "192.0.2.4/32", "192.0.2.4:1", true },
	{ "0.0.0.0/0", "255.255.255.255:1", true },
	{ "0.0.0.0/0", "[2001:db8::1]:1", false },
	{ "::/0", "[2001:db8::1]:1", true },
	{ "::/0", "192.0.2.1:1", true },
	{ "2001:db8::/32", "[2001:db8:ffff::1]:514", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "[2001:db9::1]:514", false },
	{ "2001:db8::7", "[2001:db8::7]:514", true },
	{ "2001:db8::7", "[2001:db8::8]:514", false },
	{ "::ffff:192.0.2.0/120", "192.0.2.9:1", true },
	{ "192.0.2.0/24", "[::ffff:192.0.2.9]:1", true },
	{ "fe80::/10", "[fe80::1%eth0]:1", true },
	{ "::/0", "/run/socket", false },
	{ "::/0", "unnamed", false },
	{ "::/0", "netlabd", false },
	{ "::/0", "", false },
	{ "::/0", "[", false },
	{ "::/0", "[::1", false },
	{ "::/0", ":", false },
	{ "::/0",
	    "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
	    false },
};

START_TEST(test_members)
{
	for (size_t i = 0; i < COUNT(members); i++) {
		const char *text = members[i].source;
		char why[WHY_SIZE];
		struct network network;
		/* Exactly so long, for the address sanitizer. */
		char *source =
		    memcpy(malloc(strlen(text) + 1), text, strlen(text));
		struct slice slice = { source, strlen(text) };

		ck_assert_int_eq(
		    network_parse(&network, members[i].network, why), 0);
		ck_assert_msg(network_has(&network, slice) == members[i].has,
		    "%s in %s: not %d", text, members[i].network,
		    members[i].has);
		free(source);
	}
}
END_TEST

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "'' is no network (write ADDRESS or ADDRESS/BITS)" },
	{ "lab", "'lab' is no network (write ADDRESS or ADDRESS/BITS)" },
	{ "192.0.2",
	    "'192.0.2' is no network (write ADDRESS or ADDRESS/BITS)" },
	{ "[::1]", "'[::1]' is no network (write ADDRESS or ADDRESS/BITS)" },
	{ "192.0.2.0/33",
	    "'192.0.2.0/33' has no prefix length from 0 to 32 (write "
	    "ADDRESS/BITS)" },
	{ "192.0.2.0/",
	    "'192.0.2.0/' has no prefix length from 0 to 32 (write "
	    "ADDRESS/BITS)" },
	{ "192.0.2.0/-1",
	    "'192.0.2.0/-1' has no prefix length from 0 to 32 (write "
	    "ADDRESS/BITS)" },
	{ "192.0.2.0/9999",
	    "'192.0.2.0/9999' has no prefix length from 0 to 32 (write "
	    "ADDRESS/BITS)" },
	{ "::/129",
	    "'::/129' has no prefix length from 0 to 128 (write "
	    "ADDRESS/BITS)" },
	{ "::/1 ",
	    "'::/1 ' has no prefix length from 0 to 128 (write ADDRESS/BITS)" },
};

START_TEST(test_bad)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		char why[WHY_SIZE] = "";
		struct network network;

		ck_assert_int_eq(network_parse(&network, bad[i].text, why), -1);
		ck_assert_str_eq(why, bad[i].why);
	}
}
END_TEST

/* A text longer than any address, escapes in it, is quoted and cut. */
START_TEST(test_long)
{
	char text[4096], why[WHY_SIZE];
	struct network network;

	memset(text, '\x1b', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(network_parse(&network, text, why), -1);
	ck_assert_ptr_null(strchr(why, '\x1b'));
}
END_TEST

static const struct {
	const char *text, *why; /* NULL: it is exact */
} exact[] = {
	{ "192.0.2.7", NULL },
	{ "192.0.2.0/24", NULL },
	{ "0.0.0.0/0", NULL },
	{ "::/0", NULL },
	{ "::ffff:192.0.2.0/120", NULL },
	{ "2001:db8::/32", NULL },
	{ "2001:db8::1", NULL },
	{ "192.0.2.7/24", "has bits beyond its prefix (write 192.0.2.0/24)" },
	{ "255.255.255.255/0", "has bits beyond its prefix (write 0.0.0.0/0)" },
	{ "192.0.2.1/31", "has bits beyond its prefix (write 192.0.2.0/31)" },
	{ "::ffff:192.0.2.7/120",
	    "has bits beyond its prefix (write 192.0.2.0/24)" },
	{ "::ffff:0:0/90", "has bits beyond its prefix (write ::ffc0:0:0/90)" },
	{ "2001:db8::/28", "has bits beyond its prefix (write 2001:db0::/28)" },
	{ "2001:db8::1/127",
	    "has bits beyond its prefix (write 2001:db8::/127)" },
	{ "10.0.0.0/33",
	    "has no prefix length from 0 to 32 (write ADDRESS/BITS)" },
};

START_TEST(test_exact)
{
	for (size_t i = 0; i < COUNT(exact); i++) {
		char why[WHY_SIZE] = "";
		struct network network;
		int result = network_parse_exact(&network, exact[i].text, why);

		ck_assert_int_eq(result, exact[i].why == NULL ? 0 : -1);
		if (exact[i].why != NULL)
			ck_assert_str_eq(why, exact[i].why);
	}
}
END_TEST

CHECK_MAIN("network", test_members, test_bad, test_long, test_exact)
