/* SPDX-License-Identifier: ISC */
/*
 * Paths of unix sockets whose mode names everybody but their owner: he finds
 * out without root's rights who serves them.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "check_main.h"
#include "check_net.h"

#define NOBODY 65534

static const char *const prefixes[] = { "unix:", "unixgram:" };

/*
 * Makes of this test's process, if it is root's, one that is nobody's; the leak
 * sanitizer may still look at it.
 */
static void
give_up_root(void)
{
	ck_assert(geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

static int
try_open(const char *text, mode_t mode)
{
	struct socket_config config = { .backlog = 16, .mode = mode };
	struct address address = net_parse(text);
	char why[WHY_SIZE];

	return socket_open(&address, &config, why);
}

/* Opens one in the test's folder and says where. */
static int
open_path(const char *prefix, mode_t mode, char path[NET_PATH_SIZE])
{
	char text[NET_PATH_SIZE];
	int fd = try_open(net_path(text, prefix, "socket"), mode);

	ck_assert_int_ne(fd, -1);
	net_path(path, "", "socket");
	return fd;
}

START_TEST(test_mode)
{
	static const struct {
		mode_t mode, expected;
	} table[] = {
		{ 0660, 0660 },
		{ 0600, 0600 },
		{ 0060, 0260 },
		{ 0001, 0201 },
		{ 0577, 0777 },
	};

	give_up_root();
	for (size_t i = 0; i < COUNT(table); i++) {
		char path[NET_PATH_SIZE];
		int fd = open_path(prefixes[0], table[i].mode, path);
		struct stat st;

		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, table[i].expected);
		socket_close(fd);
	}
}
END_TEST

START_TEST(test_close)
{
	static void (*const closers[])(int) = { socket_close, socket_discard };

	give_up_root();
	for (size_t i = 0; i < COUNT(prefixes); i++)
		for (size_t j = 0; j < COUNT(closers); j++) {
			char path[NET_PATH_SIZE];

			closers[j](open_path(prefixes[i], 0060, path));
			ck_assert_int_eq(access(path, F_OK), -1);
		}
}
END_TEST

/* As what is the store's: who discards it says that nobody is to serve it. */
START_TEST(test_close_one_of_two)
{
	give_up_root();
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char path[NET_PATH_SIZE];
		int fd = open_path(prefixes[i], 0060, path), copy = dup(fd);

		socket_close(fd);
		ck_assert_int_eq(access(path, F_OK), 0);
		socket_discard(copy);
		ck_assert_int_eq(access(path, F_OK), -1);
	}
}
END_TEST

START_TEST(test_replace)
{
	give_up_root();
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char text[NET_PATH_SIZE], path[NET_PATH_SIZE];
		int fd;

		close(open_path(prefixes[i], 0060, path)); /* it crashed */
		fd = open_path(prefixes[i], 0060, path);
		ck_assert_int_eq(
		    try_open(net_path(text, prefixes[i], "socket"), 0060), -1);
		ck_assert_int_eq(errno, EADDRINUSE);
		socket_close(fd);
	}
}
END_TEST

/* Without a mode of its own it is the umask that may leave the owner out. */
START_TEST(test_umask)
{
	char path[NET_PATH_SIZE];
	struct stat st;

	give_up_root();
	(void)net_path(path, "", "socket"); /* the folder */
	umask(0277);
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		close(open_path(prefixes[i], 0, path)); /* it crashed */
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0700);
		socket_close(open_path(prefixes[i], 0, path));
	}
}
END_TEST

CHECK_MAIN("socket_access", test_mode, test_umask, test_close,
    test_close_one_of_two, test_replace)
