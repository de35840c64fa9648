/* SPDX-License-Identifier: ISC */
/* Rotated files: compressed, deleted, and finished after a crash. */
#include "services/creosote_upkeep.h"

#include <signal.h>
#include <sys/resource.h>

#include "check_creosote_upkeep.h"
#include "services/creosote_gzip.h"

/* The directory is read, in two slices; compression begun, and goes on. */
#define SLICES_TO_COMPRESS 4

START_TEST(test_nothing)
{
	files_put("b.log", "current\n");
	begin();
	ck_assert_int_le(work(100), 3);
	ck_assert_int_eq(upkeep_wait_ms(upkeep, now_ms), -1);
	ck_assert_str_eq(files_names(), "b.log");
	end();
}
END_TEST

START_TEST(test_keep)
{
	files_put("b.log", "current\n");
	files_put("b.log-20261125T213000Z", "1\n");
	files_put("b.log-20261125T213000Z_001.gz", "2\n");
	files_put("b.log-20261125T213001Z", "3\n");
	files_put("b.log-20261125T213001", "other\n");
	files_put("b.log-20261125", "other\n");
	files_put("b.log.1", "other\n");
	files_put("bb.log-20261125T213000Z", "other\n");
	ck_assert_int_eq(
	    symlink("b.log.1", files_path("b.log-20251125T213000Z")), 0);
	ck_assert_int_eq(mkdir(files_path("b.log-20241125T213000Z"), 0700), 0);
	settings.keep = 2;
	begin();
	work(100);
	ck_assert_uint_eq(upkeep_deleted(upkeep), 1);
	ck_assert_str_eq(files_names(),
	    "b.log b.log-20241125T213000Z b.log-20251125T213000Z "
	    "b.log-20261125 b.log-20261125T213000Z_001.gz "
	    "b.log-20261125T213001 b.log-20261125T213001Z b.log.1 "
	    "bb.log-20261125T213000Z");
	files_expect("b.log.1", "other\n");
	end();
}
END_TEST

START_TEST(test_keep_number)
{
	settings.names = ROTATION_NUMBER;
	settings.keep = 2;
	files_put("b.log.1", "4\n");
	files_put("b.log.2.gz", "3\n");
	files_put("b.log.3", "2\n");
	files_put("b.log.10", "1\n");
	files_put("b.log.010", "other\n");
	begin();
	work(100);
	ck_assert_str_eq(files_names(), "b.log.010 b.log.1 b.log.2.gz");
	end();
}
END_TEST

/* The latest stays, however long it is. */
START_TEST(test_keep_total)
{
	settings.keep_total = 8;
	files_put("b.log-20261125T213000Z", "1\n");
	files_put("b.log-20261125T213001Z", "2345\n");
	files_put("b.log-20261125T213002Z", "6\n");
	begin();
	work(100);
	ck_assert_str_eq(
	    files_names(), "b.log-20261125T213001Z b.log-20261125T213002Z");
	files_put("b.log-20261125T213003Z", "much too long\n");
	upkeep_add(upkeep, files_path("b.log"));
	work(100);
	ck_assert_str_eq(files_names(), "b.log-20261125T213003Z");
	ck_assert_uint_eq(upkeep_deleted(upkeep), 3);
	end();
}
END_TEST

static char *
make_text(size_t len)
{
	char *text = malloc(len + 1);
	uint32_t random = 4711;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < len; i++) {
		random = random * 1664525 + 1013904223;
		text[i] = (char)('a' + (random >> 24) % 26);
	}
	text[len] = '\0';
	return text;
}

START_TEST(test_compress)
{
	char *text = make_text(300000);

	umask(0077);
	settings.compress = true;
	files_put("b.log", "current\n");
	files_put("b.log-20261125T213000Z", text);
	files_put("b.log-20261125T213001Z", "short\n");
	begin();
	/* no slice takes more than its bytes */
	ck_assert_uint_ge(work(1000), 300000 / GZIP_SLICE_SIZE);
	ck_assert_str_eq(files_names(),
	    "b.log b.log-20261125T213000Z.gz b.log-20261125T213001Z.gz");
	files_expect("b.log-20261125T213000Z.gz", text);
	files_expect("b.log-20261125T213001Z.gz", "short\n");
	ck_assert_uint_eq(files_mode("b.log-20261125T213000Z.gz"), 0604);
	ck_assert_uint_eq(upkeep_compressed(upkeep), 2);
	free(text);
	end();
}
END_TEST

