/* SPDX-License-Identifier: ISC */
/* Texts of addresses: what they mean, and which are refused with what. */
#include "base/address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"

#define UDP_TCP (TRANSPORT_UDP | TRANSPORT_TCP)
#define ALL     (TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM)

/* The linker puts __wrap_ in the place of libc's: see Makefile.am. */
int __wrap_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);
int __real_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);

void *__wrap_reallocarray(void *items, size_t count, size_t size);
void *__real_reallocarray(void *items, size_t count, size_t size);

static unsigned lookups;
static unsigned allocations_left = 1000;

void *
__wrap_reallocarray(void *items, size_t count, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	return __real_reallocarray(items, count, size);
}

/* Knows one name, "lab", and asks no name server; numbers are libc's. */
int
__wrap_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	struct addrinfo numeric = *hints;
	bool is_lab = strcmp(host, "lab") == 0;
	int error;

	if ((hints->ai_flags & AI_NUMERICHOST) != 0)
		return __real_getaddrinfo(host, service, hints, result);
	numeric.ai_flags |= AI_NUMERICHOST;
	error = __real_getaddrinfo(
	    is_lab ? "192.0.2.7" : host, service, &numeric, result);
	if (is_lab)
		return __real_getaddrinfo(
		    "2001:db8::7", service, &numeric, &(*result)->ai_next);
	if (error != 0)
		lookups++;
	return strcmp(host, "later") == 0 ? EAI_AGAIN : error;
}

/* "udp 127.0.0.1:80, tcp [::1]:80 (optional)" */
static void
print_list(char *out, const struct address_list *list)
{
	*out = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const struct address *item = &list->items[i];
		char text[ADDRESS_TEXT_SIZE];

		address_format(text, &item->u.sa, item->len);
		out += sprintf(out, "%s%s %s%s", i == 0 ? "" : ", ",
		    address_transport_name(item->transport), text,
		    item->optional ? " (optional)" : "");
	}
}

static const struct {
	const char *text;
	unsigned transports;
	const char *list;
} good[] = {
	/* Every transport that the text and the caller have in common. */
	{ "80", UDP_TCP,
	    "udp 127.0.0.1:80, tcp 127.0.0.1:80, "
	    "udp [::1]:80 (optional), tcp [::1]:80 (optional)" },
	{ "80", ALL,
	    "udp 127.0.0.1:80, tcp 127.0.0.1:80, "
	    "udp [::1]:80 (optional), tcp [::1]:80 (optional)" },
	{ "80", TRANSPORT_UDP, "udp 127.0.0.1:80, udp [::1]:80 (optional)" },
	{ "80", TRANSPORTS_DATAGRAM,
	    "udp 127.0.0.1:80, udp [::1]:80 (optional)" },
	{ "80", TRANSPORTS_STREAM,
	    "tcp 127.0.0.1:80, tcp [::1]:80 (optional)" },
	{ "80/udp", UDP_TCP, "udp 127.0.0.1:80, udp [::1]:80 (optional)" },
	{ "80/tcp", UDP_TCP, "tcp 127.0.0.1:80, tcp [::1]:80 (optional)" },
	{ "localhost:80/tcp", UDP_TCP,
	    "tcp 127.0.0.1:80, tcp [::1]:80 (optional)" },
	{ "*:7739/udp", UDP_TCP, "udp 0.0.0.0:7739, udp [::]:7739 (optional)" },
	/* Ports. */
	{ "127.0.0.1:0/udp", UDP_TCP, "udp 127.0.0.1:0" },
	{ "127.0.0.1:1/udp", UDP_TCP, "udp 127.0.0.1:1" },
	{ "127.0.0.1:65535/udp", UDP_TCP, "udp 127.0.0.1:65535" },
	{ "127.0.0.1:010/udp", UDP_TCP, "udp 127.0.0.1:10" },
	{ "127.0.0.1:00080/udp", UDP_TCP, "udp 127.0.0.1:80" },
	/* Hosts. */
	{ "0.0.0.0:80/tcp", UDP_TCP, "tcp 0.0.0.0:80" },
	{ "255.255.255.255:80/udp", UDP_TCP, "udp 255.255.255.255:80" },
	{ "192.0.2.7:80", UDP_TCP, "udp 192.0.2.7:80, tcp 192.0.2.7:80" },
	{ "[::1]:80/udp", UDP_TCP, "udp [::1]:80" },
	{ "[::]:80/udp", UDP_TCP, "udp [::]:80" },
	{ "[2001:DB8:0:0:0:0:0:1]:40123/tcp", UDP_TCP,
	    "tcp [2001:db8::1]:40123" },
	{ "[::ffff:192.0.2.7]:80/udp", UDP_TCP, "udp [::ffff:192.0.2.7]:80" },
	{ "[fe80::1%1]:80/udp", UDP_TCP, "udp [fe80::1%1]:80" },
	{ "lab:80/tcp", UDP_TCP, "tcp 192.0.2.7:80, tcp [2001:db8::7]:80" },
	/* Paths. */
	{ "unix:/run/x", ALL, "unix /run/x" },
	{ "unixgram:/run/x", ALL, "unixgram /run/x" },
	{ "unix:/", TRANSPORT_UNIX, "unix /" },
	{ "unix:/a:80/udp", ALL, "unix /a:80/udp" },
	{ "unixgram:/unix:/x", ALL, "unixgram /unix:/x" },
};

