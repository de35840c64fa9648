/* SPDX-License-Identifier: ISC */
/* A bucket's file: removed, renamed, left cut by others. */
#include <sys/stat.h>

#include "check_creosote_log.h"
#include "check_main.h"

/* A crash leaves a line cut: it is ended, and said to be cut. */
START_TEST(test_left_cut)
{
	static const struct {
		const char *format, *left, *expected;
	} table[] = {
		{ "raw", "", "1\n" },
		{ "raw", "\n", "\n1\n" },
		{ "raw", "whole\n", "whole\n1\n" },
		{ "raw", "half", "half\n" CUT_WORD "1\n" },
		{ "raw", "whole\nh", "whole\nh\n" CUT_WORD "1\n" },
	};

	catch_log();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_lab lab;
		char path[NET_PATH_SIZE];
		FILE *file = fopen(net_path(path, "", "bucket.log"), "w");

		fputs(table[i].left, file);
		fclose(file);
		bucket_open(&lab, "format", table[i].format, NULL);
		bucket_spew_line(&lab, "1");
		bucket_flush(&lab);
		bucket_expect(&lab, table[i].expected);
		bucket_close(&lab);
	}
}
END_TEST

START_TEST(test_removed)
{
	struct bucket_lab lab;
	char expected[512];

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	unlink(lab.path);
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	bucket_expect(&lab, "1\n");
	snprintf(expected, sizeof(expected),
	    "netlabd: creosote 'test': '%s' was removed, made it anew\n",
	    lab.path);
	expect_log(expected);
	bucket_close(&lab);
}
END_TEST

/* Nobody would read what is written now: it waits. */
START_TEST(test_removed_for_good)
{
	struct bucket_lab lab;
	char expected[512];

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	unlink(lab.path);
	ck_assert_int_eq(mkdir(lab.path, 0700), 0);
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	expect_failed(&lab, EISDIR);
	bucket_spew_line(&lab, "2");
	bucket_flush(&lab);
	bucket_retry(&lab);
	expect_log("");
	rmdir(lab.path);
	bucket_retry(&lab);
	bucket_expect(&lab, "1\n2\n");
	snprintf(expected, sizeof(expected),
	    "netlabd: creosote 'test': '%s' was removed, made it anew\n",
	    lab.path);
	ck_assert_mem_eq(read_log(), expected, strlen(expected));
	expect_figures(&lab, 2, 0, 0);
	bucket_close(&lab);
}
END_TEST

START_TEST(test_rotated)
{
	struct bucket_lab lab;
	char old[NET_PATH_SIZE];
	unsigned before;

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	before = net_count_descriptors();
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	net_path(old, "", "bucket.log.1");
	ck_assert_int_eq(rename(lab.path, old), 0);
	bucket_spew_line(&lab, "2");
	bucket_flush(&lab);
	bucket_reopen(&lab);
	ck_assert_uint_eq(net_count_descriptors(), before);
	bucket_spew_line(&lab, "3");
	bucket_flush(&lab);
	bucket_expect(&lab, "3\n");
	unlink(lab.path);
	ck_assert_int_eq(rename(old, lab.path), 0);
	bucket_expect(&lab, "1\n2\n");
	expect_log("");
	bucket_close(&lab);
}
END_TEST

START_TEST(test_reopen_fails)
{
	struct bucket_lab lab;
	char old[NET_PATH_SIZE], expected[512];
	unsigned before;

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	before = net_count_descriptors();
	net_path(old, "", "bucket.log.1");
	ck_assert_int_eq(rename(lab.path, old), 0);
	ck_assert_int_eq(mkdir(lab.path, 0700), 0);
	service_reopen(lab.service);
	snprintf(expected, sizeof(expected),
	    "netlabd: error: creosote 'test': cannot write file '%s': Is a "
	    "directory (choose another file), keeping "
	    "the old file\n",
	    lab.path);
	expect_log(expected);
	ck_assert_uint_eq(net_count_descriptors(), before);
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	rmdir(lab.path);
	ck_assert_int_eq(rename(old, lab.path), 0);
	bucket_expect(&lab, "1\n");
	bucket_close(&lab);
}
END_TEST

/* Appended to, and readable by the group alone. */
START_TEST(test_opened)
{
	struct bucket_lab lab;
	struct stat st;
	int fd;

	umask(0);
	bucket_open(&lab, "format", "raw", NULL);
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	ck_assert_int_eq(stat(lab.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	fd = open(lab.path, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "by others\n", 10), 10);
	close(fd);
	bucket_spew_line(&lab, "2");
	service_type(lab.service)->stop(lab.service);
	bucket_expect(&lab, "1\nby others\n2\n");
	bucket_free(&lab);
}
END_TEST

CHECK_MAIN("creosote_file", test_removed, test_removed_for_good, test_rotated,
    test_reopen_fails, test_opened, test_left_cut)
