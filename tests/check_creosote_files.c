/* SPDX-License-Identifier: ISC */
/* The file of a bucket: opened, rotated, and what is refused. */
#include <time.h>

#include "base/clock.h"
#include "check_creosote_files.h"

START_TEST(test_size)
{
	prepare("b.log");
	set("rotate-size", "10");
	begin();
	say_to(find("192.0.2.1"), "1234\n1234\n"); /* just fits */
	ck_assert_str_eq(files_names(), "b.log");
	say_to(find("192.0.2.2"), "a\nbbbb\nccc\n12345678901234567890\nd\n");
	files_expect("b.log-20261125T213000Z", "1234\n1234\n");
	files_expect("b.log-20261125T213000Z_001", "a\nbbbb\n");
	files_expect("b.log-20261125T213000Z_002", "ccc\n");
	files_expect("b.log-20261125T213000Z_003", "12345678901234567890\n");
	files_expect("b.log", "d\n");
	ck_assert_uint_eq(bucket_files_figures(files).rotations, 4);
	ck_assert_str_eq(said, "");
	end();
}
END_TEST

START_TEST(test_interval)
{
	prepare("b.log");
	set("rotate-interval", "1h");
	now_ns = clock_now_ns();
	begin();
	ck_assert_int_ge(bucket_files_wait_ms(files, now_ns), 0);
	say_to(find("192.0.2.1"), "1\n");
	now_ns += 3600 * 1000000000LL;
	say_to(find("192.0.2.1"), "2\n");
	files_expect("b.log", "2\n");
	/* nothing comes: it is rotated all the same, once */
	now_ns += 3600 * 1000000000LL;
	ck_assert_int_eq(bucket_files_wait_ms(files, now_ns), 0);
	work();
	files_expect("b.log", "");
	ck_assert_uint_eq(bucket_files_figures(files).rotations, 2);
	now_ns += 3600 * 1000000000LL;
	work();
	ck_assert_uint_eq(bucket_files_figures(files).rotations, 2);
	ck_assert_int_gt(bucket_files_wait_ms(files, now_ns), 0);
	ck_assert_int_le(bucket_files_wait_ms(files, now_ns), 60000);
	end();
}
END_TEST

/* It was written before the hour, the daemon started after it. */
START_TEST(test_interval_start)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time(NULL) - 7200 } };

	prepare("b.log");
	set("rotate-interval", "1h");
	files_put("b.log", "old\n");
	ck_assert_int_eq(utimensat(AT_FDCWD, files_path("b.log"), times, 0), 0);
	begin();
	now_ns = clock_now_ns();
	say_to(find("192.0.2.1"), "new\n");
	files_expect("b.log", "new\n");
	ck_assert_uint_eq(bucket_files_figures(files).rotations, 1);
	end();
}
END_TEST

/* A failure is said once, and nothing is lost; it is tried again. */
START_TEST(test_failing)
{
	prepare("b.log");
	set("rotate-size", "4");
	set("rotate-names", "number");
	ck_assert_int_eq(mkdir(files_path("b.log.1"), 0700), 0);
	begin();
	for (int i = 0; i < 5; i++)
		say_to(find("192.0.2.1"), "1\n2\n3\n");
	files_expect("b.log", "1\n2\n3\n1\n2\n3\n1\n2\n3\n1\n2\n3\n1\n2\n3\n");
	ck_assert_ptr_nonnull(strstr(said, "File exists (move it away)"));
	ck_assert_ptr_eq(strchr(said, '\n') + 1, said + strlen(said));
	said[0] = '\0';
	ck_assert_int_eq(rmdir(files_path("b.log.1")), 0);
	ck_assert_int_eq(bucket_files_rotate(files, now_ns, why), 0);
	ck_assert_str_eq(said, "the file can be rotated again\n");
	say_to(find("192.0.2.1"), "4\n");
	files_expect("b.log", "4\n");
	end();
}
END_TEST

START_TEST(test_reopen)
{
	prepare("b.log");
	begin();
	say_to(find("192.0.2.1"), "1\n");
	ck_assert_int_eq(rename(files_path("b.log"), files_path("b.log.1")), 0);
	ck_assert_int_eq(bucket_files_reopen(files, why), 0);
	say_to(find("192.0.2.1"), "2\n");
	files_expect("b.log.1", "1\n");
	files_expect("b.log", "2\n");
	unlink(files_path("b.log"));
	ck_assert_int_eq(mkdir(files_path("b.log"), 0700), 0);
	ck_assert_int_eq(bucket_files_reopen(files, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "Is a directory"));
	end();
}
END_TEST

/* Without rotation, what others rotated is theirs. */
START_TEST(test_of_others)
{
	prepare("b.log");
	set("keep", "1");
	set("compress", "yes");
	set("rotate-names", "number");
	files_put("b.log.1", "1\n");
	files_put("b.log.2", "2\n");
	begin();
	ck_assert_int_eq(bucket_files_wait_ms(files, now_ns), -1);
	work();
	ck_assert_str_eq(files_names(), "b.log b.log.1 b.log.2");
	end();
}
END_TEST

static void
expect_refused(const char *expected)
{
	why[0] = '\0';
	if (bucket_files_check(&settings, why) == 0)
		ck_assert_ptr_null(
		    bucket_files_new(&settings, &calls, NULL, why));
	ck_assert_msg(strstr(why, expected) != NULL, "%s", why);
	option_free(rows, &settings);
	memset(&settings, 0, sizeof(settings));
}

