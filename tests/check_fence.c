/* SPDX-License-Identifier: ISC */
/*
 * The fence: tried out for real where the kernel has it, and by a kernel that
 * is made up for versions that this one is not.
 */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_files.h"
#include "check_main.h"

/* --- A kernel that is made up */

static struct {
	bool is_made_up;
	int version; /* 0: has none; -1: it is switched off */
	uint64_t files, ports, scopes;
	uint64_t allowed; /* by the last rule */
	int rules;
} kernel;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static long
create(const uint64_t *attributes, size_t size, long flags)
{
	if (kernel.version <= 0) {
		errno = kernel.version == 0 ? ENOSYS : EOPNOTSUPP;
		return -1;
	}
	if (flags == 1)
		return kernel.version;
	ck_assert_uint_ge(size, 3 * sizeof(*attributes));
	kernel.files = attributes[0];
	kernel.ports = attributes[1];
	kernel.scopes = attributes[2];
	return dup(STDERR_FILENO);
}

long
__wrap_syscall(long number, ...)
{
	va_list list;
	long a, b, c, d;

	va_start(list, number);
	a = va_arg(list, long);
	b = va_arg(list, long);
	c = va_arg(list, long);
	d = va_arg(list, long);
	va_end(list);
	if (!kernel.is_made_up)
		return __real_syscall(number, a, b, c, d);
	if (number == SYS_landlock_create_ruleset)
		return create((const uint64_t *)a, (size_t)b, (int)c);
	if (number == SYS_landlock_add_rule) {
		memcpy(&kernel.allowed, (const void *)c, sizeof(uint64_t));
		kernel.rules++;
	}
	return 0;
}

static const struct {
	int version;
	uint64_t files, scopes, written; /* what FENCE_FILES lets of them */
} versions[] = {
	{ 1, 0x1fff, 0, 0x12e },
	{ 2, 0x3fff, 0, 0x12e },
	{ 3, 0x7fff, 0, 0x412e },
	{ 4, 0x7fff, 0, 0x412e },
	{ 5, 0xffff, 0, 0x412e },
	{ 6, 0xffff, 2, 0x412e },
	{ 7, 0xffff, 2, 0x412e },
	{ 99, 0xffff, 2, 0x412e },
};

/* A kernel refuses what it does not know. */
START_TEST(test_versions)
{
	kernel.is_made_up = true;
	for (size_t i = 0; i < COUNT(versions); i++) {
		kernel.version = versions[i].version;
		kernel.rules = 0;
		ck_assert_int_eq(fence_open(), versions[i].version);
		ck_assert_uint_eq(kernel.files, versions[i].files);
		ck_assert_uint_eq(kernel.ports, 0);
		ck_assert_uint_eq(kernel.scopes, versions[i].scopes);
		ck_assert_int_eq(fence_add("/", FENCE_FILES), 0);
		ck_assert_uint_eq(kernel.allowed, versions[i].written);
		ck_assert_int_eq(fence_add("/dev/null", FENCE_FILES), 0);
		ck_assert_int_eq(kernel.rules, 1); /* it is below / */
		ck_assert_int_eq(fence_add_place("/dev/null", FENCE_READ), 0);
		ck_assert_int_eq(kernel.rules, 1); /* who writes may read */
		fence_cancel();
	}
}
END_TEST

/* Of what is no directory, the kernel refuses what only those have. */
START_TEST(test_rules_of_files)
{
	kernel.is_made_up = true;
	kernel.version = 3;
	ck_assert_int_eq(fence_open(), 3);
	ck_assert_int_eq(fence_add_place("/dev/null", FENCE_FILES), 0);
	ck_assert_uint_eq(kernel.allowed, 0x4006);
	fence_cancel();
	kernel.version = 1;
	ck_assert_int_eq(fence_open(), 1);
	ck_assert_int_eq(fence_add_descriptor(STDERR_FILENO), 0);
	ck_assert_uint_eq(kernel.allowed, 6);
	ck_assert_int_eq(fence_add("/no/such/place", FENCE_FILES), 0);
	ck_assert_int_eq(fence_add_place("/no/such/place", FENCE_FILES), 0);
	ck_assert_int_eq(kernel.rules, 2);
	fence_cancel();
}
END_TEST

START_TEST(test_none)
{
	kernel.is_made_up = true;
	ck_assert_int_eq(fence_open(), -1);
	ck_assert_int_eq(errno, ENOSYS);
	kernel.version = -1;
	ck_assert_int_eq(fence_open(), -1);
	ck_assert_int_eq(errno, EOPNOTSUPP);
	ck_assert(fence_lets("/etc/x", FENCE_FILES));
}
END_TEST

/* --- The kernel that is there */

#define HOLDS(condition)                                                  \
	do {                                                              \
		if (!(condition)) {                                       \
			dprintf(STDERR_FILENO, "line %d: %s\n", __LINE__, \
			    #condition);                                  \
			_exit(EXIT_FAILURE);                              \
		}                                                         \
	} while (0)

#define NO_FENCE 77

/* Directories that are left, and what else there is. */
static void
make_tree(void)
{
	static const char *const directories[] = { "logs", "logs/deep",
		"sockets", "conf", "other" };

	for (size_t i = 0; i < COUNT(directories); i++)
		ck_assert_int_eq(mkdir(files_path(directories[i]), 0700), 0);
	files_put("logs/old", "x");
	files_put("conf/lab", "x");
	files_put("other/secret", "x");
	ck_assert_int_eq(mkfifo(files_path("other/pipe"), 0600), 0);
	ck_assert_int_eq(symlink("../logs/linked", files_path("other/in")), 0);
	ck_assert_int_eq(symlink("../other/new", files_path("logs/out")), 0);
}

static void
raise_fence(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || fence_open() == -1)
		_exit(NO_FENCE);
	HOLDS(fence_add_place(files_path("logs/new"), FENCE_FILES) == 0);
	HOLDS(fence_add_place(files_path("sockets/s"), FENCE_SOCKETS) == 0);
	HOLDS(fence_add(files_path("conf"), FENCE_READ) == 0);
	HOLDS(fence_add_place("/dev/null", FENCE_FILES) == 0);
	HOLDS(fence_raise() == 0);
}

