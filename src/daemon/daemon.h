/* SPDX-License-Identifier: ISC */
/* The daemon: one event loop that serves a configuration until it is told to
 * end. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

/*
 * Starts every service of the configuration, which it owns from then on, or
 * none. Serves until SIGTERM or SIGINT, then answers what was received and
 * ends; a second signal ends at once. SIGHUP reads the configuration at path
 * anew (see load_config()), SIGUSR1 opens log files anew. Once the sockets are
 * open it becomes `user` (see privilege_drop(); NULL: nobody else). Errors are
 * logged. Returns the exit status.
 */
int daemon_run(struct config *config, const char *path, const char *user);

#endif
