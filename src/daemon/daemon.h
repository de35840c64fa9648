/* SPDX-License-Identifier: ISC */
/* The daemon: one event loop that serves a configuration until it is told to
 * end. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"
#include "daemon/command_line.h"

/*
 * Starts every service of the configuration, which it owns from then on, or
 * none. Serves until SIGTERM or SIGINT, then answers what was received and
 * ends; a second signal ends at once. SIGHUP reads the configuration of the
 * command line anew (see load_config()), SIGUSR1 opens log files anew. Once the
 * sockets are open it becomes the user of the command line (see
 * privilege_drop()) and enters the sandbox. Errors are logged. Returns the exit
 * status.
 */
int daemon_run(struct config *config, const struct command_line *line);

#endif
