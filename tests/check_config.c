/* SPDX-License-Identifier: ISC */
/*
 * Loads the configurations of conf/: each good one comes to what stands in the
 * .out beside it, each bad one to exactly the errors in its .err.
 */
#include "config/config.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "check_main.h"

#define GOOD TEST_DATA "/conf/good"
#define BAD  TEST_DATA "/conf/bad"

#define LOADS     10000
#define TIMEOUT_S 120

static glob_t good, bad;

static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	ck_assert_msg(file != NULL, "%s cannot be read", path);
	if (getdelim(&text, &size, '\0', file) == -1) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

/* The text that stands beside a configuration, in a file with that end. */
static char *
read_beside(const char *config, const char *end)
{
	char path[256];

	snprintf(path, sizeof(path), "%.*s%s",
	    (int)(strrchr(config, '.') - config), config, end);
	return read_file(path);
}

static void
print_rows(FILE *out, const struct option *rows, const void *settings)
{
	char text[OPTION_TEXT_SIZE];

	for (; rows != NULL && rows->name != NULL; rows++) {
		option_format(rows, settings, text);
		fprintf(out, "\t%s = %s\n", rows->name, text);
	}
}

static void
print_service(FILE *out, const struct service *service)
{
	const struct service_type *type = service_type(service);
	const struct address_list *list = service_addresses(service);
	char text[ADDRESS_TEXT_SIZE];

	fprintf(out, "%s %s\n", type->name, service_name(service));
	for (size_t i = 0; i < list->count; i++) {
		const struct address *address = &list->items[i];

		address_format(text, &address->u.sa, address->len);
		fprintf(out, "\t%s %s\n",
		    address_transport_name(address->transport), text);
	}
	print_rows(out, type->options, service_settings(service));
}

static char *
print_config(const struct config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("global\n", out);
	print_rows(out, config_global_options(), &config->globals);
	for (size_t i = 0; i < config->service_count; i++)
		print_service(out, config->services[i]);
	fclose(out);
	return text;
}

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

static void
set_environment(void)
{
	unsetenv("NETLAB_TEST_UNSET");
	setenv("NETLAB_TEST_SET", "set", 1);
	setenv("NETLAB_TEST_FORMAT", "raw", 1);
}

START_TEST(test_good)
{
	const char *path = good.gl_pathv[_i];
	struct config_errors errors = { 0 };
	struct config *config;
	char *text, *expected;

	ck_assert_int_eq(chdir(GOOD), 0);
	set_environment();
	config = config_load(path, &errors);
	text = print_errors(&errors);
	ck_assert_msg(config != NULL, "%s does not load:\n%s", path, text);
	ck_assert_uint_eq(errors.count, 0);
	free(text);
	text = print_config(config);
	expected = read_beside(path, ".out");
	ck_assert_msg(strcmp(text, expected) == 0,
	    "%s comes to:\n%s, expected:\n%s", path, text, expected);
	free(text);
	free(expected);
	config_errors_free(&errors);
	config_free(config);
}
END_TEST

START_TEST(test_bad)
{
	const char *path = bad.gl_pathv[_i];
	struct config_errors errors = { 0 };
	char *text, *expected;

	ck_assert_int_eq(chdir(BAD), 0);
	set_environment();
	ck_assert_msg(config_load(path, &errors) == NULL, "%s loads", path);
	text = print_errors(&errors);
	expected = read_beside(path, ".err");
	ck_assert_msg(strcmp(text, expected) == 0,
	    "%s says:\n%s, expected:\n%s", path, text, expected);
	free(text);
	free(expected);
	config_errors_free(&errors);
}
END_TEST

/* The nth line of a file, from 1 on, without its end. */
static void
read_line(const char *path, unsigned line, char *text, size_t size)
{
	char *content = read_file(path), *at = content;

	while (--line > 0) {
		at = strchr(at, '\n');
		ck_assert_msg(at != NULL, "%s has no such line", path);
		at++;
	}
	snprintf(text, size, "%.*s", (int)strcspn(at, "\n"), at);
	free(content);
}

/* True when the line has what the error is about, in '' or before a colon. */
static bool
has_subject(const char *line, const char *error)
{
	char word[64];

	if (strstr(error, " ''") != NULL || strncmp(error, "''", 2) == 0)
		return strstr(line, "\"\"") != NULL ||
		    strstr(line, "${") != NULL;
	if (sscanf(error, "%63[^' :]", word) == 1 && strstr(line, word) != NULL)
		return true;
	for (error = strchr(error, '\''); error != NULL;
	     error = strchr(error + 1, '\''))
		if (sscanf(error, "'%63[^'.\\]", word) == 1 &&
		    strstr(line, word) != NULL)
			return true;
	return false;
}

