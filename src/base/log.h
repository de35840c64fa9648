/* SPDX-License-Identifier: ISC */
/*
 * Messages to standard error, one write(2) each. Under systemd they carry the
 * <N> prefix of sd-daemon(3); by hand they begin with the program's name. Then
 * errors and warnings say that they are.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The severities of syslog(3), in its numbers. */
enum log_level {
	LOG_ERROR = 3,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG
};

/* Begins logging as `program` (not copied); lower levels are let through. */
void log_open(const char *program, enum log_level level);

/*
 * From now on messages are broken into lines of so many columns; 0, as at
 * first: each is a line, for programs that read them.
 */
void log_wrap(size_t columns);

/* True when messages of this level are written. */
bool log_has(enum log_level level);

/* Write a line each; one longer than 2,000 bytes and its newline is cut. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A message that may come often: at most one each `LOG_LIMIT_MS`. */
#define LOG_LIMIT_MS 10000
struct log_limit {
	int64_t next_ms;
	uint64_t held_back;
};

/*
 * True when the message may be written now (`now_ms` of clock_monotonic_ms());
 * then *held_back is how many were not since the last one.
 */
bool log_is_due(struct log_limit *limit, int64_t now_ms, uint64_t *held_back);

#endif
