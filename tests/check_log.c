/* SPDX-License-Identifier: ISC */
/* Log lines as they arrive at standard error, which is a pipe here. */
#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"

#define TEXT_SIZE 8192

static int pipe_end;

/* Each test is a process: its standard error is its own to bend. */
static void
redirect_stderr(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	pipe_end = ends[0];
}

/* All that was written since the last call, "" for nothing. */
static const char *
written(void)
{
	static char text[TEXT_SIZE];
	ssize_t len = read(pipe_end, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void
set_journal_stream(long long device_off, long long inode_off)
{
	struct stat st;
	char stream[64];

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%lld:%lld",
	    (long long)st.st_dev + device_off,
	    (long long)st.st_ino + inode_off);
	setenv("JOURNAL_STREAM", stream, 1);
}

static void
log_all_levels(void)
{
	log_error("e %d", 1);
	log_warning("w %s", "two");
	log_notice("n");
	log_info("i");
	log_debug("d");
}

START_TEST(test_plain)
{
	unsetenv("JOURNAL_STREAM");
	redirect_stderr();
	log_open("netlabd", LOG_DEBUG);
	log_all_levels();
	ck_assert_str_eq(written(),
	    "netlabd: error: e 1\n"
	    "netlabd: warning: w two\n"
	    "netlabd: n\n"
	    "netlabd: i\n"
	    "netlabd: d\n");
}
END_TEST

START_TEST(test_journal)
{
	redirect_stderr();
	set_journal_stream(0, 0);
	log_open("netlabd", LOG_DEBUG);
	log_all_levels();
	ck_assert_str_eq(
	    written(), "<3>error: e 1\n<4>warning: w two\n<5>n\n<6>i\n<7>d\n");
}
END_TEST

START_TEST(test_wrap)
{
	unsetenv("JOURNAL_STREAM");
	redirect_stderr();
	log_open("netlab", LOG_NOTICE);
	log_wrap(30);
	log_error("a name that is long: no such file (make one)");
	log_wrap(0);
	log_error("a name that is long: no such file (make one)");
	ck_assert_str_eq(written(),
	    "netlab: error: a name that is\n"
	    "    long: no such file (make\n"
	    "    one)\n"
	    "netlab: error: a name that is long: no such file (make one)\n");
}
END_TEST

/* A JOURNAL_STREAM that is not this standard error, or no such thing at all. */
START_TEST(test_other_journal)
{
	static const char *const streams[] = { "", ":", "8", "8:", "x:y",
		"18446744073709551616:1" };

	redirect_stderr();
	set_journal_stream(1, 0);
	log_open("netlabd", LOG_NOTICE);
	log_notice("n");
	set_journal_stream(0, 1);
	log_open("netlabd", LOG_NOTICE);
	log_notice("n");
	ck_assert_str_eq(written(), "netlabd: n\nnetlabd: n\n");
	for (size_t i = 0; i < COUNT(streams); i++) {
		setenv("JOURNAL_STREAM", streams[i], 1);
		log_open("netlabd", LOG_NOTICE);
		log_notice("n");
		ck_assert_str_eq(written(), "netlabd: n\n");
	}
}
END_TEST

START_TEST(test_levels)
{
	static const struct {
		enum log_level level;
		const char *text;
	} rows[] = {
		{ LOG_ERROR, "p: error: e 1\n" },
		{ LOG_WARNING, "p: error: e 1\np: warning: w two\n" },
		{ LOG_NOTICE, "p: error: e 1\np: warning: w two\np: n\n" },
		{ LOG_INFO, "p: error: e 1\np: warning: w two\np: n\np: i\n" },
	};

	unsetenv("JOURNAL_STREAM");
	redirect_stderr();
	for (size_t i = 0; i < COUNT(rows); i++) {
		log_open("p", rows[i].level);
		log_all_levels();
		ck_assert_str_eq(written(), rows[i].text);
		for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
			ck_assert_int_eq(log_has((enum log_level)level),
			    level <= (int)rows[i].level);
	}
}
END_TEST

/* Before log_open(): what goes wrong first can be told. */
START_TEST(test_unopened)
{
	redirect_stderr();
	log_notice("n");
	log_info("i");
	ck_assert_str_eq(written(), "netlabd: n\n");
}
END_TEST

/* User text is an argument: its percent signs mean nothing. */
START_TEST(test_percent)
{
	unsetenv("JOURNAL_STREAM");
	redirect_stderr();
	log_open("p", LOG_NOTICE);
	log_notice("%s 100%%", "%s%n");
	ck_assert_str_eq(written(), "p: %s%n 100%\n");
}
END_TEST

START_TEST(test_closed)
{
	log_open("p", LOG_NOTICE);
	close(STDERR_FILENO);
	log_error("nobody reads this");
}
END_TEST

START_TEST(test_limit)
{
	static const struct {
		int64_t now_ms;
		bool due;
		uint64_t held_back;
	} rows[] = {
		{ 5000, true, 0 },
		{ 5000, false, 0 },
		{ 5001, false, 0 },
		{ 14999, false, 0 },
		{ 15000, true, 3 },
		{ 25000, true, 0 },
		{ 34999, false, 0 },
		{ 99999, true, 1 },
		{ 100000, false, 0 },
		{ 109998, false, 0 },
		{ 109999, true, 2 },
	};
	struct log_limit limit = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t held_back = 0;

		ck_assert_msg(log_is_due(&limit, rows[i].now_ms, &held_back) ==
			    rows[i].due &&
			held_back == rows[i].held_back,
		    "row %zu: held back %" PRIu64, i, held_back);
	}
}
END_TEST