/* The file gets another number while it is compressed, or is deleted. */
START_TEST(test_moving)
{
	char *text = make_text(300000);

	settings.compress = true;
	settings.names = ROTATION_NUMBER;
	files_put("b.log.1", text);
	begin();
	work(SLICES_TO_COMPRESS);
	ck_assert(files_has(".b.log.netlabd-gz"));
	rename(files_path("b.log.1"), files_path("b.log.2"));
	files_put("b.log.1", "new\n");
	work(1000);
	ck_assert_str_eq(files_names(), "b.log.1.gz b.log.2.gz");
	files_expect("b.log.1.gz", "new\n");
	files_expect("b.log.2.gz", text);

	files_put("b.log.3", text);
	upkeep_add(upkeep, files_path("b.log"));
	work(SLICES_TO_COMPRESS);
	ck_assert(files_has(".b.log.netlabd-gz"));
	unlink(files_path("b.log.3"));
	work(1000);
	ck_assert_str_eq(files_names(), "b.log.1.gz b.log.2.gz");
	free(text);
	end();
}
END_TEST

/* The directory is another one when it is compressed. */
START_TEST(test_other_directory)
{
	settings.compress = true;
	mkdir(files_path("one"), 0700);
	mkdir(files_path("two"), 0700);
	files_put("one/b.log-20261125T213000Z", "1\n");
	files_put("two/b.log-20261125T213000Z", "2\n");
	ck_assert_int_eq(symlink("one", files_path("now")), 0);
	upkeep = upkeep_new(&settings, &access_0604, &calls, NULL);
	ck_assert_ptr_nonnull(upkeep);
	upkeep_add(upkeep, files_path("now/b.log"));
	work(SLICES_TO_COMPRESS);
	ck_assert(files_has("one/.b.log.netlabd-gz"));
	unlink(files_path("now"));
	ck_assert_int_eq(symlink("two", files_path("now")), 0);
	upkeep_add(upkeep, files_path("now/b.log"));
	ck_assert_uint_lt(work(1000), 1000);
	ck_assert(!files_has("one/.b.log.netlabd-gz"));
	ck_assert(files_has("one/b.log-20261125T213000Z"));
	files_expect("two/b.log-20261125T213000Z.gz", "2\n");
	end();
}
END_TEST

/* A rotation that came half way left the file that is written to. */
START_TEST(test_in_use)
{
	struct stat st;

	settings.compress = true;
	settings.keep = 1;
	files_put("b.log-20261125T213000Z", "in use\n");
	files_put("b.log-20261125T213001Z", "1\n");
	files_put("b.log-20261125T213002Z", "2\n");
	ck_assert_int_eq(stat(files_path("b.log-20261125T213000Z"), &st), 0);
	used = st.st_ino;
	begin();
	work(1000);
	ck_assert_str_eq(
	    files_names(), "b.log-20261125T213000Z b.log-20261125T213002Z.gz");
	end();
}
END_TEST

/* Somebody else writes to it while it is compressed: nothing is lost. */
START_TEST(test_growing)
{
	int fd;

	settings.compress = true;
	files_put("b.log-20261125T213000Z", "1\n");
	begin();
	work(SLICES_TO_COMPRESS + 1); /* read, ended */
	fd = open(files_path("b.log-20261125T213000Z"), O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "2\n", 2), 2);
	close(fd);
	work(2);
	ck_assert_ptr_nonnull(strstr(said, "Device or resource busy"));
	ck_assert_str_eq(files_names(), "b.log-20261125T213000Z");
	work(1000);
	files_expect("b.log-20261125T213000Z.gz", "1\n2\n");
	ck_assert_ptr_nonnull(strstr(said, "compressed and deleted again"));
	upkeep_free(upkeep);
}
END_TEST

/* What a crash left at each place. */
START_TEST(test_finish)
{
	settings.compress = true;
	files_put("b.log-20261125T213000Z", "1\n");
	begin();
	work(1000);
	files_put(".b.log.netlabd-gz", "cut");
	files_put(".b.log.netlabd-new", "");
	files_put("b.log-20261125T213000Z", "1\n"); /* and its .gz is whole */
	files_put("b.log-20261125T213001Z", "2\n");
	files_put("b.log-20261125T213001Z.gz", "not of it, of somebody else");
	upkeep_add(upkeep, files_path("b.log"));
	work(1000);
	ck_assert_str_eq(files_names(),
	    "b.log-20261125T213000Z.gz b.log-20261125T213001Z "
	    "b.log-20261125T213001Z.gz");
	files_expect("b.log-20261125T213000Z.gz", "1\n");
	files_expect("b.log-20261125T213001Z", "2\n");
	end();
}
END_TEST