START_TEST(test_good)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct address_list list = { 0 };
		char why[WHY_SIZE] = "", text[1024];

		ck_assert_msg(address_parse(good[i].text, good[i].transports,
				  &list, why) == 0,
		    "%s: %s", good[i].text, why);
		print_list(text, &list);
		ck_assert_str_eq(text, good[i].list);
		address_list_free(&list);
	}
}
END_TEST

#define BAD_PORT      "no port from 0 to 65535 (write HOST:PORT)"
#define BAD_FORM      "not an address (write HOST:PORT, an IPv6 HOST in [])"
#define BAD_TRANSPORT "unknown transport (write /udp or /tcp)"

struct bad {
	const char *text;
	unsigned transports;
	const char *why;
};

/* What is refused leaves a list as it was. */
static void
check_bad(const struct bad *rows, size_t count)
{
	struct address_list list = { 0 };
	char why[WHY_SIZE], text[256];

	ck_assert_int_eq(
	    address_parse("192.0.2.1:1/udp", UDP_TCP, &list, why), 0);
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(address_parse(rows[i].text, rows[i].transports,
				  &list, why) == -1,
		    "%s is taken", rows[i].text);
		ck_assert_str_eq(why, rows[i].why);
		print_list(text, &list);
		ck_assert_str_eq(text, "udp 192.0.2.1:1");
	}
	address_list_free(&list);
}

static const struct bad bad_forms[] = {
	{ "", UDP_TCP, BAD_PORT },
	{ "localhost", UDP_TCP, BAD_PORT },
	{ "localhost:", UDP_TCP, BAD_PORT },
	{ "65536", UDP_TCP, BAD_PORT },
	{ "99999", UDP_TCP, BAD_PORT },
	{ "100000", UDP_TCP, BAD_PORT },
	{ "000080", UDP_TCP, BAD_PORT },
	{ "4294967376", UDP_TCP, BAD_PORT },
	{ "*:65536/udp", UDP_TCP, BAD_PORT },
	{ "-1", UDP_TCP, BAD_PORT },
	{ "+80", UDP_TCP, BAD_PORT },
	{ " 80", UDP_TCP, BAD_PORT },
	{ "80 ", UDP_TCP, BAD_PORT },
	{ "0x50", UDP_TCP, BAD_PORT },
	{ "80 /udp", UDP_TCP, BAD_PORT },
	{ "[::1]:", UDP_TCP, BAD_PORT },
	{ "[::1]:http", UDP_TCP, BAD_PORT },
	{ ":", UDP_TCP, BAD_FORM },
	{ ":80", UDP_TCP, BAD_FORM },
	{ "::1:80", UDP_TCP, BAD_FORM },
	{ "::80", UDP_TCP, BAD_FORM },
	{ "a:b:80", UDP_TCP, BAD_FORM },
	{ "[::1]", UDP_TCP, BAD_FORM },
	{ "[::1]80", UDP_TCP, BAD_FORM },
	{ "[::1", UDP_TCP, BAD_FORM },
	{ "[::1:80", UDP_TCP, BAD_FORM },
	{ "[::1]x:80", UDP_TCP, BAD_FORM },
	{ "::1]:80", UDP_TCP, BAD_FORM },
	{ "[]", UDP_TCP, BAD_FORM },
	{ "[]:80", UDP_TCP, BAD_FORM },
	{ "]:80", UDP_TCP, BAD_FORM },
	{ "a]:80", UDP_TCP, BAD_FORM },
	{ "80/", UDP_TCP, BAD_TRANSPORT },
	{ "80/UDP", UDP_TCP, BAD_TRANSPORT },
	{ "80/sctp", UDP_TCP, BAD_TRANSPORT },
	{ "80/udp ", UDP_TCP, BAD_TRANSPORT },
	{ "80/udp/tcp", UDP_TCP, BAD_TRANSPORT },
	{ "80/unix", ALL, BAD_TRANSPORT },
	{ "unix:", ALL, "not an absolute path (write unix:/path)" },
	{ "unix:run", ALL, "not an absolute path (write unix:/path)" },
	{ "unix:@x", ALL, "not an absolute path (write unix:/path)" },
	{ "unixgram:", ALL, "not an absolute path (write unixgram:/path)" },
	{ "unixgram: /x", ALL, "not an absolute path (write unixgram:/path)" },
	{ "80/udp", TRANSPORTS_STREAM,
	    "not served over udp (possible: tcp unix)" },
	{ "80/tcp", TRANSPORTS_DATAGRAM,
	    "not served over tcp (possible: udp unixgram)" },
	{ "80", TRANSPORT_UNIX | TRANSPORT_UNIXGRAM,
	    "not served over udp or tcp (possible: unix unixgram)" },
	{ "unix:/x", UDP_TCP, "not served over unix (possible: udp tcp)" },
	{ "unixgram:/x", TRANSPORT_UDP,
	    "not served over unixgram (possible: udp)" },
	{ "unixgram:/x", ALL - TRANSPORT_UNIXGRAM,
	    "not served over unixgram (possible: udp tcp unix)" },
};

