/* SPDX-License-Identifier: ISC */
/* Rotation of one file: under which name, and what may stand in the way. */
#include "services/creosote_rotation.h"

#include "check_files.h"

static const struct bucket_file_access access_0640 = { 0640,
	BUCKET_FILE_ANY_GROUP };

static struct bucket_file file;
static struct rotation_settings settings;

static void
begin(const char *name)
{
	char why[WHY_SIZE] = "";
	static char path[FILES_PATH_SIZE];

	strcpy(path, files_path(name));
	ck_assert_msg(
	    bucket_file_open(&file, path, &access_0640, why) == 0, "%s", why);
}

static void
say(const char *line)
{
	ck_assert_int_eq(write(file.fd, line, strlen(line)), (int)strlen(line));
}

static void
rotate_at(int64_t now_ns)
{
	char why[WHY_SIZE] = "";

	ck_assert_msg(
	    rotation_rotate(&file, &settings, now_ns, why) == 0, "%s", why);
}

static void
rotate(void)
{
	rotate_at(FILES_NOW_NS);
}

START_TEST(test_time)
{
	begin("b.log");
	rotate();
	ck_assert_str_eq(files_names(), "b.log"); /* it is empty */
	say("1\n");
	rotate();
	say("2\n");
	rotate_at(FILES_NOW_NS + 1000000000);
	say("3\n");
	ck_assert_str_eq(files_names(),
	    "b.log b.log-20261125T213000Z b.log-20261125T213001Z");
	files_expect("b.log-20261125T213000Z", "1\n");
	files_expect("b.log-20261125T213001Z", "2\n");
	files_expect("b.log", "3\n");
}
END_TEST

/* Two in a second, and a clock that was set back: in their order still. */
START_TEST(test_time_again)
{
	begin("b.log");
	say("1\n");
	rotate();
	say("2\n");
	rotate();
	say("3\n");
	rotate_at(FILES_NOW_NS - 86400 * 1000000000LL);
	files_expect("b.log-20261125T213000Z", "1\n");
	files_expect("b.log-20261125T213000Z_001", "2\n");
	files_expect("b.log-20261125T213000Z_002", "3\n");
	files_put("b.log-20261125T213000Z_999.gz", "");
	say("4\n");
	rotate();
	files_expect("b.log-20261125T213001Z", "4\n");
}
END_TEST

START_TEST(test_number)
{
	settings.names = ROTATION_NUMBER;
	begin("b.log");
	for (int i = 0; i < 12; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%d\n", i);
		say(line);
		rotate();
	}
	files_expect("b.log.1", "11\n");
	files_expect("b.log.2", "10\n");
	files_expect("b.log.12", "0\n");
	ck_assert(!files_has("b.log.13"));
}
END_TEST

/* A hole, as a crash leaves one, is filled; compressed ones move too. */
START_TEST(test_number_hole)
{
	settings.names = ROTATION_NUMBER;
	begin("b.log");
	say("new\n");
	files_put("b.log.1", "1\n");
	files_put("b.log.2.gz", "2\n");
	files_put("b.log.4", "4\n");
	rotate();
	ck_assert_str_eq(
	    files_names(), "b.log b.log.1 b.log.2 b.log.3.gz b.log.4");
	files_expect("b.log.1", "new\n");
	files_expect("b.log.2", "1\n");
	files_expect("b.log.3.gz", "2\n");
	files_expect("b.log.4", "4\n");
}
END_TEST

/* A crash left both: they stay together. */
START_TEST(test_number_twice)
{
	settings.names = ROTATION_NUMBER;
	begin("b.log");
	say("new\n");
	files_put("b.log.1", "1\n");
	files_put("b.log.1.gz", "1\n");
	rotate();
	ck_assert_str_eq(files_names(), "b.log b.log.1 b.log.2 b.log.2.gz");
}
END_TEST

