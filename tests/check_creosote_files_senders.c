/* SPDX-License-Identifier: ISC */
/* A file for each sender: few are open, not too many made, each rotated. */
#include <sys/un.h>

#include "check_creosote_files.h"

START_TEST(test_senders)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/run/../x\n.sock" };

	prepare("s-%a%%.log");
	set("file-mode", "0644");
	umask(0077);
	begin();
	say_to(find("192.0.2.1"), "1\n");
	say_to(find("192.0.2.2"), "2\n");
	say_to(find("192.0.2.1"), "3\n");
	say_to(bucket_files_find(files, (struct sockaddr *)&un, sizeof(un)),
	    "4\n");
	say_to(bucket_files_find(files, NULL, 0), "own\n");
	ck_assert_str_eq(files_names(),
	    "s-192.0.2.1%.log s-192.0.2.2%.log s-_run_.._x_n.sock%.log "
	    "s-others%.log");
	files_expect("s-192.0.2.1%.log", "1\n3\n");
	files_expect("s-others%.log", "own\n");
	ck_assert_uint_eq(files_mode("s-192.0.2.1%.log"), 0644);
	ck_assert_uint_eq(bucket_files_figures(files).known, 3);
	ck_assert_int_eq(bucket_files_rotate(files, now_ns, why), 0);
	ck_assert(files_has("s-192.0.2.1%.log-20261125T213000Z"));
	ck_assert(files_has("s-others%.log-20261125T213000Z"));
	ck_assert_uint_eq(
	    files_mode("s-192.0.2.1%.log-20261125T213000Z"), 0644);
	ck_assert_uint_eq(files_mode("s-192.0.2.1%.log"), 0644);
	end();
}
END_TEST

/* The file that was used least lately makes room, and says so before. */
START_TEST(test_max_open)
{
	struct bucket_files_item *item;
	unsigned count = 0;

	prepare("%a.log");
	set("max-open-files", "3");
	begin();
	find("192.0.2.1")->queue = (char[]){ "waited\n" };
	find("192.0.2.2");
	find("192.0.2.3");
	find("192.0.2.1");
	find("192.0.2.4"); /* 2 goes */
	find("192.0.2.5"); /* 3 goes */
	files_expect("192.0.2.1.log", "");
	find("192.0.2.2"); /* 1 goes */
	files_expect("192.0.2.1.log", "waited\n");
	for (item = NULL; (item = bucket_files_next(files, item)) != NULL;)
		count++;
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(bucket_files_figures(files).open, 3);
	ck_assert_uint_eq(bucket_files_figures(files).closed, 3);
	say_to(find("192.0.2.1"), "again\n");
	files_expect("192.0.2.1.log", "waited\nagain\n");
	end();
}
END_TEST

/*
 * A file for which something waits stays open: another makes room, or where
 * there is none, the others' takes what comes, and may be one too many.
 */
START_TEST(test_max_open_waiting)
{
	char waits[] = "waited\n";

	prepare("%a.log");
	set("max-open-files", "3");
	begin();
	stuck = waits;
	find("192.0.2.1")->queue = waits;
	find("192.0.2.2");
	find("192.0.2.3")->queue = waits;
	find("192.0.2.4"); /* 2 goes */
	ck_assert_uint_eq(bucket_files_figures(files).closed, 1);
	files_expect("192.0.2.1.log", "");
	find("192.0.2.4")->queue = waits;
	say_to(find("192.0.2.5"), "5\n");
	say_to(find("192.0.2.6"), "6\n");
	files_expect("others.log", "5\n6\n");
	ck_assert_uint_eq(bucket_files_figures(files).open, 4);
	ck_assert_uint_eq(bucket_files_figures(files).closed, 1);
	ck_assert_uint_eq(bucket_files_figures(files).others, 2);
	stuck = NULL;
	say_to(find("192.0.2.5"), "again\n"); /* 1 and 3 go */
	ck_assert_uint_eq(bucket_files_figures(files).open, 3);
	files_expect("192.0.2.1.log", "waited\n");
	files_expect("192.0.2.5.log", "again\n");
	end();
}
END_TEST