START_TEST(test_bad_forms)
{
	check_bad(bad_forms, COUNT(bad_forms));
}
END_TEST

static const struct bad bad_hosts[] = {
	{ "nowhere:80", UDP_TCP,
	    "host 'nowhere' cannot be resolved: Name or service not known" },
	{ "no\nwhere:80", UDP_TCP,
	    "host 'no\\nwhere' cannot be resolved: "
	    "Name or service not known" },
	{ "later:80", UDP_TCP,
	    "host 'later' cannot be resolved: "
	    "Temporary failure in name resolution" },
};

START_TEST(test_bad_hosts)
{
	check_bad(bad_hosts, COUNT(bad_hosts));
	ck_assert_uint_eq(lookups, COUNT(bad_hosts));
}
END_TEST

/* HOST of 255 characters is looked up, one of 256 is not. */
START_TEST(test_host_length)
{
	struct address_list list = { 0 };
	char text[300] = "", why[WHY_SIZE];

	memset(text, 'a', 255);
	strcpy(text + 255, ":80");
	ck_assert_int_eq(address_parse(text, UDP_TCP, &list, why), -1);
	ck_assert_uint_eq(lookups, 1);
	ck_assert_str_eq(why + strlen(why) - 50,
	    "...' cannot be resolved: Name or service not known");
	memset(text, 'a', 256);
	strcpy(text + 256, ":80");
	ck_assert_int_eq(address_parse(text, UDP_TCP, &list, why), -1);
	ck_assert_str_eq(why, "host longer than 255 characters");
	ck_assert_uint_eq(lookups, 1);
	ck_assert_ptr_null(list.items);
}
END_TEST

START_TEST(test_path_length)
{
	struct address_list list = { 0 };
	char text[128] = "unix:/", why[WHY_SIZE];

	memset(text + 6, 'p', 106);
	ck_assert_int_eq(address_parse(text, ALL, &list, why), 0);
	ck_assert_uint_eq(strlen(list.items[0].u.un.sun_path), 107);
	text[6 + 106] = 'p';
	ck_assert_int_eq(address_parse(text, ALL, &list, why), -1);
	ck_assert_str_eq(why, "path longer than 107 characters");
	ck_assert_uint_eq(list.count, 1);
	address_list_free(&list);
}
END_TEST