/* Errors about what has no name: what must stand in their line instead. */
static const struct {
	const char *error, *mark;
} nameless[] = {
	{ "quote is not closed (write \")", "\"" },
	{ "quote is not closed (write ')", "'" },
	{ "comment is never closed", "/*" },
	{ "${ is not closed", "${" },
	{ "NUL byte", "" },
	{ "'\\", "" },
	{ "listen: no port from 0 to 65535", "\"" },
	{ "listen: unknown transport", "/" },
	{ "listen: not an address", "\"" },
	{ "listen: 127.0.0.1:7", ":7" },
	{ "listen: 0.0.0.0:7", "*:7" },
};

static bool
has_mark(const char *line, const char *error)
{
	for (size_t i = 0; i < COUNT(nameless); i++)
		if (strncmp(error, nameless[i].error,
			strlen(nameless[i].error)) == 0 &&
		    strstr(line, nameless[i].mark) != NULL)
			return true;
	return false;
}

/* Guards the .err files themselves: what each is about stands in its line. */
START_TEST(test_lines)
{
	char *errors, *error, *save;

	ck_assert_int_eq(chdir(BAD), 0);
	errors = read_beside(bad.gl_pathv[_i], ".err");
	ck_assert_str_ne(errors, "");
	for (error = strtok_r(errors, "\n", &save); error != NULL;
	     error = strtok_r(NULL, "\n", &save)) {
		char path[128], text[8192];
		unsigned line;
		int what = 0;

		if (sscanf(error, "%127[^:]:%u: %n", path, &line, &what) < 2)
			continue;
		read_line(path, line, text, sizeof(text));
		ck_assert_msg(has_subject(text, error + what) ||
			has_mark(text, error + what),
		    "%s, but the line is: %s", error, text);
	}
	free(errors);
}
END_TEST

static size_t
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* A daemon that is reloaded for years. */
START_TEST(test_loads)
{
	static const char *const paths[] = { "several.conf", "quote-open.conf",
		"include-value.conf", "nul.conf" };
	size_t before = count_descriptors();

	ck_assert_int_eq(chdir(BAD), 0);
	for (size_t i = 0; i < LOADS; i++) {
		struct config_errors errors = { 0 };

		ck_assert_ptr_null(
		    config_load(paths[i % COUNT(paths)], &errors));
		ck_assert_uint_gt(errors.count, 0);
		config_errors_free(&errors);
	}
	ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

/* A broken file leaves nothing behind that spoils the next one. */
START_TEST(test_good_after_bad)
{
	struct config_errors errors = { 0 };
	struct config *config;

	for (size_t i = 0; i < bad.gl_pathc; i++) {
		ck_assert_int_eq(chdir(BAD), 0);
		ck_assert_ptr_null(config_load(bad.gl_pathv[i], &errors));
		config_errors_free(&errors);
		ck_assert_int_eq(chdir(GOOD), 0);
		config = config_load("comments.conf", &errors);
		ck_assert_msg(config != NULL, "after %s", bad.gl_pathv[i]);
		ck_assert_uint_eq(config->service_count, 1);
		config_free(config);
		config_errors_free(&errors);
	}
}
END_TEST

START_TEST(test_text)
{
	struct config_errors errors = { 0 };
	struct config *config =
	    config_load_text("built-in", "echo lab { listen = 7001 }", &errors);

	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(service_name(config->services[0]), "lab");
	config_free(config);
	config_errors_free(&errors);
	ck_assert_ptr_null(
	    config_load_text("built-in", "\necho lab {", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.items[0],
	    "built-in:2: echo: section is never closed (write })");
	config_errors_free(&errors);
	config_free(NULL);
}
END_TEST

/* The configuration that is installed. */
START_TEST(test_shipped)
{
	struct config_errors errors = { 0 };
	struct config *config =
	    config_load(TEST_DATA "/../conf/netlabd.conf", &errors);

	ck_assert_msg(config != NULL, "%s", errors.items[0]);
	config_free(config);
	config_errors_free(&errors);
}
END_TEST

static void
find_files(const char *folder, glob_t *found)
{
	if (chdir(folder) == -1 || glob("*.conf", 0, NULL, found) != 0) {
		perror(folder);
		exit(EXIT_FAILURE);
	}
}

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	find_files(GOOD, &good);
	find_files(BAD, &bad);
	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_loop_test(tcase, test_good, 0, (int)good.gl_pathc);
	tcase_add_loop_test(tcase, test_bad, 0, (int)bad.gl_pathc);
	tcase_add_loop_test(tcase, test_lines, 0, (int)bad.gl_pathc);
	tcase_add_test(tcase, test_loads);
	tcase_add_test(tcase, test_good_after_bad);
	tcase_add_test(tcase, test_text);
	tcase_add_test(tcase, test_shipped);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&good);
	globfree(&bad);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
