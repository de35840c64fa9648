/* SPDX-License-Identifier: ISC */
/* A directory is read for many files at once, and changes meanwhile. */
#include "services/creosote_upkeep.h"

#include "check_creosote_upkeep.h"

struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);

static unsigned names_read;

struct dirent *
__wrap_readdir(DIR *folder)
{
	names_read++;
	return __real_readdir(folder);
}

/* Makes 200 files with so many rotated ones each. */
static void
put_many(int rotated)
{
	char name[64];

	for (int i = 0; i < 200; i++)
		for (int j = 0; j < rotated; j++) {
			snprintf(name, sizeof(name),
			    "%d.log-202611%02dT213000Z", i, j + 1);
			files_put(name, "1\n");
		}
}

/* One directory is read once for all, a little at a time. */
START_TEST(test_read_once)
{
	unsigned longest = 0, before, all;
	char name[32];

	put_many(10);
	settings.keep = 5;
	settings.compress = true;
	begin();
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%d.log", i);
		ck_assert_int_eq(upkeep_add(upkeep, files_path(name)), 0);
	}
	names_read = 0;
	do {
		before = names_read;
		all = work(1);
		if (names_read - before > longest)
			longest = names_read - before;
	} while (all != 0);
	ck_assert_uint_eq(upkeep_deleted(upkeep), 200 * 5);
	ck_assert_uint_eq(upkeep_compressed(upkeep), 200 * 5);
	ck_assert_uint_lt(names_read, 2200);
	ck_assert_uint_le(longest, 500);
	end();
}
END_TEST

/* What is rotated while the directory is read is looked at again. */
START_TEST(test_changed_in_scan)
{
	put_many(4);
	settings.keep = 2;
	begin();
	upkeep_add(upkeep, files_path("7.log"));
	work(2);
	files_put("7.log-20261124T213000Z", "1\n");
	upkeep_add(upkeep, files_path("7.log"));
	work(1000);
	ck_assert_uint_eq(upkeep_deleted(upkeep), 3);
	ck_assert(files_has("7.log-20261124T213000Z"));
	ck_assert(!files_has("7.log-20261103T213000Z"));
	end();
}
END_TEST

/* Others gave the names to other files since: they are looked for anew. */
START_TEST(test_others_shift)
{
	settings.names = ROTATION_NUMBER;
	settings.keep = 2;
	files_put("b.log.1", "3\n");
	files_put("b.log.2", "2\n");
	files_put("b.log.3", "1\n");
	begin();
	work(2);
	rename(files_path("b.log.3"), files_path("b.log.4"));
	rename(files_path("b.log.2"), files_path("b.log.3"));
	rename(files_path("b.log.1"), files_path("b.log.2"));
	files_put("b.log.1", "4\n");
	work(1000);
	ck_assert_str_eq(files_names(), "b.log.1 b.log.2");
	end();
}
END_TEST

CHECK_MAIN("creosote_upkeep_scan", test_read_once, test_changed_in_scan,
    test_others_shift)
