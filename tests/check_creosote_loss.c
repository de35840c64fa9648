/* SPDX-License-Identifier: ISC */
/* What a bucket loses when nobody reads it, and that it tells all of it once.
 */
#include <sys/stat.h>

#include "base/clock.h"

#include "check_creosote_log.h"
#include "check_main.h"

/* All that a reader of the fifo can get now; the end of it, as a text. */
static size_t
read_fifo(int reader, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(reader, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return len;
}

/* More than the pipe and the queue take, 64 bytes each. */
#define STUCK_RECORDS 40000

/* Whole lines of records and what the words between them say is lost. */
static void
count_text(const char *text, unsigned *records, unsigned *lost)
{
	const char *end;

	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		unsigned count;

		if (sscanf(text, "netlabd: %u records lost here", &count) == 1)
			*lost += count;
		else if (end - text == 63 && text[0] == 'x')
			(*records)++;
		else
			ck_abort_msg("%.*s", (int)(end - text), text);
	}
	ck_assert_str_eq(text, "");
}

/* A reader that takes nothing stops nothing: what it misses is told. */
START_TEST(test_stuck_reader)
{
	static char text[4 << 20], line[64];
	struct bucket_lab lab;
	char path[NET_PATH_SIZE], expected[512];
	unsigned records = 0, lost = 0;
	size_t len = 0, n;
	int reader;

	ck_assert_int_eq(mkfifo(net_path(path, "", "bucket.log"), 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	catch_log();
	bucket_open(&lab, "format", "raw", "queue", "2M", NULL);
	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < STUCK_RECORDS; i++) {
		bucket_spew_line(&lab, line);
		bucket_flush(&lab);
	}
	snprintf(expected, sizeof(expected), FAILED, lab.path,
	    "its reader takes nothing");
	expect_log(expected);
	while ((n = read_fifo(reader, text + len, sizeof(text) - len)) > 0) {
		len += n;
		bucket_retry(&lab);
	}
	count_text(text, &records, &lost);
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_eq(records + lost, STUCK_RECORDS);
	expect_figures(&lab, records, 0, lost);
	close(reader);
	bucket_close(&lab);
}
END_TEST

/* A reader that is only slow is nothing to speak of. */
START_TEST(test_slow_reader)
{
	static char text[1 << 20], line[64];
	struct bucket_lab lab;
	char path[NET_PATH_SIZE];
	unsigned records = 0, lost = 0;
	size_t len = 0, n;
	int reader;

	ck_assert_int_eq(mkfifo(net_path(path, "", "bucket.log"), 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < 5000; i++) {
		bucket_spew_line(&lab, line);
		bucket_flush(&lab);
	}
	while ((n = read_fifo(reader, text + len, sizeof(text) - len)) > 0) {
		len += n;
		bucket_retry(&lab);
	}
	count_text(text, &records, &lost);
	ck_assert_uint_eq(records, 5000);
	ck_assert_uint_eq(lost, 0);
	expect_log("");
	close(reader);
	bucket_close(&lab);
}
END_TEST

/* Drops wait at their place among the records. */
START_TEST(test_drops_wait)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE];

	ck_assert_int_eq(
	    symlink("/dev/full", net_path(path, "", "bucket.log")), 0);
	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	bucket_spew_line(&lab, "1");
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 1000);
	bucket_flush(&lab);
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 500);
	bucket_spew_line(&lab, "2");
	bucket_flush(&lab);
	expect_figures(&lab, 0, 2, 0);

	unlink(lab.path);
	bucket_reopen(&lab);
	bucket_expect(&lab,
	    "1\n"
	    "netlabd: 1000 datagrams lost here on 127.0.0.1:7 (receive queue "
	    "full)\n"
	    "netlabd: 500 datagrams lost here on 127.0.0.1:7 (receive queue "
	    "full)\n"
	    "2\n");
	expect_figures(&lab, 2, 0, 0);
	bucket_close(&lab);
}
END_TEST

