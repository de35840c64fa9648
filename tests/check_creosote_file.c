/* SPDX-License-Identifier: ISC */
/* A bucket's file: full, cut, removed, renamed; what is lost is told once. */
#include <sys/stat.h>

#include "check_creosote_log.h"
#include "check_main.h"

/* A device that is full: said once, counted, told when there is room. */
START_TEST(test_full)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE], why[WHY_SIZE];

	ck_assert_int_eq(
	    symlink("/dev/full", net_path(path, "", "bucket.log")), 0);
	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	expect_figures(&lab, 0, 0);
	spew_line(&lab, "1");
	spew_line(&lab, "2");
	spew_line(&lab, "3");
	bucket_flush(&lab);
	expect_failed(&lab, ENOSPC);
	expect_figures(&lab, 0, 3);
	spew_line(&lab, "4");
	bucket_flush(&lab);
	spew_line(&lab, "5");
	bucket_flush(&lab);
	expect_log("");
	expect_figures(&lab, 0, 5);

	unlink(lab.path);
	ck_assert_int_eq(
	    service_type(lab.service)->reopen(lab.service, why), 0);
	spew_line(&lab, "6");
	bucket_flush(&lab);
	expect_log("netlabd: creosote 'test': writing again, 5 records lost so "
		   "far\n");
	bucket_expect(&lab,
	    "netlabd: 5 records lost here (writing failed: No space left on "
	    "device)\n6\n");
	expect_figures(&lab, 1, 5);
	spew_line(&lab, "7");
	bucket_flush(&lab);
	expect_figures(&lab, 2, 5);
	bucket_close(&lab);
}
END_TEST

/* What is untold at a stop is told then. */
START_TEST(test_full_until_stop)
{
	struct bucket_lab lab;

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	limit_file(0);
	spew_line(&lab, "1");
	bucket_flush(&lab);
	expect_failed(&lab, EFBIG);
	limit_file(RLIM_INFINITY);
	service_type(lab.service)->stop(lab.service);
	bucket_expect(&lab,
	    "netlabd: 1 records lost here (writing failed: File too large)\n");
	expect_figures(&lab, 0, 1);
	bucket_free(&lab);
}
END_TEST

/* Four records of six bytes, of which so many fit. */
struct cut_row {
	rlim_t limit;
	unsigned records, lost;
	const char *text; /* in the file, when there is room again */
};

#define LOST(n) \
	"netlabd: " #n " records lost here (writing failed: File too large)\n"

static const struct cut_row cut_rows[] = {
	{ 0, 0, 4, LOST(4) "next\n" },
	{ 1, 0, 4, "a\n" LOST(4) "next\n" },
	{ 5, 0, 4, "aaaaa\n" LOST(4) "next\n" },
	{ 6, 1, 3, "aaaaa\n" LOST(3) "next\n" },
	{ 12, 2, 2, "aaaaa\nbbbbb\n" LOST(2) "next\n" },
	{ 13, 2, 2, "aaaaa\nbbbbb\nc\n" LOST(2) "next\n" },
	{ 17, 2, 2, "aaaaa\nbbbbb\nccccc\n" LOST(2) "next\n" },
	{ 18, 3, 1, "aaaaa\nbbbbb\nccccc\n" LOST(1) "next\n" },
	{ 23, 3, 1, "aaaaa\nbbbbb\nccccc\nddddd\n" LOST(1) "next\n" },
};

static void
fill_until(struct bucket_lab *lab, const struct cut_row *row)
{
	bucket_open(lab, "format", "raw", NULL);
	limit_file(row->limit);
	spew_line(lab, "aaaaa");
	spew_line(lab, "bbbbb");
	spew_line(lab, "ccccc");
	spew_line(lab, "ddddd");
	bucket_flush(lab);
	limit_file(RLIM_INFINITY);
	expect_figures(lab, row->records, row->lost);
}

START_TEST(test_cut)
{
	catch_log();
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct bucket_lab lab;

		fill_until(&lab, &cut_rows[i]);
		expect_failed(&lab, EFBIG);
		spew_line(&lab, "next");
		bucket_flush(&lab);
		bucket_expect(&lab, cut_rows[i].text);
		expect_figures(&lab, cut_rows[i].records + 1, cut_rows[i].lost);
		(void)read_log();
		bucket_close(&lab);
	}
}
END_TEST