START_TEST(test_list)
{
	struct address_list list = { 0 };
	char why[WHY_SIZE], text[256];

	ck_assert_int_eq(address_parse("192.0.2.1:1", UDP_TCP, &list, why), 0);
	ck_assert_int_eq(address_parse("unix:/x", ALL, &list, why), 0);
	ck_assert_int_eq(address_parse("[::1]:2/udp", ALL, &list, why), 0);
	print_list(text, &list);
	ck_assert_str_eq(
	    text, "udp 192.0.2.1:1, tcp 192.0.2.1:1, unix /x, udp [::1]:2");
	address_list_free(&list);
	ck_assert_ptr_null(list.items);
	ck_assert_uint_eq(list.count, 0);
	address_list_free(&list);
}
END_TEST

static const struct bad bad_brackets[] = {
	{ "[*]:80", UDP_TCP, "host '*' is no IPv6 address" },
	{ "[localhost]:80", UDP_TCP, "host 'localhost' is no IPv6 address" },
	{ "[lab]:80", UDP_TCP, "host 'lab' is no IPv6 address" },
	{ "[127.0.0.1]:80", UDP_TCP, "host '127.0.0.1' is no IPv6 address" },
	{ "[[::1]]:80", UDP_TCP, "host '[::1]' is no IPv6 address" },
	{ "[::1]]:80", UDP_TCP, "host '::1]' is no IPv6 address" },
	{ "[::g]:80", UDP_TCP, "host '::g' is no IPv6 address" },
	{ "[::1 ]:80", UDP_TCP, "host '::1 ' is no IPv6 address" },
	{ "[1:2:3:4:5:6:7:8:9]:80", UDP_TCP,
	    "host '1:2:3:4:5:6:7:8:9' is no IPv6 address" },
	{ "[fe80::1%nosuch0]:80", UDP_TCP,
	    "host 'fe80::1%nosuch0': there is no such interface" },
};

/* Nothing in brackets is worth a question to a name server. */
START_TEST(test_bad_brackets)
{
	check_bad(bad_brackets, COUNT(bad_brackets));
	ck_assert_uint_eq(lookups, 0);
}
END_TEST

#define NO_IPV4(host) \
	"host '" host "' is no IPv4 address (write 4 decimal numbers)"

static const struct bad bad_numbers[] = {
	{ "0:80", UDP_TCP, NO_IPV4("0") },
	{ "1:80", UDP_TCP, NO_IPV4("1") },
	{ "127.1:80", UDP_TCP, NO_IPV4("127.1") },
	{ "010.0.0.1:80", UDP_TCP, NO_IPV4("010.0.0.1") },
	{ "0x7f.0.0.1:80", UDP_TCP, NO_IPV4("0x7f.0.0.1") },
	{ "0x7f000001:80", UDP_TCP, NO_IPV4("0x7f000001") },
	{ "127.0.0.1 x:80", UDP_TCP, NO_IPV4("127.0.0.1 x") },
	{ "256.0.0.1:80", UDP_TCP, NO_IPV4("256.0.0.1") },
	{ "1.2.3.4.5:80", UDP_TCP, NO_IPV4("1.2.3.4.5") },
	{ "1.2.3.4.:80", UDP_TCP, NO_IPV4("1.2.3.4.") },
	{ ".:80", UDP_TCP, NO_IPV4(".") },
};

START_TEST(test_bad_numbers)
{
	check_bad(bad_numbers, COUNT(bad_numbers));
	ck_assert_uint_eq(lookups, 0);
}
END_TEST

/* Memory that ends after any number of addresses leaves the list as it was. */
START_TEST(test_no_memory)
{
	static const char *const texts[] = { "80", "*:80", "lab:80", "[::1]:80",
		"unix:/x" };
	static const unsigned needed[] = { 4, 4, 4, 2, 1 };

	for (size_t i = 0; i < COUNT(texts); i++)
		for (unsigned left = 0; left <= needed[i]; left++) {
			struct address_list list = { 0 };
			char why[WHY_SIZE] = "";
			bool enough = left == needed[i];

			allocations_left = left;
			ck_assert_int_eq(
			    address_parse(texts[i], ALL, &list, why),
			    enough ? 0 : -1);
			ck_assert_uint_eq(list.count, enough ? left : 0);
			ck_assert_str_eq(why, enough ? "" : "out of memory");
			address_list_free(&list);
		}
}
END_TEST

CHECK_MAIN("address_parse", test_good, test_bad_forms, test_bad_hosts,
    test_host_length, test_path_length, test_list, test_bad_brackets,
    test_bad_numbers, test_no_memory)