/* Two MiB of records of 1000 bytes, and what finds no room any more. */
#define FITTING  2097
#define TOO_MANY 52

static void
overfill(struct bucket_lab *lab)
{
	char line[1001];

	for (int i = 0; i < FITTING + TOO_MANY; i++) {
		int len = snprintf(line, sizeof(line), "%0999d", i);

		bucket_spew_full(lab, "192.0.2.7", line, (size_t)len,
		    (size_t)len, BUCKET_TIME_NS + i * CLOCK_NS_PER_S);
	}
	/* A short one would fit, but what is missing is missing at one place.
	 */
	bucket_spew_line(lab, "short");
	service_type(lab->service)->lost(lab->service, "127.0.0.1:7", 44);
	bucket_flush(lab);
}

/* What is thrown away is stated to the record, with its time, at its place. */
START_TEST(test_queue_full)
{
	static const char words[] =
	    "netlabd: 44 datagrams lost here on 127.0.0.1:7 (receive queue "
	    "full)\n"
	    "netlabd: 53 records lost here (queue full while writing failed: "
	    "File too large, from 2026-11-23T07:05:57.123456Z to "
	    "2026-11-23T06:31:00.123456Z)\n"
	    "next\n";
	struct bucket_lab lab;
	const char *text;

	catch_log();
	bucket_open(&lab, "format", "raw", "queue", "2M", NULL);
	limit_file(0);
	bucket_spew_line(&lab, "first");
	bucket_flush(&lab);
	expect_failed(&lab, EFBIG);
	overfill(&lab);
	expect_figures(&lab, 0, 1 + FITTING, TOO_MANY + 1);
	limit_file(RLIM_INFINITY);
	bucket_drain(&lab);
	expect_recovered(1 + FITTING, TOO_MANY + 1);
	bucket_spew_line(&lab, "next");
	bucket_flush(&lab);
	text = bucket_text(&lab, NULL);
	ck_assert_mem_eq(text, "first\n", 6);
	for (int i = 0; i < FITTING; i++)
		ck_assert_int_eq(atoi(text + 6 + 1000 * i), i);
	ck_assert_str_eq(text + 6 + 1000 * FITTING, words);
	expect_figures(&lab, 2 + FITTING, 0, TOO_MANY + 1);
	bucket_close(&lab);
}
END_TEST

/* What waits for a changed bucket is more than its queue may hold: what comes
 * before it has tried the file is missing for the reason that was known.
 */
START_TEST(test_queue_full_after_a_reload)
{
	struct bucket_lab old, lab;

	catch_log();
	bucket_open(&old, "format", "raw", "queue", "16M", NULL);
	limit_file(0);
	overfill(&old);
	expect_failed(&old, EFBIG);
	bucket_open(&lab, "format", "raw", "queue", "2M", NULL);
	service_type(lab.service)->succeed(lab.service, old.service);
	bucket_spew_line(&lab, "late");
	limit_file(RLIM_INFINITY);
	bucket_drain(&lab);
	ck_assert_ptr_nonnull(strstr(bucket_text(&lab, NULL),
	    "netlabd: 1 records lost here (queue full while writing failed: "
	    "File too large, from "));
	service_type(old.service)->stop(old.service);
	service_free(old.service);
	free(old.text);
	bucket_close(&lab);
}
END_TEST

/* Losses that are not said yet at a stop are said then, if it can be. */
START_TEST(test_queue_full_until_stop)
{
	struct bucket_lab lab;
	const char *text;

	catch_log();
	bucket_open(&lab, "format", "json", "queue", "2M", NULL);
	limit_file(0);
	overfill(&lab);
	limit_file(RLIM_INFINITY);
	service_type(lab.service)->stop(lab.service);
	text = bucket_text(&lab, NULL);
	ck_assert_ptr_nonnull(strstr(text, "\"lost\":44,"));
	ck_assert_msg(strstr(text, "records lost here (queue full") != NULL,
	    "%s", text + strlen(text) - 500);
	ck_assert_uint_eq(bucket_figure(&lab, "records") +
		bucket_figure(&lab, "records-lost"),
	    FITTING + TOO_MANY + 1);
	bucket_free(&lab);
}
END_TEST

