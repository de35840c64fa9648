/* SPDX-License-Identifier: ISC */
/* A bucket whose file is full: records wait, and none is written in part. */
#include <sys/stat.h>

#include "check_creosote_log.h"
#include "check_main.h"

/* A device that is full: said once; all waits and is written later. */
START_TEST(test_full)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE];

	ck_assert_int_eq(
	    symlink("/dev/full", net_path(path, "", "bucket.log")), 0);
	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	expect_figures(&lab, 0, 0, 0);
	bucket_spew_line(&lab, "1");
	bucket_spew_line(&lab, "2");
	bucket_flush(&lab);
	expect_failed(&lab, ENOSPC);
	bucket_spew_line(&lab, "3");
	bucket_flush(&lab);
	bucket_retry(&lab);
	expect_log("");
	expect_figures(&lab, 0, 3, 0);
	ck_assert_uint_eq(bucket_figure(&lab, "bytes-waiting"), 6);

	unlink(lab.path);
	bucket_reopen(&lab);
	expect_recovered(3, 0);
	bucket_expect(&lab, "1\n2\n3\n");
	bucket_spew_line(&lab, "4");
	bucket_flush(&lab);
	bucket_expect(&lab, "1\n2\n3\n4\n");
	expect_figures(&lab, 4, 0, 0);
	ck_assert_uint_eq(bucket_figure(&lab, "bytes-waiting"), 0);
	bucket_close(&lab);
}
END_TEST

/* A stop is the last chance. */
START_TEST(test_full_until_stop)
{
	struct bucket_lab lab;

	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	limit_file(0);
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	limit_file(RLIM_INFINITY);
	expect_failed(&lab, EFBIG);
	service_type(lab.service)->stop(lab.service);
	expect_recovered(1, 0);
	bucket_expect(&lab, "1\n");
	expect_figures(&lab, 1, 0, 0);
	bucket_free(&lab);
}
END_TEST

/* Four records of six bytes, of which so many fit. */
struct cut_row {
	rlim_t limit;
	unsigned records;
	const char *part;  /* of the file, then */
	const char *whole; /* of the same at a stop */
	const char *rest;  /* of a new one */
};

#define ALL "aaaaa\nbbbbb\nccccc\nddddd\n"

static const struct cut_row cut_rows[] = {
	{ 0, 0, "", "", ALL },
	{ 1, 0, "a", "", ALL },
	{ 5, 0, "aaaaa", "", ALL },
	{ 6, 1, "aaaaa\n", "aaaaa\n", "bbbbb\nccccc\nddddd\n" },
	{ 12, 2, "aaaaa\nbbbbb\n", "aaaaa\nbbbbb\n", "ccccc\nddddd\n" },
	{ 13, 2, "aaaaa\nbbbbb\nc", "aaaaa\nbbbbb\n", "ccccc\nddddd\n" },
	{ 17, 2, "aaaaa\nbbbbb\nccccc", "aaaaa\nbbbbb\n", "ccccc\nddddd\n" },
	{ 18, 3, "aaaaa\nbbbbb\nccccc\n", "aaaaa\nbbbbb\nccccc\n", "ddddd\n" },
	{ 23, 3, "aaaaa\nbbbbb\nccccc\nddddd", "aaaaa\nbbbbb\nccccc\n",
	    "ddddd\n" },
};

static void
fill_until(struct bucket_lab *lab, const struct cut_row *row)
{
	bucket_open(lab, "format", "raw", NULL);
	limit_file(row->limit);
	bucket_spew_line(lab, "aaaaa");
	bucket_spew_line(lab, "bbbbb");
	bucket_spew_line(lab, "ccccc");
	bucket_spew_line(lab, "ddddd");
	bucket_flush(lab);
	limit_file(RLIM_INFINITY);
	expect_failed(lab, EFBIG);
	bucket_expect(lab, row->part);
	expect_figures(lab, row->records, 4 - row->records, 0);
}

/* What was written in part goes on where it stopped. */
START_TEST(test_cut)
{
	catch_log();
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct bucket_lab lab;

		fill_until(&lab, &cut_rows[i]);
		bucket_spew_line(&lab, "next");
		bucket_flush(&lab);
		bucket_expect(&lab, cut_rows[i].part);
		bucket_retry(&lab);
		bucket_expect(&lab, ALL "next\n");
		expect_recovered(5 - cut_rows[i].records, 0);
		expect_figures(&lab, 5, 0, 0);
		bucket_close(&lab);
	}
}
END_TEST