/* In a process of its own, as it cannot be taken down. */
static void
behind_fence(void (*test)(void))
{
	pid_t child;
	int status;

	make_tree();
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0) {
		raise_fence();
		test();
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) != NO_FENCE)
		ck_assert_int_eq(WEXITSTATUS(status), EXIT_SUCCESS);
}

static bool
opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

static bool
is_refused(const char *name, int flags)
{
	return !opens(files_path(name), flags) && errno == EACCES;
}

static void
use_files(void)
{
	HOLDS(opens(files_path("logs/new"), O_WRONLY | O_CREAT));
	HOLDS(opens(files_path("logs/deep/new"), O_WRONLY | O_CREAT));
	HOLDS(opens(files_path("logs/old"), O_RDONLY));
	HOLDS(rename(files_path("logs/new"), files_path("logs/new.1")) == 0);
	HOLDS(unlink(files_path("logs/new.1")) == 0);
	HOLDS(opens(files_path("other/in"), O_WRONLY | O_CREAT));
	HOLDS(is_refused("logs/out", O_WRONLY | O_CREAT));
	HOLDS(is_refused("other/new", O_WRONLY | O_CREAT));
	HOLDS(is_refused("other/secret", O_RDONLY));
	HOLDS(is_refused("other", O_RDONLY | O_DIRECTORY));
	HOLDS(unlink(files_path("other/secret")) == -1 && errno == EACCES);
	HOLDS(mkdir(files_path("logs/more"), 0700) == -1 && errno == EACCES);
	HOLDS(opens(files_path("conf/lab"), O_RDONLY));
	HOLDS(is_refused("conf/lab", O_WRONLY));
	HOLDS(opens("/dev/null", O_RDWR));
	HOLDS(!opens("/dev/zero", O_RDONLY) && errno == EACCES);
	execl("/bin/true", "true", NULL);
	HOLDS(errno == EACCES);
}

static bool
binds(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), result;

	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", files_path(name));
	result = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	close(fd);
	return result == 0;
}

static void
use_sockets(void)
{
	HOLDS(binds("sockets/s"));
	HOLDS(unlink(files_path("sockets/s")) == 0);
	HOLDS(is_refused("sockets/file", O_WRONLY | O_CREAT));
	HOLDS(!binds("other/s") && errno == EACCES);
	HOLDS(!binds("logs/s") && errno == EACCES);
}

static const struct {
	const char *name;
	enum fence_use use;
	bool is_let;
} places[] = {
	{ "logs/new", FENCE_FILES, true },
	{ "logs/deep/new", FENCE_FILES, true },
	{ "logs/../logs/new", FENCE_FILES, true },
	{ "logs/old", FENCE_READ, true }, { "logs/s", FENCE_SOCKETS, false },
	{ "logs/../other/new", FENCE_FILES, false },
	{ "logs/out", FENCE_FILES, false }, { "other/in", FENCE_FILES, true },
	{ "other/pipe", FENCE_FILES, false },
	{ "sockets/s", FENCE_SOCKETS, true },
	{ "sockets/s", FENCE_FILES, false }, { "conf/lab", FENCE_READ, true },
	{ "conf/lab", FENCE_FILES, false },
	{ "logs/no/new", FENCE_FILES, true }, /* and if it was made */
	{ "logs/no/such/new", FENCE_FILES, true },
	{ "logs-not/new", FENCE_FILES, false },
	{ "logs-not/no/new", FENCE_FILES, false },
	{ "logs/../other/no/new", FENCE_FILES, false },
	{ "other/secret/new", FENCE_FILES, true }, /* fails by itself */
	{ "other", FENCE_FILES, true },            /* and this */
};

static void
tell_places(void)
{
	for (size_t i = 0; i < COUNT(places); i++)
		if (fence_lets(files_path(places[i].name), places[i].use) !=
		    places[i].is_let) {
			dprintf(STDERR_FILENO, "%s: not %d\n", places[i].name,
			    places[i].is_let);
			_exit(EXIT_FAILURE);
		}
	errno = EACCES;
	HOLDS(!fence_lets("/no/such/place", FENCE_FILES) && errno == EACCES);
	HOLDS(strstr(fence_advice("/no/such/place", FENCE_FILES), "make"));
	HOLDS(!strstr(fence_advice("/dev/zero", FENCE_FILES), "make"));
	HOLDS(fence_lets("/dev/null", FENCE_FILES));
	HOLDS(!fence_lets("/dev/zero", FENCE_FILES));
}

START_TEST(test_files)
{
	behind_fence(use_files);
}
END_TEST

START_TEST(test_sockets)
{
	behind_fence(use_sockets);
}
END_TEST

START_TEST(test_places)
{
	behind_fence(tell_places);
}
END_TEST

START_TEST(test_no_fence_lets_all)
{
	ck_assert(fence_lets("/etc/x", FENCE_FILES));
	ck_assert(fence_lets("/etc/x", FENCE_SOCKETS));
}
END_TEST

CHECK_MAIN("fence", test_versions, test_rules_of_files, test_none, test_files,
    test_sockets, test_places, test_no_fence_lets_all)