/* No place for the compressed file: said once, and the others are deleted. */
START_TEST(test_no_room)
{
	struct rlimit limit = { 65536, RLIM_INFINITY };
	char *text = make_text(300000);

	settings.compress = true;
	settings.keep_total = 400000;
	files_put("b.log-20261125T213000Z", text);
	files_put("b.log-20261125T213001Z", text);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	begin();
	for (int i = 0; i < 50 &&
	     (upkeep_deleted(upkeep) == 0 || files_has(".b.log.netlabd-gz"));
	     i++)
		work(1);
	ck_assert_str_eq(files_names(), "b.log-20261125T213001Z");
	ck_assert_ptr_nonnull(strstr(said,
	    "error: cannot write "
	    "'.b.log.netlabd-gz' in the"));
	ck_assert_ptr_nonnull(strstr(said, ": File too large\n"));
	ck_assert_ptr_null(strstr(strchr(said, '\n') + 1, "error"));
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	work(1000);
	ck_assert_str_eq(files_names(), "b.log-20261125T213001Z.gz");
	ck_assert_ptr_nonnull(
	    strstr(said, "\nrotated files are compressed and deleted again\n"));
	free(text);
	upkeep_free(upkeep);
}
END_TEST

/* Several files in turn; one that fails keeps none of the others waiting. */
START_TEST(test_several)
{
	char path[FILES_PATH_SIZE];

	settings.compress = true;
	files_put("a.log-20261125T213000Z", "1\n");
	files_put("c.log-20261125T213000Z", "2\n");
	begin();
	snprintf(path, sizeof(path), "%s", files_path("missing/x.log"));
	ck_assert_int_eq(upkeep_add(upkeep, path), 0);
	ck_assert_int_eq(upkeep_add(upkeep, files_path("a.log")), 0);
	ck_assert_int_eq(upkeep_add(upkeep, files_path("c.log")), 0);
	ck_assert_int_eq(upkeep_add(upkeep, files_path("c.log")), 0);
	work(30);
	ck_assert_str_eq(files_names(),
	    "a.log-20261125T213000Z.gz c.log-20261125T213000Z.gz");
	ck_assert_ptr_nonnull(strstr(said, "No such file or directory"));
	upkeep_free(upkeep);
}
END_TEST

/*
 * A bucket that a reload changed works on beside the new one, as long as it has
 * connections: each leaves alone what the other is at.
 */
START_TEST(test_two)
{
	char *text = make_text(300000);
	struct upkeep *old;

	settings.compress = true;
	files_put("b.log-20261125T213000Z", text);
	files_put("b.log-20261125T213001Z", "2\n");
	begin();
	work(SLICES_TO_COMPRESS);
	ck_assert(files_has(".b.log.netlabd-gz"));
	old = upkeep;
	begin();
	work(3);
	for (int i = 0; i < 20; i++)
		upkeep_work(old, now_ms + i * 1000);
	upkeep_free(upkeep);
	ck_assert_str_eq(files_names(),
	    "b.log-20261125T213000Z.gz b.log-20261125T213001Z.gz");
	files_expect("b.log-20261125T213000Z.gz", text);
	files_expect("b.log-20261125T213001Z.gz", "2\n");

	/* the old one ends in the midst */
	files_put("b.log-20261125T213002Z", text);
	upkeep_add(old, files_path("b.log"));
	now_ms += 100000;
	for (int i = 0; i < SLICES_TO_COMPRESS; i++)
		upkeep_work(old, now_ms + i * 1000);
	ck_assert(files_has(".b.log.netlabd-gz"));
	begin();
	work(3);
	upkeep_free(old);
	work(1000);
	files_expect("b.log-20261125T213002Z.gz", text);
	ck_assert(!files_has("b.log-20261125T213002Z"));
	free(text);
	end();
}
END_TEST

CHECK_MAIN("creosote_upkeep", test_nothing, test_keep, test_keep_number,
    test_keep_total, test_compress, test_moving, test_other_directory,
    test_in_use, test_growing, test_finish, test_no_room, test_several,
    test_two)
