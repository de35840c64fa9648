/* SPDX-License-Identifier: ISC */
/*
 * Sockets in systemd's hands: those of socket units (sd_listen_fds(3)), and
 * ours in the descriptor store (sd_pid_notify_with_fds(3)), which outlive a
 * restart and a crash with what waits in them.
 */
#ifndef DAEMON_STORE_H
#define DAEMON_STORE_H

#include "config/config.h"
#include "net/shelf.h"

/* Puts what systemd handed over on the shelf: 0, or -1 with why. */
int store_inherit(struct shelf *shelf, char why[WHY_SIZE]);

/*
 * What no service took: sockets of the store are closed, but one of a socket
 * unit is an error: -1, with why.
 */
int store_check_rest(const struct shelf *shelf, char why[WHY_SIZE]);

/*
 * Makes the store hold the sockets of this configuration and no others: when it
 * returns, what was taken out is bound by nobody but us.
 */
void store_sync(const struct config *config);

/* Whether sockets of ours were given to the store: they may outlive us. */
bool store_is_used(void);

#endif
