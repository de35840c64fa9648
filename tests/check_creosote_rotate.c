/* SPDX-License-Identifier: ISC */
/* A bucket that rotates: no record is lost, doubled or cut at the seam. */
#include <dirent.h>
#include <sys/stat.h>

#include "check_creosote_log.h"
#include "check_main.h"

/* All files of the test, in the order of their names, as one text. */
static char *
read_all(const struct bucket_lab *lab, unsigned *files)
{
	char directory[NET_PATH_SIZE], path[NET_PATH_SIZE + 300];
	struct dirent **names;
	char *text = calloc(1, 4 << 20), *end = text;
	int count;

	strcpy(directory, lab->path);
	*strrchr(directory, '/') = '\0';
	count = scandir(directory, &names, NULL, alphasort);
	*files = 0;
	for (int i = 0; i < count; i++) {
		FILE *file;

		snprintf(
		    path, sizeof(path), "%s/%s", directory, names[i]->d_name);
		if (strncmp(names[i]->d_name, "bucket.log-", 11) == 0 &&
		    (file = fopen(path, "r")) != NULL) {
			end += fread(end, 1, 1 << 20, file);
			fclose(file);
			unlink(path);
			(*files)++;
		}
		free(names[i]);
	}
	free(names);
	strcpy(end, "");
	return text;
}

static void
expect_numbers(const char *text, const char *rest, int count)
{
	char *all, *at;

	ck_assert_int_ne(asprintf(&all, "%s%s", text, rest), -1);
	at = all;
	for (int i = 0; i < count; i++) {
		ck_assert_int_eq(strtol(at, &at, 10), i);
		ck_assert_int_eq(*at++, '\n');
	}
	ck_assert_str_eq(at, "");
	free(all);
}

START_TEST(test_size)
{
	struct bucket_lab lab;
	unsigned files;
	char *text;

	bucket_open(
	    &lab, "format", "raw", "rotate-size", "1000", "keep", "0", NULL);
	for (int i = 0; i < 5000; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%07d", i);
		bucket_spew_line(&lab, line);
		if (i % 300 == 0)
			bucket_flush(&lab);
	}
	bucket_flush(&lab);
	bucket_drain(&lab);
	ck_assert_uint_eq(bucket_figure(&lab, "records"), 5000);
	text = read_all(&lab, &files);
	ck_assert_uint_eq(files, 39);
	ck_assert_uint_eq(strlen(bucket_text(&lab, NULL)), 1000);
	expect_numbers(text, bucket_text(&lab, NULL), 5000);
	free(text);
	bucket_close(&lab);
}
END_TEST

/* A line that is written in part stays in one file. */
START_TEST(test_within_a_line)
{
	struct bucket_lab lab;
	unsigned files;
	char *text, why[WHY_SIZE];

	catch_log();
	bucket_open(&lab, "format", "raw", "rotate-size", "16", NULL);
	limit_file(11);
	for (int i = 0; i < 4; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%07d", i);
		bucket_spew_line(&lab, line);
	}
	bucket_flush(&lab);
	ck_assert_int_eq(
	    service_type(lab.service)->rotate(lab.service, why), -1);
	ck_assert_str_eq(why, "cannot rotate while the file cannot be written");
	limit_file(RLIM_INFINITY);
	bucket_retry(&lab);
	text = read_all(&lab, &files);
	ck_assert_uint_eq(files, 1);
	ck_assert_str_eq(text, "0000000\n0000001\n");
	expect_numbers(text, bucket_text(&lab, NULL), 4);
	free(text);
	bucket_close(&lab);
}
END_TEST

START_TEST(test_asked_for)
{
	struct bucket_lab lab;
	unsigned files;
	char *text, why[WHY_SIZE];

	bucket_open(&lab, "format", "raw", NULL);
	bucket_spew_line(&lab, "0");
	ck_assert_int_eq(
	    service_type(lab.service)->rotate(lab.service, why), 0);
	bucket_spew_line(&lab, "1");
	bucket_flush(&lab);
	text = read_all(&lab, &files);
	ck_assert_str_eq(text, "0\n");
	bucket_expect(&lab, "1\n");
	free(text);
	bucket_close(&lab);
}
END_TEST

/* Each sender has a file; netlabd's words have their own. */
START_TEST(test_senders)
{
	static const char *const peers[] = { "192.0.2.1", "192.0.2.2",
		"2001:db8::7" };
	static const struct {
		const char *name, *text;
	} expected[] = {
		{ "b-192.0.2.1.log", "0\n3\n" },
		{ "b-192.0.2.2.log", "1\n4\n" },
		{ "b-others.log",
		    "netlabd: 44 datagrams lost here on 127.0.0.1:7 (receive "
		    "queue full)\n" },
	};
	struct bucket_lab lab;
	char pattern[NET_PATH_SIZE];

	bucket_open(&lab, "format", "raw", "file",
	    net_path(pattern, "", "b-%a.log"), "max-open-files", "2", NULL);
	for (int i = 0; i < 6; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%d", i);
		bucket_spew(&lab, peers[i % 3], line, strlen(line));
	}
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 44);
	service_type(lab.service)->stop(lab.service);
	ck_assert_uint_eq(bucket_figure(&lab, "records"), 6);
	for (size_t i = 0; i < COUNT(expected); i++) {
		net_path(lab.path, "", expected[i].name);
		bucket_expect(&lab, expected[i].text);
		unlink(lab.path);
	}
	bucket_free(&lab);
}
END_TEST

CHECK_MAIN("creosote_rotate", test_size, test_within_a_line, test_asked_for,
    test_senders)
