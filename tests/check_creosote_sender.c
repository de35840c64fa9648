/* SPDX-License-Identifier: ISC */
/* Senders as names of files, and paths with a sender in them. */
#include "services/creosote_path.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "check_main.h"

static void
expect(const void *peer, size_t len, const char *expected)
{
	char name[SENDER_NAME_SIZE];

	sender_name(name, peer, (socklen_t)len);
	ck_assert_str_eq(name, expected);
}

START_TEST(test_internet)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	inet_pton(AF_INET, "192.0.2.7", &in.sin_addr);
	expect(&in, sizeof(in), "192.0.2.7");
	in.sin_port = htons(40123);
	expect(&in, sizeof(in), "192.0.2.7");
	inet_pton(AF_INET6, "2001:db8::7", &in6.sin6_addr);
	expect(&in6, sizeof(in6), "2001:db8::7");
	in6.sin6_port = htons(1);
	expect(&in6, sizeof(in6), "2001:db8::7");
	inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
	in6.sin6_scope_id = 1;
	expect(&in6, sizeof(in6), "fe80::1%1");
}
END_TEST

static void
expect_unix(const char *path, size_t len, const char *expected)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, len);
	expect(&un, offsetof(struct sockaddr_un, sun_path) + len, expected);
}

/* No name leads out of the directory, is hidden, or looks like an address. */
START_TEST(test_unix)
{
	static const char *const table[][2] = {
		{ "/run/a.sock", "_run_a.sock" },
		{ "/../../etc/passwd", "_.._.._etc_passwd" },
		{ "..", "_.." },
		{ ".hidden", "_.hidden" },
		{ "192.0.2.7", "_192.0.2.7" },
		{ "others", "_others" },
		{ "a b;c$d*e%a", "_a_b_c_d_e_a" },
		{ "/", "_" },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		expect_unix(table[i][0], strlen(table[i][0]) + 1, table[i][1]);
	expect_unix("", 0, "unnamed");
	expect_unix("\0name/\n", 7, "@name__n");
	expect_unix("\0\0", 2, "@_x00");
	expect(NULL, 0, "unnamed");
}
END_TEST

/* Two long names that begin alike are two still. */
START_TEST(test_long)
{
	char path[108], one[SENDER_NAME_SIZE], other[SENDER_NAME_SIZE];
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memset(path, 'p', sizeof(path));
	memcpy(un.sun_path, path, sizeof(path));
	sender_name(one, (struct sockaddr *)&un, sizeof(un));
	ck_assert_uint_eq(strlen(one), SENDER_NAME_SIZE - 1);
	un.sun_path[107] = 'q';
	sender_name(other, (struct sockaddr *)&un, sizeof(un));
	ck_assert_str_ne(one, other);
	ck_assert_uint_eq(strlen(other), SENDER_NAME_SIZE - 1);
	un.sun_path[94] = '\0'; /* the longest that is whole */
	sender_name(one, (struct sockaddr *)&un, sizeof(un));
	ck_assert_uint_eq(strlen(one), SENDER_NAME_SIZE - 1);
	ck_assert_ptr_null(strchr(one, '~'));
}
END_TEST

START_TEST(test_matches)
{
	static const struct {
		const char *path, *entry;
		bool good;
	} table[] = {
		{ "/d/%a.log", "192.0.2.7.log", true },
		{ "/d/%a.log", "2001:db8::7.log", true },
		{ "/d/%a.log", ".log", false },
		{ "/d/%a.log", "..log", false },
		{ "/d/%a.log", ".x.log", false },
		{ "/d/%a.log", "others.log", false },
		{ "/d/%a.log", "other.log", false },
		{ "/d/%a.log", "auth.log", false },
		{ "/d/%a.log", "fe80::1%eth0.log", true },
		{ "/d/%a.log", "192.0.2.7%eth0.log", false },
		{ "/d/%a.log", "192.0.2.log", false },
		{ "/d/%a.log", "_run_a.sock.log", true },
		{ "/d/%a.log", "@name.log", true },
		{ "/d/%a.log", "unnamed.log", true },
		{ "/d/%a.log", "fw-192.0.2.7.log", false },
		{ "/d/%a.log", "192.0.2.7.log-20261125T213000Z", false },
		{ "/d/%a.log", "192.0.2.7.log.1", false },
		{ "/d/%a.log", "192.0.2.7.log.1.gz", false },
		{ "/d/%a.log", "192.0.2.7", false },
		{ "/d/b-%%-%a.log", "b-%-192.0.2.7.log", true },
		{ "/d/b-%%-%a.log", "b-%%-192.0.2.7.log", false },
		{ "/d/b-%%-%a.log", "a-%-192.0.2.7.log", false },
		{ "/d/b-%a-.log", "b-.log", false },
		{ "/d/b.log", "b.log", false },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		ck_assert_msg(bucket_path_matches(table[i].path,
				  table[i].entry) == table[i].good,
		    "%s %s", table[i].path, table[i].entry);
}
END_TEST

START_TEST(test_format)
{
	char out[PATH_MAX], path[PATH_MAX + 8];

	ck_assert_int_eq(bucket_path_format(out, "/d%%/%a.log", "x"), 0);
	ck_assert_str_eq(out, "/d%/x.log");
	ck_assert_int_eq(bucket_path_format(out, "/d/100%%", "x"), 0);
	ck_assert_str_eq(out, "/d/100%");
	ck_assert_int_eq(bucket_path_format(out, "", ""), 0);
	ck_assert_str_eq(out, "");
	memset(path, 'p', sizeof(path));
	strcpy(path + PATH_MAX - 2, "%a");
	ck_assert_int_eq(bucket_path_format(out, path, "x"), 0);
	ck_assert_int_eq(bucket_path_format(out, path, "xy"), -1);
}
END_TEST

CHECK_MAIN("creosote_sender", test_internet, test_unix, test_long, test_matches,
    test_format)
