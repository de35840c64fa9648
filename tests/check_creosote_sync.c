/* SPDX-License-Identifier: ISC */
/* When a bucket's file is synced, and what is said when it cannot be. */
#include <poll.h>
#include <sys/stat.h>

#include "check_creosote_log.h"
#include "check_main.h"
#include "services/creosote_sink.h"

static unsigned syncs;
static int sync_error; /* of each; 0: it goes well */

int __wrap_fdatasync(int fd);

int
__wrap_fdatasync(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	syncs++;
	errno = sync_error;
	return sync_error == 0 ? 0 : -1;
}

/* How many syncs three flushes and a stop take. */
START_TEST(test_syncs)
{
	static const struct {
		const char *sync;
		unsigned flushed, stopped;
	} table[] = {
		{ "never", 0, 1 },
		{ "always", 3, 4 },
		{ "1d", 0, 1 },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_lab lab;

		syncs = 0;
		bucket_open(&lab, "sync", table[i].sync, NULL);
		for (int turn = 0; turn < 3; turn++) {
			bucket_spew_line(&lab, "one");
			bucket_spew_line(&lab, "two");
			bucket_flush(&lab);
			bucket_flush(&lab);
		}
		ck_assert_uint_eq(syncs, table[i].flushed);
		service_type(lab.service)->stop(lab.service);
		ck_assert_uint_eq(syncs, table[i].stopped);
		bucket_free(&lab);
	}
}
END_TEST

/* The interval begins with the first line that is not synced. */
START_TEST(test_interval)
{
	static const struct record_style style = { RECORD_RAW, RECORD_REPR };
	struct bucket_memory memory = { .max = 1 << 20 };
	struct bucket_sink_config config = { .name = "test",
		.style = &style,
		.memory = &memory,
		.sync_ms = 30 };
	struct record record = { .data = { "hello", 5 }, .wire_len = 5 };
	const struct bucket_file_access access = { 0640,
		BUCKET_FILE_ANY_GROUP };
	struct bucket_file file = { 0 };
	struct bucket_sink sink;
	char path[NET_PATH_SIZE], why[WHY_SIZE];
	int64_t delay;

	ck_assert_int_eq(bucket_file_open(&file,
			     net_path(path, "", "bucket.log"), &access, why),
	    0);
	bucket_sink_open(&sink, &file, &config);
	ck_assert_int_eq(bucket_sink_flush(&sink, false), -1);
	bucket_sink_add(&sink, &record);
	delay = bucket_sink_flush(&sink, false);
	ck_assert_int_gt(delay, 0);
	ck_assert_int_le(delay, 30);
	while (delay > 0) {
		ck_assert_uint_eq(syncs, 0);
		poll(NULL, 0, (int)delay);
		bucket_sink_add(&sink, &record);
		delay = bucket_sink_flush(&sink, true);
	}
	ck_assert_uint_eq(syncs, 1);
	ck_assert_int_eq(bucket_sink_flush(&sink, true), -1);
	bucket_sink_close(&sink, true);
	bucket_file_close(&file);
	unlink(path);
}
END_TEST

/* Said once, until it works again; what cannot be synced at all is fine. */
START_TEST(test_sync_fails)
{
	static const int errors[] = { EIO, EIO, 0, EINVAL, EROFS, EIO };
	struct bucket_lab lab;
	char expected[512];

	catch_log();
	bucket_open(&lab, "sync", "always", "format", "raw", NULL);
	snprintf(expected, sizeof(expected),
	    "netlabd: error: creosote 'test': cannot sync %s: Input/output "
	    "error, going on\n",
	    lab.path);
	for (size_t i = 0; i < COUNT(errors); i++) {
		sync_error = errors[i];
		bucket_spew_line(&lab, "1");
		bucket_flush(&lab);
		expect_log(i == 0 || i == 5 ? expected : "");
	}
	sync_error = 0;
	bucket_expect(&lab, "1\n1\n1\n1\n1\n1\n");
	bucket_close(&lab);
}
END_TEST

CHECK_MAIN("creosote_sync", test_syncs, test_interval, test_sync_fails)