/* Those that are there already count; those beyond share a file. */
START_TEST(test_max_files)
{
	prepare("%a.log");
	set("max-files", "3");
	files_put("192.0.2.8.log", "old\n");
	files_put("192.0.2.9.log", "old\n");
	files_put("192.0.2.7.log-20261125T213000Z", "rotated\n");
	files_put("others.log", "");
	begin();
	ck_assert_uint_eq(bucket_files_figures(files).known, 2);
	for (int i = 1; i < 100; i++) {
		char address[32];

		snprintf(address, sizeof(address), "192.0.2.%d", i);
		say_to(find(address), "1\n");
	}
	ck_assert_str_eq(files_names(),
	    "192.0.2.1.log 192.0.2.7.log-20261125T213000Z 192.0.2.8.log "
	    "192.0.2.9.log others.log");
	files_expect("192.0.2.1.log", "1\n");
	files_expect("192.0.2.9.log", "old\n1\n");
	ck_assert_uint_eq(bucket_files_figures(files).known, 3);
	ck_assert_uint_eq(bucket_files_figures(files).others, 96);
	end();
}
END_TEST

/* What only looks like theirs, with rotated files of its own, is let alone. */
START_TEST(test_neighbours)
{
	prepare("%a.log");
	set("rotate-size", "1K");
	set("rotate-names", "number");
	set("keep", "1");
	files_put("192.0.2.7.log", "sender\n");
	files_put("192.0.2.7.log.1", "kept\n");
	files_put("192.0.2.7.log.2", "too old\n");
	files_put("auth.log", "of others\n");
	files_put("auth.log.1", "of others\n");
	files_put("auth.log.2", "of others\n");
	begin();
	work();
	ck_assert_str_eq(files_names(),
	    "192.0.2.7.log 192.0.2.7.log.1 auth.log auth.log.1 auth.log.2");
	ck_assert_uint_eq(bucket_files_figures(files).known, 1);
	end();
}
END_TEST

/* A file that cannot be opened is no reason to lose anything. */
START_TEST(test_unopenable)
{
	prepare("%a.log");
	begin();
	ck_assert_int_eq(mkdir(files_path("192.0.2.1.log"), 0700), 0);
	say_to(find("192.0.2.1"), "1\n");
	files_expect("others.log", "1\n");
	end();
	prepare("x-%a.log");
	begin();
	ck_assert_int_eq(mkdir(files_path("x-192.0.2.1.log"), 0700), 0);
	ck_assert_int_eq(mkdir(files_path("x-others.log"), 0700), 0);
	ck_assert_ptr_null(find("192.0.2.1"));
	ck_assert_int_eq(errno, EISDIR);
	end();
}
END_TEST

/* Each sender's file is rotated, compressed and kept for itself. */
START_TEST(test_senders_rotated)
{
	prepare("%a.log");
	set("rotate-size", "4");
	set("keep", "2");
	set("compress", "yes");
	files_put("192.0.2.3.log", "");
	files_put("192.0.2.3.log-20251125T213000Z", "from before\n");
	begin();
	for (int i = 0; i < 4; i++) {
		say_to(find("192.0.2.1"), "11\n");
		say_to(find("192.0.2.2"), i < 2 ? "22\n" : "\n");
	}
	work();
	ck_assert_str_eq(files_names(),
	    "192.0.2.1.log 192.0.2.1.log-20261125T213000Z_001.gz "
	    "192.0.2.1.log-20261125T213000Z_002.gz 192.0.2.2.log "
	    "192.0.2.2.log-20261125T213000Z.gz "
	    "192.0.2.2.log-20261125T213000Z_001.gz 192.0.2.3.log "
	    "192.0.2.3.log-20251125T213000Z.gz");
	files_expect("192.0.2.3.log-20251125T213000Z.gz", "from before\n");
	files_expect("192.0.2.2.log-20261125T213000Z_001.gz", "22\n\n");
	files_expect("192.0.2.2.log", "\n");
	ck_assert_int_eq(bucket_files_wait_ms(files, now_ns), -1);
	ck_assert_uint_eq(bucket_files_figures(files).compressed, 5);
	ck_assert_uint_eq(bucket_files_figures(files).deleted, 1);
	end();
}
END_TEST

