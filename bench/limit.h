/* SPDX-License-Identifier: ISC */
/*
 * What the limit programs share. A limit program makes the bare system calls
 * of one kind of server and does nothing else: the least CPU time that such a
 * server can cost on this machine, for netlabd's to be divided by.
 */
#ifndef LIMIT_H
#define LIMIT_H

/* Says what failed, and errno, and ends the program. */
void limit_fail(const char *what) __attribute__((noreturn));

/*
 * Opens a non-blocking socket (SOCK_DGRAM, or SOCK_STREAM that listens) on a
 * port of 127.0.0.1 that the system chooses. That of datagrams has as long a
 * receive queue as netlabd's have.
 */
int limit_open(int type);

/* An epoll descriptor that waits for input on fd. */
int limit_watch(int fd);

/* Prints the port of fd: all is ready. */
void limit_announce(int fd);

#endif
