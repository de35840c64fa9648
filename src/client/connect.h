/* SPDX-License-Identifier: ISC */
/* Sockets that never wait longer than a deadline. */
#ifndef CLIENT_CONNECT_H
#define CLIENT_CONNECT_H

#include <stdint.h>

#include "client/target.h"

/* Deadlines are times of clock_monotonic_ms(); this one never comes. */
#define DEADLINE_NEVER INT64_MAX

/*
 * Waits for `events` of poll(2). Returns what happened, or 0 when the deadline
 * is over.
 */
short connect_wait(int fd, short events, int64_t deadline_ms);

/*
 * A socket connected to the address, of which the caller waits with
 * connect_wait() before each read and write. -1: errno, ETIMEDOUT at the
 * deadline. A unixgram socket gets a name of its own, so that it can be
 * answered.
 */
int connect_address(const struct address *address, int64_t deadline_ms);

/*
 * Connects to the first of the target's stream addresses that accepts; each of
 * them gets its share of the time. Returns a socket, or -1 with errno.
 */
int connect_stream(const struct target *target, int timeout_ms);

/* Writes what an error of a socket means there and what to do about it. */
#define CONNECT_ERROR_SIZE 192
void connect_format_error(char text[CONNECT_ERROR_SIZE],
    const struct target *target, int error, int timeout_ms);

/* Logs it; returns STATUS_FAILED. */
enum status connect_complain(
    const struct target *target, unsigned transport, int error, int timeout_ms);

/* Of the errors of two addresses of one name, the one that tells more. */
int connect_choose_error(int before, int now);

#endif
