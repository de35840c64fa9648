/* SPDX-License-Identifier: ISC */
/* The daemon: one event loop that serves a configuration until it is told to
 * end. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

/*
 * Starts every service of the configuration, or none. Serves until SIGTERM or
 * SIGINT, then answers what was received and ends; a second signal ends at
 * once. SIGUSR1 opens log files anew. Errors are logged. Returns the exit
 * status.
 */
int daemon_run(struct config *config);

#endif
