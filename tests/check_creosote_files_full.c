/* SPDX-License-Identifier: ISC */
/* A file system that is full, and freed again: rotation and compression. */
#include <sched.h>
#include <sys/mount.h>

#include "check_creosote_files.h"

/* A small tmpfs in a mount namespace of this test; false: only root may. */
static bool
mount_small(const char *options)
{
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", files_path(""), "tmpfs", 0, options) == -1) {
		fprintf(stderr, "skipped: may not mount a tmpfs: %s\n",
		    strerror(errno));
		return false;
	}
	return true;
}

static void
work_ms(int ms)
{
	for (int i = 0; i < ms; i++) {
		bucket_files_work(files, now_ns);
		usleep(1000);
	}
}

static unsigned
count_lines(const char *text, const char *line)
{
	unsigned count = 0;

	for (; (text = strstr(text, line)) != NULL; text++)
		count++;
	return count;
}

/* No file can be made: the one that is used is used on. */
START_TEST(test_no_inodes)
{
	if (!mount_small("size=1m,nr_inodes=3"))
		return;
	prepare("b.log");
	set("rotate-size", "4");
	begin();
	files_put("filler", "");
	say_to(find("192.0.2.1"), "1\n2\n3\n4\n5\n");
	say_to(find("192.0.2.1"), "6\n");
	ck_assert_str_eq(files_names(), "b.log filler");
	files_expect("b.log", "1\n2\n3\n4\n5\n6\n");
	ck_assert_uint_eq(count_lines(said, "No space left on device"), 1);
	unlink(files_path("filler"));
	ck_assert_int_eq(bucket_files_rotate(files, now_ns, why), 0);
	say_to(find("192.0.2.1"), "7\n");
	files_expect("b.log-20261125T213000Z", "1\n2\n3\n4\n5\n6\n");
	files_expect("b.log", "7\n");
	ck_assert_uint_eq(count_lines(said, "can be rotated again"), 1);
	end();
	umount2(files_path(""), MNT_DETACH);
}
END_TEST

/* No room for the compressed file: the plain ones stay, and are readable. */
START_TEST(test_no_room)
{
	static char text[200001], filler[700001];
	int fd;

	if (!mount_small("size=1m"))
		return;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + random() % 26);
	text[sizeof(text) - 2] = '\n';
	memset(filler, 'f', sizeof(filler) - 1);
	prepare("b.log");
	set("rotate-size", "128K");
	set("compress", "yes");
	begin();
	files_put("filler", filler);
	say_to(find("192.0.2.1"), text);
	fd = open(files_path("more"), O_WRONLY | O_CREAT, 0600);
	while (write(fd, filler, 4096) == 4096)
		continue;
	close(fd);
	ck_assert_int_eq(bucket_files_rotate(files, now_ns, why), 0);
	work_ms(200);
	files_expect("b.log-20261125T213000Z", text);
	ck_assert_uint_eq(count_lines(said, "No space left on device"), 1);
	ck_assert(!files_has(".b.log.netlabd-gz"));
	end();
	said[0] = '\0';
	unlink(files_path("filler"));
	prepare("b.log");
	set("rotate-size", "128K");
	set("compress", "yes");
	begin();
	work_ms(300);
	ck_assert(!files_has("b.log-20261125T213000Z"));
	files_expect("b.log-20261125T213000Z.gz", text);
	ck_assert_str_eq(said, "");
	end();
	umount2(files_path(""), MNT_DETACH);
}
END_TEST

CHECK_MAIN("creosote_files_full", test_no_inodes, test_no_room)