START_TEST(test_refused)
{
	static const char *const paths[][2] = {
		{ "%a/b.log", "file: directories are not made" },
		{ "%b.log", "file: %b means nothing (write %a for the sender" },
		{ "b%", "file: % means nothing" },
		{ "%a-%a.log", "file: a second %a" },
		{ "%a", "file: after %a, its name has to end in something" },
		{ "%a.log.1", "file: after %a, its name has to end" },
		{ "%a.gz", "file: after %a, its name has to end" },
		{ "missing/%a.log", "cannot make files in '" },
		{ "missing/b.log", "cannot write file '" },
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		prepare(paths[i][0]);
		expect_refused(paths[i][1]);
	}
	ck_assert_str_eq(files_names(), "");
}
END_TEST

/* Options beside a file that is fine by itself. */
START_TEST(test_refused_options)
{
	static const struct {
		const char *file, *name, *value, *other, *other_value, *why;
	} table[] = {
		{ "", "rotate-size", "64K", NULL, NULL,
		    "standard output cannot be rotated (write a file" },
		{ "", "rotate-interval", "1h", NULL, NULL,
		    "standard output cannot be rotated (write a file" },
		{ NULL, "rotate-interval", "1500ms", NULL, NULL,
		    "rotate-interval: whole seconds are needed" },
		{ NULL, "rotate-size", "64K", "keep-total", "32K",
		    "keep-total: the rotated files are larger" },
		{ NULL, "file-group", "no such\x1b group", NULL, NULL,
		    "file-group: there is no group 'no such\\x1b group'" },
		{ NULL, "file-group", "4294967295", NULL, NULL,
		    "file-group: there is no group '4294967295'" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		prepare("b.log");
		if (table[i].file != NULL)
			set("file", table[i].file);
		set(table[i].name, table[i].value);
		if (table[i].other != NULL)
			set(table[i].other, table[i].other_value);
		ck_assert_int_eq(bucket_files_check(&settings, why), -1);
		expect_refused(table[i].why);
	}
	ck_assert_str_eq(files_names(), "");
}
END_TEST

START_TEST(test_group)
{
	char group[16];
	struct stat st;

	prepare("b.log");
	set("rotate-size", "2");
	set("compress", "yes");
	snprintf(group, sizeof(group), "%u",
	    geteuid() == 0 ? 12345u : (unsigned)getegid());
	set("file-group", group);
	begin();
	say_to(find("192.0.2.1"), "1\n2\n");
	work();
	ck_assert_int_eq(stat(files_path("b.log"), &st), 0);
	ck_assert_uint_eq(st.st_gid, (unsigned)atoi(group));
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(stat(files_path("b.log-20261125T213000Z.gz"), &st), 0);
	ck_assert_uint_eq(st.st_gid, (unsigned)atoi(group));
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	end();
}
END_TEST

/* As a sandbox does that has no need of it. */
static bool refuses_chown;

int __real_fchown(int fd, uid_t owner, gid_t group);
int __wrap_fchown(int fd, uid_t owner, gid_t group);

int
__wrap_fchown(int fd, uid_t owner, gid_t group)
{
	errno = EPERM;
	return refuses_chown ? -1 : __real_fchown(fd, owner, group);
}

START_TEST(test_group_refused)
{
	char group[16];

	refuses_chown = true;
	prepare("b.log");
	snprintf(group, sizeof(group), "%u", (unsigned)getegid());
	set("file-group", group);
	begin();
	say_to(find("192.0.2.1"), "1\n");
	end();
	memset(&settings, 0, sizeof(settings));
	if (geteuid() != 0)
		return;
	prepare("new.log");
	set("file-group", "12345");
	expect_refused("file-group: netlabd may not give it to the group");
	ck_assert_str_eq(files_names(), "b.log");
}
END_TEST

START_TEST(test_group_of_others)
{
	prepare("b.log");
	set("file-group", "12345");
	if (getuid() == 0) {
		ck_assert_int_eq(setegid(65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	expect_refused("file-group: netlabd's user is not in group '12345'");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* A bucket has written, and its successor has rotated what it wrote. */
static struct bucket_files *
begin_successor(void)
{
	struct bucket_files *old;

	prepare("b.log");
	set("rotate-size", "4");
	set("compress", "yes");
	begin();
	old = files;
	say_to(bucket_files_find(files, NULL, 0), "1\n");
	begin();
	say_to(bucket_files_find(files, NULL, 0), "long\n");
	work();
	return old;
}

/*
 * A bucket that a reload changed still writes to what its successor rotated:
 * that is let alone until it is closed, and then looked after.
 */
START_TEST(test_successor)
{
	struct bucket_files *old = begin_successor();

	ck_assert_str_eq(files_names(), "b.log b.log-20261125T213000Z");
	ck_assert_int_eq(
	    write(bucket_files_find(old, NULL, 0)->file.fd, "2\n", 2), 2);
	bucket_files_free(old);
	work();
	ck_assert_str_eq(files_names(), "b.log b.log-20261125T213000Z.gz");
	files_expect("b.log-20261125T213000Z.gz", "1\n2\n");
	ck_assert_str_eq(said, "");
	end();
}
END_TEST

/* The same where it does not end, but opens its file anew. */
START_TEST(test_successor_reopened)
{
	struct bucket_files *old = begin_successor();

	ck_assert(files_has("b.log-20261125T213000Z"));
	ck_assert_int_eq(bucket_files_reopen(old, why), 0);
	work();
	ck_assert_str_eq(files_names(), "b.log b.log-20261125T213000Z.gz");
	bucket_files_free(old);
	end();
}
END_TEST

CHECK_MAIN("creosote_files", test_size, test_interval, test_interval_start,
    test_failing, test_reopen, test_of_others, test_refused,
    test_refused_options, test_group, test_group_refused, test_group_of_others,
    test_successor, test_successor_reopened)
