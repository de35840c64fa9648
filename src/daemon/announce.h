/* SPDX-License-Identifier: ISC */
/* What the daemon says when it starts and when it has stopped. */
#ifndef DAEMON_ANNOUNCE_H
#define DAEMON_ANNOUNCE_H

#include "config/config.h"

/*
 * Logs a line a listener, the sandbox, and "ready: N services, M listeners"; on
 * a terminal,
 * commands to try follow. Tells systemd that it is ready.
 */
void announce_start(const struct config *config);

/* Logs why a service did not start, and returns -1. */
int announce_failure(const struct service *service, const char *why);

/* Logs a line for each socket of the configuration's services. */
void announce_listeners(const struct config *config);

/* Warns of receive buffers that the system granted less of than was asked. */
void announce_buffers(const struct config *config);

/* Says in how many services log-only lets everybody pass. */
void announce_log_only(const struct config *config);

/*
 * Tells systemd that a reload is over and how it ended; the status says so from
 * then on.
 */
void announce_reload(const struct config *config, const char *outcome);

/* Tells systemd "N services, M listeners, K connections". */
void announce_status(const struct config *config);

/* Logs what a service has done that a reload ended, if anything. */
void announce_retired(const struct service *service);

/* Logs what each service has done. */
void announce_stop(const struct config *config);

#endif