/* The same file opened anew, too. */
START_TEST(test_cut_and_reopened)
{
	catch_log();
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct bucket_lab lab;

		fill_until(&lab, &cut_rows[i]);
		bucket_reopen(&lab);
		bucket_expect(&lab, ALL);
		expect_recovered(4 - cut_rows[i].records, 0);
		bucket_close(&lab);
	}
}
END_TEST

/* In another file it begins anew: both have whole records. */
START_TEST(test_cut_and_renamed)
{
	catch_log();
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct bucket_lab lab;
		char path[NET_PATH_SIZE];

		fill_until(&lab, &cut_rows[i]);
		net_path(path, "", "bucket.log.1");
		ck_assert_int_eq(rename(lab.path, path), 0);
		bucket_reopen(&lab);
		bucket_expect(&lab, cut_rows[i].rest);
		expect_recovered(4 - cut_rows[i].records, 0);
		bucket_close(&lab);
		strcpy(lab.path, path);
		lab.text = NULL;
		bucket_expect(&lab, cut_rows[i].whole);
		free(lab.text);
		unlink(path);
	}
}
END_TEST

/* A stop that cannot write leaves no cut line, and says what is lost. */
START_TEST(test_cut_and_stopped)
{
	catch_log();
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct bucket_lab lab;
		unsigned lost = 4 - cut_rows[i].records;
		char expected[512];

		fill_until(&lab, &cut_rows[i]);
		limit_file(cut_rows[i].limit);
		service_type(lab.service)->stop(lab.service);
		limit_file(RLIM_INFINITY);
		snprintf(expected, sizeof(expected),
		    "netlabd: error: creosote 'test': %u records that waited "
		    "are lost: cannot write to %s: File too large\n",
		    lost, lab.path);
		expect_log(expected);
		bucket_expect(&lab, cut_rows[i].whole);
		expect_figures(&lab, cut_rows[i].records, 0, lost);
		bucket_free(&lab);
	}
}
END_TEST

/* What others wrote after a cut line is not taken back with it. */
START_TEST(test_cut_and_continued_by_others)
{
	struct bucket_lab lab;
	int fd;

	catch_log();
	fill_until(&lab, &cut_rows[5]);
	fd = open(lab.path, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "\nothers\n", 8), 8);
	close(fd);
	limit_file(13);
	service_type(lab.service)->stop(lab.service);
	limit_file(RLIM_INFINITY);
	bucket_expect(&lab, "aaaaa\nbbbbb\nc\nothers\n");
	bucket_free(&lab);
}
END_TEST

/* Nor does its rest follow what is not its beginning. */
START_TEST(test_cut_and_changed_by_others)
{
	static const struct {
		off_t size;
		const char *text, *marked, *rest;
	} rows[] = {
		{ 13, "\nothers\n", "aaaaa\nbbbbb\nc\nothers\n", "" },
		{ 13, "others", "aaaaa\nbbbbb\ncothers\n", CUT_WORD },
		{ 0, "", "", "" },
	};

	catch_log();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bucket_lab lab;
		char expected[256];
		int fd;

		fill_until(&lab, &cut_rows[5]);
		fd = open(lab.path, O_WRONLY | O_APPEND);
		ck_assert_int_eq(ftruncate(fd, rows[i].size), 0);
		ck_assert_int_eq(write(fd, rows[i].text, strlen(rows[i].text)),
		    (ssize_t)strlen(rows[i].text));
		close(fd);
		bucket_retry(&lab);
		snprintf(expected, sizeof(expected), "%s%sccccc\nddddd\n",
		    rows[i].marked, rows[i].rest);
		bucket_expect(&lab, expected);
		expect_recovered(2, 0);
		bucket_close(&lab);
	}
}
END_TEST

CHECK_MAIN("creosote_full", test_full, test_full_until_stop, test_cut,
    test_cut_and_reopened, test_cut_and_renamed, test_cut_and_stopped,
    test_cut_and_continued_by_others, test_cut_and_changed_by_others)