/* The file is renamed where it is, and the symlink stays. */
START_TEST(test_symlink)
{
	ck_assert_int_eq(mkdir(files_path("data"), 0700), 0);
	ck_assert_int_eq(symlink("data/real", files_path("b.log")), 0);
	begin("b.log");
	say("1\n");
	rotate();
	say("2\n");
	ck_assert_str_eq(files_names(), "b.log data");
	files_expect("data/real-20261125T213000Z", "1\n");
	files_expect("data/real", "2\n");
	files_expect("b.log", "2\n");
	ck_assert_uint_eq(files_mode("data/real"), 0640);
}
END_TEST

/* Renamed or removed by somebody else: there is nothing to rotate. */
START_TEST(test_gone)
{
	begin("b.log");
	say("1\n");
	ck_assert_int_eq(rename(files_path("b.log"), files_path("old")), 0);
	rotate();
	ck_assert_str_eq(files_names(), "b.log old");
	say("2\n");
	files_expect("b.log", "2\n");
	ck_assert_int_eq(unlink(files_path("b.log")), 0);
	rotate();
	say("3\n");
	files_expect("b.log", "3\n");
	ck_assert_str_eq(files_names(), "b.log old");
}
END_TEST

static void
expect_fail(const char *name, const char *reason)
{
	char why[WHY_SIZE] = "", expected[512];

	ck_assert_int_eq(
	    rotation_rotate(&file, &settings, FILES_NOW_NS, why), -1);
	snprintf(expected, sizeof(expected), "cannot rotate '%s': %s: %s",
	    file.path, name, reason);
	ck_assert_str_eq(why, expected);
}

/* Whatever has such a name is left alone, and the file used on. */
START_TEST(test_in_the_way)
{
	settings.names = ROTATION_NUMBER;
	begin("b.log");
	say("1\n");
	files_put("other", "other\n");
	ck_assert_int_eq(symlink("other", files_path("b.log.1")), 0);
	expect_fail("b.log.1", "File exists (move it away)");
	unlink(files_path("b.log.1"));
	ck_assert_int_eq(mkdir(files_path("b.log.1"), 0700), 0);
	expect_fail("b.log.1", "File exists (move it away)");
	ck_assert_int_eq(rmdir(files_path("b.log.1")), 0);
	files_put(".b.log.netlabd-new", "not ours\n");
	expect_fail(".b.log.netlabd-new", "File exists (move it away)");
	say("2\n");
	ck_assert_str_eq(files_names(), ".b.log.netlabd-new b.log other");
	files_expect("b.log", "1\n2\n");
	files_expect("other", "other\n");
	unlink(files_path(".b.log.netlabd-new"));
	rotate();
	files_expect("b.log.1", "1\n2\n");
}
END_TEST

START_TEST(test_time_in_the_way)
{
	begin("b.log");
	say("1\n");
	ck_assert_int_eq(mkdir(files_path("b.log-20261125T213000Z"), 0700), 0);
	rotate();
	files_expect("b.log-20261125T213000Z_001", "1\n");
}
END_TEST

/* A name that is as long as may be. */
START_TEST(test_long)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	begin(name);
	say("1\n");
	ck_assert_int_eq(rotation_rotate(&file, &settings, FILES_NOW_NS,
			     (char[WHY_SIZE]){ 0 }),
	    -1);
	say("2\n");
	files_expect(name, "1\n2\n");
}
END_TEST

START_TEST(test_forbidden)
{
	begin("b.log");
	say("1\n");
	/* Root may do anything, so be nobody for a while. */
	ck_assert_int_eq(chmod(files_path(""), getuid() == 0 ? 0755 : 0500), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	expect_fail(".b.log.netlabd-new",
	    "Permission denied (its directory must be readable and writable "
	    "for netlabd's user)");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(files_path(""), 0700), 0);
	say("2\n");
	files_expect("b.log", "1\n2\n");
	rotate();
	files_expect("b.log-20261125T213000Z", "1\n2\n");
}
END_TEST

