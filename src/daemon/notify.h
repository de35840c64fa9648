/* SPDX-License-Identifier: ISC */
/*
 * What systemd is told (sd_notify(3)) and what it hands over
 * (sd_listen_fds(3)). A datagram each to $NOTIFY_SOCKET: too little to need a
 * library. Without systemd nothing happens.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* True when systemd, or somebody in its place, listens. */
bool notify_is_wanted(void);

/*
 * Sends assignments, one a line: "STATUS=…\nERRNO=…". Who does not read is
 * waited for a second, once.
 */
void notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what is soon said again: if it does not fit now, it is not sent.
 */
void notify_try(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * READY=1, which ends a start or a reload: systemctl waits for it, so that
 * whoever does not read is waited for a second each time.
 */
void notify_ready(void);

/* RELOADING=1 with the clock that systemd wants; notify_ready() ends it. */
void notify_reloading(void);

/*
 * Puts a copy of the descriptor into systemd's store under a name (true: it was
 * sent), or takes all of that name out.
 */
bool notify_store(int fd, const char *name);
void notify_remove(const char *name);

/* Waits, a second at most, until systemd has done what it was sent so far. */
void notify_barrier(void);

/*
 * True when it is certain that nothing that is sent to be stored is kept, as
 * without FileDescriptorStoreMax=. One that is full refuses, too.
 */
bool notify_refuses_to_store(void);

/* How often the watchdog wants to hear of us, in ms; 0: it does not. */
uint64_t notify_watchdog_ms(void);

/* How many descriptors, from 3 on, were handed over to this process. */
int notify_listen_count(void);

/* Their names ($LISTEN_FDNAMES), separated by colons; "" when there are none.
 */
const char *notify_listen_names(void);

#endif
