/* SPDX-License-Identifier: ISC */
/*
 * Rotation and compression, killed before each of their system calls in turn,
 * and with each of them failing: whatever happens, the files hold every record
 * once, in order, after the next start.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "check_creosote_files.h"

#define RECORDS 24

enum fault {
	NOTHING,
	KILL,
	FAIL
};

/* What happens from the call `at` on, `count` times. */
static struct {
	enum fault what;
	int error;
	unsigned at, count, calls;
} plan;

/* Records whose write returned; of all processes. */
static unsigned *written;

/* True when this call is to fail. */
static bool
is_planned(void)
{
	plan.calls++;
	if (plan.what == NOTHING || plan.calls < plan.at ||
	    plan.calls >= plan.at + plan.count)
		return false;
	if (plan.what == KILL)
		kill(getpid(), SIGKILL);
	errno = plan.error;
	return true;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int
__real_renameat2(int a, const char *from, int b, const char *to, unsigned f);
int
__wrap_renameat2(int a, const char *from, int b, const char *to, unsigned f);
int __real_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fstatat(int dir, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dir, const char *path, struct stat *st, int flags);
int __wrap_fsync(int fd);
int __wrap_sync_file_range(int fd, off_t from, off_t len, unsigned flags);
ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int64_t __wrap_clock_monotonic_ms(void);

int
__wrap_open(const char *path, int flags, ...)
{
	va_list list;
	int mode;

	va_start(list, flags);
	mode = flags & O_CREAT ? va_arg(list, int) : 0;
	va_end(list);
	return is_planned() ? -1 : __real_open(path, flags, mode);
}

int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list list;
	int mode;

	va_start(list, flags);
	mode = flags & O_CREAT ? va_arg(list, int) : 0;
	va_end(list);
	return is_planned() ? -1 : __real_openat(dir, path, flags, mode);
}

int
__wrap_renameat2(int a, const char *from, int b, const char *to, unsigned f)
{
	return is_planned() ? -1 : __real_renameat2(a, from, b, to, f);
}

int
__wrap_unlinkat(int dir, const char *path, int flags)
{
	return is_planned() ? -1 : __real_unlinkat(dir, path, flags);
}

int
__wrap_fchmod(int fd, mode_t mode)
{
	return is_planned() ? -1 : __real_fchmod(fd, mode);
}

int
__wrap_fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return is_planned() ? -1 : __real_fstatat(dir, path, st, flags);
}

/* The machine is not what crashes here. */
int
__wrap_fsync(int fd)
{
	(void)fd;
	return is_planned() ? -1 : 0;
}

int
__wrap_sync_file_range(int fd, off_t from, off_t len, unsigned flags)
{
	(void)fd;
	(void)from;
	(void)len;
	(void)flags;
	return 0;
}

ssize_t
__wrap_read(int fd, void *data, size_t len)
{
	return is_planned() ? -1 : __real_read(fd, data, len);
}

ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	return is_planned() ? -1 : __real_write(fd, data, len);
}

/* No pause between two slices is waited for. */
int64_t
__wrap_clock_monotonic_ms(void)
{
	static int64_t now_ms;

	return now_ms += 100;
}

static void
configure(const char *names)
{
	prepare("b.log");
	set("rotate-size", "50");
	set("compress", "yes");
	set("keep", "0");
	set("rotate-names", names);
}

/* The writing of a record fails as a whole or not at all: not of interest. */
static void
write_record(struct bucket_files_item *item)
{
	char line[32];
	size_t len =
	    (size_t)snprintf(line, sizeof(line), "record %u\n", *written + 1);

	if (bucket_files_part(files, item, line, len, now_ns) == len &&
	    __real_write(item->file.fd, line, len) == (ssize_t)len)
		++*written;
}

static unsigned
count_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* 0: all is well; 1: it did not start; 2: descriptors are left open. */
static int
run(unsigned records)
{
	unsigned before = count_descriptors();

	files = bucket_files_new(&settings, &calls, NULL, why);
	if (files == NULL)
		return count_descriptors() == before ? 1 : 2;
	for (unsigned i = 0; i < records; i++) {
		write_record(bucket_files_find(files, NULL, 0));
		now_ns += 300000000;
		bucket_files_work(files, now_ns);
		bucket_files_work(files, now_ns);
	}
	plan.what = NOTHING;
	for (int i = 0; i < 10000 && bucket_files_wait_ms(files, now_ns) != -1;
	     i++)
		bucket_files_work(files, now_ns);
	bucket_files_free(files);
	return count_descriptors() == before ? 0 : 2;
}

/* Runs it in another process; how that ended, as waitpid() tells. */
static int
start(unsigned records)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(run(records));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return ftw->level == 0 ? 0 : files_remove(path, st, type, ftw);
}