/* Very many, all of which are to be looked after. */
START_TEST(test_very_many)
{
	char name[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(
		    name, sizeof(name), "10.0.%d.%d.log", i / 256, i % 256);
		files_put(name, "");
	}
	prepare("%a.log");
	set("max-files", "1000000");
	set("rotate-size", "1M");
	begin();
	ck_assert_uint_eq(bucket_files_figures(files).known, 20000);
	end();
}
END_TEST

/* Which files of two buckets do not go together. */
static const struct {
	const char *one, *other, *why;
	bool rotates, by_number; /* the one */
} pairs[] = {
	{ "/d/b.log", "/d/b.log", "", false, false },
	{ "/d/b.log", "/d/b.log", "belongs to one", true, false },
	{ "/d/b.log", "/d/c.log", "", true, false },
	{ "/d/b.log", "/e/b.log", "", true, false },
	{ "/d/b.log", "", "", true, false },
	{ "", "", "", false, false },
	{ "/d/b.log", "/d/b.log.1", "", true, false },
	{ "/d/b.log", "/d/b.log.1", "rotated one", true, true },
	{ "/d/b.log", "/d/b.log.1", "rotated one", false, true },
	{ "/d/b.log", "/d/b.log.1.gz", "rotated one", false, true },
	{ "/d/b.log", "/d/b.log-20261125T213000Z", "rotated one", true, false },
	{ "/d/%a.log", "/d/%a.log", "belongs to one", true, false },
	{ "/d/%a.log", "/d/others.log", "belongs to one", true, false },
	{ "/d/%a.log", "/d/192.0.2.7.log", "belongs to one", true, false },
	{ "/d/%a.log", "/d/b.log", "", true, false },
	{ "/d/%a.log", "/d/fw-%a.log", "", true, false },
	{ "/d/%a.log", "/d/192.0.2.7.log.12", "rotated one", true, true },
	{ "/d/%a.log", "/d/b.log.12", "", true, true },
};

/* Either way round. */
START_TEST(test_pairs)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct bucket_files_settings one = { 0 }, other = { 0 };
		int expected = pairs[i].why[0] != '\0' ? -1 : 0;

		one.path = (char *)pairs[i].one;
		one.rotation.size = pairs[i].rotates ? 1 : 0;
		one.rotation.names =
		    pairs[i].by_number ? ROTATION_NUMBER : ROTATION_TIME;
		other.path = (char *)pairs[i].other;
		ck_assert_msg(
		    bucket_files_check_pair(&one, &other, why) == expected &&
			bucket_files_check_pair(&other, &one, why) == expected,
		    "%s %s", pairs[i].one, pairs[i].other);
		if (expected == -1)
			ck_assert_ptr_nonnull(strstr(why, pairs[i].why));
	}
}
END_TEST

/* One directory under two names, and two that only might be one. */
START_TEST(test_pair_symlinks)
{
	static const struct {
		const char *one, *other;
		int result;
	} table[] = {
		{ "real/b.log", "link/b.log", -1 },
		{ "real/%a.log", "link/192.0.2.7.log", -1 },
		{ "real/./b.log", "real/b.log", -1 },
		{ "real/b.log", "link/c.log", 0 },
		{ "real/b.log", "missing/b.log", 0 },
		{ "missing/b.log", "missing/b.log", -1 },
	};

	ck_assert_int_eq(mkdir(files_path("real"), 0700), 0);
	ck_assert_int_eq(symlink("real", files_path("link")), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_files_settings one = { 0 }, other = { 0 };

		one.path = (char *)files_path(table[i].one);
		one.rotation.size = 1;
		other.path = (char *)files_path(table[i].other);
		ck_assert_msg(bucket_files_check_pair(&one, &other, why) ==
			    table[i].result &&
			bucket_files_check_pair(&other, &one, why) ==
			    table[i].result,
		    "%s %s", table[i].one, table[i].other);
	}
}
END_TEST

CHECK_MAIN("creosote_files_senders", test_senders, test_max_open,
    test_max_open_waiting, test_max_files, test_neighbours, test_unopenable,
    test_senders_rotated, test_very_many, test_pairs, test_pair_symlinks)
