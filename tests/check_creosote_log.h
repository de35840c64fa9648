/* SPDX-License-Identifier: ISC */
/* What a bucket says of its file, and what it counts. */
#ifndef CHECK_CREOSOTE_LOG_H
#define CHECK_CREOSOTE_LOG_H

#include <sys/resource.h>

#include "check_creosote.h"

#define FAILED                                                              \
	"netlabd: error: creosote 'test': cannot write to %s: %s, keeping " \
	"records in memory until it can be written again\n"

#define CUT_WORD \
	"netlabd: the line before was cut, as writing it was interrupted\n"

static int log_end;

/* Each test is a process: its standard error is its own to bend. */
static inline void
catch_log(void)
{
	int ends[2];

	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	log_end = ends[0];
	log_open("netlabd", LOG_NOTICE);
}

/* All of the log since the last call. */
static inline const char *
read_log(void)
{
	static char text[4096];
	ssize_t len = read(log_end, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static inline void
expect_log(const char *expected)
{
	ck_assert_str_eq(read_log(), expected);
}

static inline void
expect_failed(struct bucket_lab *lab, int error)
{
	char expected[512];

	snprintf(
	    expected, sizeof(expected), FAILED, lab->path, strerror(error));
	expect_log(expected);
}

/* All that waited was written. */
static inline void
expect_recovered(unsigned waited, unsigned lost)
{
	const char *text = read_log();
	unsigned found_waited, found_lost;
	double seconds;
	int end = 0;

	ck_assert_msg(sscanf(text,
			  "netlabd: creosote 'test': writing again after %lf "
			  "s: %u records had waited, %u are lost%n",
			  &seconds, &found_waited, &found_lost, &end) == 3 &&
		strcmp(text + end, "\n") == 0,
	    "%s", text);
	ck_assert_uint_eq(found_waited, waited);
	ck_assert_uint_eq(found_lost, lost);
}

static inline void
expect_figures(
    struct bucket_lab *lab, unsigned records, unsigned waiting, unsigned lost)
{
	ck_assert_uint_eq(bucket_figure(lab, "records"), records);
	ck_assert_uint_eq(bucket_figure(lab, "records-waiting"), waiting);
	ck_assert_uint_eq(bucket_figure(lab, "records-lost"), lost);
}

static inline void
limit_file(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