/* Words that wait are lost with the records: the log says what they told. */
START_TEST(test_words_until_stop)
{
	struct bucket_lab lab;
	char expected[600], path[NET_PATH_SIZE];

	ck_assert_int_eq(
	    symlink("/dev/full", net_path(path, "", "bucket.log")), 0);
	catch_log();
	bucket_open(&lab, "decode", "netconsole", NULL);
	bucket_spew_line(&lab, "3,1,1,-;one\n msgid=1\n");
	bucket_spew_line(&lab, "3,2,2,-;five\n msgid=5\n");
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 1000);
	bucket_flush(&lab);
	expect_failed(&lab, ENOSPC);
	service_type(lab.service)->stop(lab.service);
	snprintf(expected, sizeof(expected),
	    "netlabd: error: creosote 'test': 5 records that waited are lost: "
	    "cannot write to %s: No space left on device\n"
	    "netlabd: error: creosote 'test': 1000 datagrams were lost on "
	    "several addresses (receive queue full), and %s does not say so: "
	    "No space left on device\n",
	    lab.path, lab.path);
	expect_log(expected);
	expect_figures(&lab, 0, 0, 5);
	bucket_free(&lab);
}
END_TEST

/* A file that cannot be written makes no room: what waits for it stays. */
START_TEST(test_words_stay)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE], pattern[NET_PATH_SIZE];

	ck_assert_int_eq(
	    symlink("/dev/full", net_path(path, "", "b-others.log")), 0);
	catch_log();
	bucket_open(&lab, "format", "raw", "max-open-files", "2", "file",
	    net_path(pattern, "", "b-%a.log"), NULL);
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 1000);
	bucket_flush(&lab);
	bucket_spew(&lab, "192.0.2.1", "1", 1);
	bucket_spew(&lab, "192.0.2.2", "2", 1);
	bucket_flush(&lab);
	net_path(lab.path, "", "b-192.0.2.1.log");
	bucket_expect(&lab, "1\n");
	net_path(lab.path, "", "b-192.0.2.2.log");
	bucket_expect(&lab, "2\n");
	unlink(lab.path);
	unlink(net_path(lab.path, "", "b-others.log"));
	bucket_reopen(&lab);
	bucket_flush(&lab);
	bucket_expect(&lab,
	    "netlabd: 1000 datagrams lost here on 127.0.0.1:7 (receive queue "
	    "full)\n");
	bucket_close(&lab);
	unlink(net_path(path, "", "b-192.0.2.1.log"));
}
END_TEST

/* Senders whose files cannot be written do not fill the log. */
START_TEST(test_log_is_bounded)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE], pattern[NET_PATH_SIZE], peer[32];
	unsigned count = 0;

	catch_log();
	bucket_open(&lab, "max-open-files", "200", "file",
	    net_path(pattern, "", "b-%a.log"), NULL);
	limit_file(0);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(peer, sizeof(peer), "192.0.2.%u", i);
		bucket_spew(&lab, peer, "x", 1);
		bucket_flush(&lab);
		for (const char *at = read_log();
		     (at = strstr(at, "cannot write to")) != NULL; at++)
			count++;
	}
	ck_assert_uint_ge(count, 20);
	ck_assert_uint_le(count, 22);
	limit_file(RLIM_INFINITY);
	bucket_close(&lab);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(peer, sizeof(peer), "b-192.0.2.%u.log", i);
		unlink(net_path(path, "", peer));
	}
	unlink(net_path(path, "", "b-others.log"));
}
END_TEST

CHECK_MAIN("creosote_loss", test_stuck_reader, test_slow_reader,
    test_drops_wait, test_queue_full, test_queue_full_after_a_reload,
    test_queue_full_until_stop, test_words_until_stop, test_words_stay,
    test_log_is_bounded)