/* Limits are apart, and a clock that begins at 0 is due at once. */
START_TEST(test_limits)
{
	struct log_limit a = { 0 }, b = { 0 };
	uint64_t held_back;

	ck_assert(log_is_due(&a, 0, &held_back));
	ck_assert_uint_eq(held_back, 0);
	ck_assert(log_is_due(&b, 1, &held_back));
	ck_assert(!log_is_due(&a, LOG_LIMIT_MS - 1, &held_back));
	ck_assert(log_is_due(&a, LOG_LIMIT_MS, &held_back));
	ck_assert_uint_eq(held_back, 1);
	ck_assert(!log_is_due(&b, LOG_LIMIT_MS, &held_back));
}
END_TEST

/* A line of 2,000 bytes is whole, of one more is cut, as is any longer one. */
START_TEST(test_long)
{
	char message[6000], expected[TEXT_SIZE];

	unsetenv("JOURNAL_STREAM");
	redirect_stderr();
	log_open("p", LOG_NOTICE);
	memset(message, 'm', sizeof(message));
	snprintf(expected, sizeof(expected), "p: %.*s\n", 1997, message);
	for (int len = 1990; len <= 6000; len += len < 2100 ? 1 : 1300) {
		const char *text;

		log_notice("%.*s", len, message);
		text = written();
		if (len >= 1997)
			ck_assert_str_eq(text, expected);
		else
			ck_assert_uint_eq(strlen(text), (size_t)len + 4);
	}
	redirect_stderr();
	set_journal_stream(0, 0);
	log_open("p", LOG_NOTICE);
	log_notice("%.*s", 6000, message);
	snprintf(expected, sizeof(expected), "<5>%.*s\n", 1997, message);
	ck_assert_str_eq(written(), expected);
}
END_TEST

/* A name is cut, so that something remains of the message. */
START_TEST(test_long_program)
{
	char program[300], expected[300];

	memset(program, 'n', sizeof(program) - 1);
	program[sizeof(program) - 1] = '\0';
	unsetenv("JOURNAL_STREAM");
	redirect_stderr();
	log_open(program, LOG_NOTICE);
	log_error("m");
	snprintf(expected, sizeof(expected), "%.100s: error: m\n", program);
	ck_assert_str_eq(written(), expected);
}
END_TEST

CHECK_MAIN("log", test_plain, test_journal, test_wrap, test_other_journal,
    test_levels, test_unopened, test_percent, test_closed, test_limit,
    test_limits, test_long, test_long_program)