/* Nothing but files is rotated. */
START_TEST(test_special)
{
	ck_assert_int_eq(symlink("/dev/null", files_path("b.log")), 0);
	begin("b.log");
	say("1\n");
	rotate();
	ck_assert_str_eq(files_names(), "b.log");
	bucket_file_close(&file);
	ck_assert_int_eq(
	    bucket_file_open(&file, "", &access_0640, (char[WHY_SIZE]){ 0 }),
	    0);
	rotate();
	ck_assert_str_eq(files_names(), "b.log");
}
END_TEST

static const struct {
	const char *entry;
	int names;
	bool good;
} entries[] = {
	{ "b.log-20261125T213000Z", ROTATION_TIME, true },
	{ "b.log-20261125T213000Z.gz", ROTATION_TIME, true },
	{ "b.log-20261125T213000Z_001", ROTATION_TIME, true },
	{ "b.log-20261125T213000Z_999.gz", ROTATION_TIME, true },
	{ "b.log-19690101T000000Z", ROTATION_TIME, true },
	{ "b.log-20261125T213000Z_000", ROTATION_TIME, false },
	{ "b.log-20261125T213000Z_1", ROTATION_TIME, false },
	{ "b.log-20261125T213000Z_1000", ROTATION_TIME, false },
	{ "b.log-20261125T213000Z.1", ROTATION_TIME, false },
	{ "b.log-20261125T213000Z.bz2", ROTATION_TIME, false },
	{ "b.log-20261125T213000Z.gz.gz", ROTATION_TIME, false },
	{ "b.log-20261125T213000", ROTATION_TIME, false },
	{ "b.log-20261125", ROTATION_TIME, false },
	{ "b.log-20261325T213000Z", ROTATION_TIME, false },
	{ "b.log-20260230T213000Z", ROTATION_TIME, false },
	{ "b.log-20261125T243000Z", ROTATION_TIME, false },
	{ "b.log-20261125t213000Z", ROTATION_TIME, false },
	{ "b.log-2026 125T213000Z", ROTATION_TIME, false },
	{ "a.log-20261125T213000Z", ROTATION_TIME, false },
	{ "xb.log-20261125T213000Z", ROTATION_TIME, false },
	{ "b.log", ROTATION_TIME, false },
	{ "b.log-", ROTATION_TIME, false },
	{ "", ROTATION_TIME, false },
	{ "b.log.1", ROTATION_TIME, false },
	{ "b.log.1", ROTATION_NUMBER, true },
	{ "b.log.999999.gz", ROTATION_NUMBER, true },
	{ "b.log.1000000", ROTATION_NUMBER, false },
	{ "b.log.99999999999999999999", ROTATION_NUMBER, false },
	{ "b.log.0", ROTATION_NUMBER, false },
	{ "b.log.01", ROTATION_NUMBER, false },
	{ "b.log.-1", ROTATION_NUMBER, false },
	{ "b.log.1.", ROTATION_NUMBER, false },
	{ "b.log.1.xz", ROTATION_NUMBER, false },
	{ "b.log.", ROTATION_NUMBER, false },
	{ "b.log.old", ROTATION_NUMBER, false },
	{ "b.log-20261125T213000Z", ROTATION_NUMBER, false },
};

START_TEST(test_names)
{
	for (size_t i = 0; i < COUNT(entries); i++) {
		struct rotated_name name;

		ck_assert_msg(rotated_name_parse("b.log", entries[i].names,
				  entries[i].entry, &name) == entries[i].good,
		    "%s", entries[i].entry);
	}
}
END_TEST

CHECK_MAIN("creosote_rotation", test_time, test_time_again, test_number,
    test_number_hole, test_number_twice, test_symlink, test_gone,
    test_in_the_way, test_time_in_the_way, test_long, test_forbidden,
    test_special, test_names)