static void
expect_all(int names, const char *clue)
{
	static char text[65536], expected[65536];
	size_t len = 0;

	for (unsigned i = 1; i <= *written; i++)
		len += (size_t)snprintf(
		    expected + len, sizeof(expected) - len, "record %u\n", i);
	files_concat(text, sizeof(text), "b.log", names);
	ck_assert_msg(strcmp(text, expected) == 0, "%s, call %u: %s\n%s", clue,
	    plan.at, files_names(), text);
}

/* With the plan at each call in turn; returns how many there were. */
static unsigned
try_each(enum fault what, int error, unsigned count, int names)
{
	int status = -1;

	written = mmap(NULL, sizeof(*written), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(written, MAP_FAILED);
	configure(rotation_names_choices[names]);
	for (plan.at = 1; plan.at < 5000; plan.at++) {
		*written = 0;
		plan.what = what;
		plan.error = error;
		plan.count = count;
		plan.calls = 0;
		status = start(RECORDS);
		ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) != 2,
		    "call %u leaves a descriptor open", plan.at);
		plan.what = NOTHING;
		if (what == FAIL && WEXITSTATUS(status) == 0)
			expect_all(names, "failed");
		ck_assert_int_eq(start(5), 0);
		expect_all(names, "started anew");
		ck_assert_msg(strstr(files_names(), "netlabd") == NULL,
		    "call %u leaves %s", plan.at, files_names());
		ck_assert_uint_ge(*written, 5);
		nftw(files_directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		if (what == KILL ? !WIFSIGNALED(status) : plan.at > 160)
			break;
	}
	return plan.at;
}

START_TEST(test_kill_time)
{
	ck_assert_uint_gt(try_each(KILL, 0, 1, ROTATION_TIME), 120);
}
END_TEST

START_TEST(test_kill_number)
{
	ck_assert_uint_gt(try_each(KILL, 0, 1, ROTATION_NUMBER), 120);
}
END_TEST

START_TEST(test_fail_time)
{
	try_each(FAIL, ENOSPC, 1, ROTATION_TIME);
}
END_TEST

START_TEST(test_fail_number)
{
	try_each(FAIL, EIO, 1, ROTATION_NUMBER);
}
END_TEST

/* A failure of what would undo a failure, too. */
START_TEST(test_fail_twice)
{
	try_each(FAIL, EACCES, 2, ROTATION_NUMBER);
}
END_TEST

START_TEST(test_fail_long)
{
	try_each(FAIL, EROFS, 40, ROTATION_TIME);
}
END_TEST

/* A rotation that fails half way leaves the file that is used at its path. */
START_TEST(test_back)
{
	unsigned failures = 0;

	written = &(unsigned){ 0 };
	configure("time");
	plan.error = EACCES;
	plan.count = 3;
	for (plan.at = 1; plan.at < 20; plan.at++) {
		struct bucket_files_item *item;
		struct stat used, there;

		files = bucket_files_new(&settings, &calls, NULL, why);
		item = bucket_files_find(files, NULL, 0);
		write_record(item);
		plan.calls = 0;
		plan.what = FAIL;
		failures += bucket_files_rotate(files, now_ns, why) == -1;
		plan.what = NOTHING;
		ck_assert_int_eq(stat(files_path("b.log"), &there), 0);
		ck_assert_int_eq(fstat(item->file.fd, &used), 0);
		ck_assert_uint_eq(used.st_ino, there.st_ino);
		write_record(item);
		bucket_files_free(files);
		expect_all(ROTATION_TIME, "back");
	}
	ck_assert_uint_ge(failures, 5);
}
END_TEST

/* At the end of an interval, while nothing comes: tried until it works. */
START_TEST(test_interval_again)
{
	written = &(unsigned){ 0 };
	configure("number");
	set("rotate-interval", "1h");
	now_ns = clock_now_ns();
	files = bucket_files_new(&settings, &calls, NULL, why);
	write_record(bucket_files_find(files, NULL, 0));
	ck_assert_int_eq(mkdir(files_path("b.log.1"), 0700), 0);
	now_ns += 3600 * 1000000000LL;
	for (int i = 0; i < 100; i++)
		bucket_files_work(files, now_ns);
	ck_assert_ptr_nonnull(strstr(said, "move it away"));
	ck_assert_uint_eq(bucket_files_figures(files).rotations, 0);
	ck_assert_int_gt(bucket_files_wait_ms(files, now_ns), 0);
	ck_assert_int_eq(rmdir(files_path("b.log.1")), 0);
	for (int i = 0; i < 500; i++)
		bucket_files_work(files, now_ns);
	ck_assert_uint_eq(bucket_files_figures(files).rotations, 1);
	expect_all(ROTATION_NUMBER, "interval");
	ck_assert_str_eq(files_names(), "b.log b.log.1.gz");
	bucket_files_free(files);
}
END_TEST

CHECK_MAIN("creosote_crash", test_kill_time, test_kill_number, test_fail_time,
    test_fail_number, test_fail_twice, test_fail_long, test_back,
    test_interval_again)
