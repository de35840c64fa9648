/* SPDX-License-Identifier: ISC */
/* What a bucket loses when nobody reads it, and that it tells all of it once.
 */
#include <sys/stat.h>

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

#define STUCK_RECORDS 3000

/* A reader that takes nothing stops nothing: what it misses is told. */
START_TEST(test_stuck_reader)
{
	static char text[1 << 20], line[64], expected[256];
	struct bucket_lab lab;
	char path[NET_PATH_SIZE];
	unsigned got, lost;
	int reader;

	ck_assert_int_eq(mkfifo(net_path(path, "", "bucket.log"), 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < STUCK_RECORDS; i++) {
		spew_line(&lab, line);
		bucket_flush(&lab);
	}
	expect_failed(&lab, EAGAIN);
	got = (unsigned)(read_fifo(reader, text, sizeof(text)) / sizeof(line));
	lost = STUCK_RECORDS - got;
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_gt(got, 0);
	spew_line(&lab, "last");
	bucket_flush(&lab);
	read_fifo(reader, text, sizeof(text));
	snprintf(expected, sizeof(expected),
	    "netlabd: %u records lost here (writing failed: Resource "
	    "temporarily unavailable)\nlast\n",
	    lost);
	ck_assert_str_eq(text[0] == '\n' ? text + 1 : text, expected);
	expect_figures(&lab, got + 1, lost);
	close(reader);
	bucket_close(&lab);
}
END_TEST

/* Drops that cannot be told are told later, all of them, and once. */
START_TEST(test_drops_untold)
{
	struct bucket_lab lab;
	char path[NET_PATH_SIZE], why[WHY_SIZE];

	ck_assert_int_eq(
	    symlink("/dev/full", net_path(path, "", "bucket.log")), 0);
	catch_log();
	bucket_open(&lab, "format", "raw", NULL);
	spew_line(&lab, "1");
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 1000);
	bucket_flush(&lab);
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 500);
	spew_line(&lab, "2");
	bucket_flush(&lab);
	expect_figures(&lab, 0, 2);

	unlink(lab.path);
	ck_assert_int_eq(
	    service_type(lab.service)->reopen(lab.service, why), 0);
	bucket_flush(&lab);
	bucket_expect(&lab,
	    "netlabd: 1500 datagrams lost here on 127.0.0.1:7 (receive queue "
	    "full)\nnetlabd: 2 records lost here (writing failed: No space "
	    "left "
	    "on device)\n");
	expect_figures(&lab, 0, 2);
	bucket_close(&lab);
}
END_TEST

CHECK_MAIN("creosote_loss", test_stuck_reader, test_drops_untold)