/* The same file opened anew still has a line without its end. */
START_TEST(test_cut_and_reopened)
{
	catch_log();
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct bucket_lab lab;
		char why[WHY_SIZE];

		fill_until(&lab, &cut_rows[i]);
		ck_assert_int_eq(
		    service_type(lab.service)->reopen(lab.service, why), 0);
		spew_line(&lab, "next");
		bucket_flush(&lab);
		bucket_expect(&lab, cut_rows[i].text);
		bucket_close(&lab);
	}
}
END_TEST

/* Another file does not. */
START_TEST(test_cut_and_renamed)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE], why[WHY_SIZE];

	catch_log();
	fill_until(&lab, &cut_rows[5]);
	ck_assert_int_eq(
	    rename(lab.path, net_path(path, "", "bucket.log.1")), 0);
	ck_assert_int_eq(
	    service_type(lab.service)->reopen(lab.service, why), 0);
	spew_line(&lab, "next");
	bucket_flush(&lab);
	bucket_expect(&lab, LOST(2) "next\n");
	bucket_close(&lab);
}
END_TEST

/* The word on losses may not fit either, and then it is still owed. */
START_TEST(test_cut_word)
{
	struct bucket_lab lab;

	catch_log();
	fill_until(&lab, &cut_rows[4]);
	expect_failed(&lab, EFBIG);
	limit_file(20);
	spew_line(&lab, "e");
	spew_line(&lab, "f");
	bucket_flush(&lab);
	expect_log("");
	expect_figures(&lab, 2, 4);
	limit_file(12 + strlen("netlabd:") + 1 + strlen(LOST(4)) + 1);
	spew_line(&lab, "g");
	spew_line(&lab, "h");
	bucket_flush(&lab);
	expect_figures(&lab, 2, 6); /* the word was written, "g" cut */
	limit_file(RLIM_INFINITY);
	spew_line(&lab, "i");
	bucket_flush(&lab);
	bucket_expect(
	    &lab, "aaaaa\nbbbbb\nnetlabd:\n" LOST(4) "g\n" LOST(2) "i\n");
	expect_figures(&lab, 3, 6);
	bucket_close(&lab);
}
END_TEST

START_TEST(test_removed)
{
	struct bucket_lab lab;
	char expected[512];

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	unlink(lab.path);
	spew_line(&lab, "1");
	bucket_flush(&lab);
	bucket_expect(&lab, "1\n");
	snprintf(expected, sizeof(expected),
	    "netlabd: creosote 'test': '%s' was removed, made it anew\n",
	    lab.path);
	expect_log(expected);
	bucket_close(&lab);
}
END_TEST

/* Nobody will read what is written now: that has to be said. */
START_TEST(test_removed_for_good)
{
	struct bucket_lab lab;
	char expected[512];

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	unlink(lab.path);
	ck_assert_int_eq(mkdir(lab.path, 0700), 0);
	spew_line(&lab, "1");
	bucket_flush(&lab);
	snprintf(expected, sizeof(expected),
	    "netlabd: error: creosote 'test': the file was removed: cannot "
	    "write file '%s': Is a directory (choose another file), "
	    "keeping the removed one until it can be made "
	    "anew\n",
	    lab.path);
	expect_log(expected);
	spew_line(&lab, "2");
	bucket_flush(&lab);
	expect_log("");
	rmdir(lab.path);
	bucket_close(&lab);
}
END_TEST

START_TEST(test_rotated)
{
	struct bucket_lab lab;
	char old[NET_PATH_SIZE], why[WHY_SIZE];
	unsigned before;

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	before = net_count_descriptors();
	spew_line(&lab, "1");
	bucket_flush(&lab);
	net_path(old, "", "bucket.log.1");
	ck_assert_int_eq(rename(lab.path, old), 0);
	spew_line(&lab, "2");
	bucket_flush(&lab);
	ck_assert_int_eq(
	    service_type(lab.service)->reopen(lab.service, why), 0);
	ck_assert_uint_eq(net_count_descriptors(), before);
	spew_line(&lab, "3");
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
	spew_line(&lab, "1");
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
	spew_line(&lab, "1");
	bucket_flush(&lab);
	ck_assert_int_eq(stat(lab.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	fd = open(lab.path, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "by others\n", 10), 10);
	close(fd);
	spew_line(&lab, "2");
	service_type(lab.service)->stop(lab.service);
	bucket_expect(&lab, "1\nby others\n2\n");
	bucket_free(&lab);
}
END_TEST

CHECK_MAIN("creosote_file", test_full, test_full_until_stop, test_cut,
    test_cut_and_reopened, test_cut_and_renamed, test_cut_word, test_removed,
    test_removed_for_good, test_rotated, test_reopen_fails, test_opened)
