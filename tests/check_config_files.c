/* SPDX-License-Identifier: ISC */
/* Loads configurations that are no ordinary files. */
#include "config/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_main.h"

static char *
print_errors(const struct config_errors *errors)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < errors->count; i++)
		fprintf(out, "%s\n", errors->items[i]);
	fclose(out);
	return text;
}

/* Loads what must fail, and checks the whole text of its errors. */
static void
assert_fails(const char *path, const char *expected)
{
	struct config_errors errors = { 0 };
	char *text;

	ck_assert_ptr_null(config_load(path, &errors));
	text = print_errors(&errors);
	ck_assert_str_eq(text, expected);
	free(text);
	config_errors_free(&errors);
}

START_TEST(test_missing)
{
	assert_fails("/nonexistent/netlabd.conf",
	    "/nonexistent/netlabd.conf: cannot be read: "
	    "No such file or directory\n");
	assert_fails("/", "/: is a directory (write the name of a file)\n");
	assert_fails("/dev/null", "/dev/null: is neither a file nor a pipe\n");
	assert_fails("", ": cannot be read: No such file or directory\n");
}
END_TEST

/* A folder for a test, which makes one file in it. */
static void
enter_folder(void)
{
	char folder[] = "/tmp/check_config.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void
leave_folder(const char *file)
{
	char folder[256];

	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

START_TEST(test_unreadable)
{
	if (geteuid() == 0)
		return;
	enter_folder();
	write_file("x.conf", "echo lab { listen = 7001 }\n", 0);
	assert_fails("x.conf", "x.conf: cannot be read: Permission denied\n");
	leave_folder("x.conf");
}
END_TEST

START_TEST(test_huge_file)
{
	enter_folder();
	write_file("x.conf", "", 0600);
	ck_assert_int_eq(truncate("x.conf", (16 << 20) + 1), 0);
	assert_fails("x.conf", "x.conf: longer than 16 MiB\n");
	leave_folder("x.conf");
}
END_TEST

/* As long as a file may be, and all in one line. */
START_TEST(test_large_file)
{
	static const char text[] = "echo lab { listen = 7001 } #";
	struct config_errors errors = { 0 };
	struct config *config;
	FILE *file;

	enter_folder();
	file = fopen("x.conf", "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	for (size_t i = sizeof(text) - 1; i < 16 << 20; i++)
		fputc(i % 2 == 0 ? ' ' : '#', file);
	fclose(file);
	config = config_load("x.conf", &errors);
	ck_assert_ptr_nonnull(config);
	config_free(config);
	config_errors_free(&errors);
	leave_folder("x.conf");
}
END_TEST

START_TEST(test_fifo)
{
	struct config_errors errors = { 0 };
	struct config *config;
	pid_t writer;
	int status;

	enter_folder();
	ck_assert_int_eq(mkfifo("x.conf", 0600), 0);
	writer = fork();
	if (writer == 0) {
		int fd = open("x.conf", O_WRONLY);

		status = write(fd, "echo lab { li", 13) != 13;
		status |= write(fd, "sten = 7001 }", 13) != 13;
		_exit(status);
	}
	config = config_load("x.conf", &errors);
	ck_assert_ptr_nonnull(config);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	config_free(config);
	config_errors_free(&errors);
	leave_folder("x.conf");
}
END_TEST

CHECK_MAIN("config_files", test_missing, test_unreadable, test_huge_file,
    test_large_file, test_fifo)
