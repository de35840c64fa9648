/* SPDX-License-Identifier: ISC */
/* What the files of the daemon share: its state. */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include <event2/event.h>

#include "config/config.h"
#include "daemon/outcome.h"
#include "daemon/retire.h"
#include "net/shelf.h"

#define DAEMON_SIGNALS 5

struct daemon {
	struct event_base *base;
	const char *config_path; /* NULL: the installed one or the lab */
	struct config *config;
	struct stream_pool pool;
	struct retirees retirees;
	struct event *signals[DAEMON_SIGNALS]; /* NULL after the last one */
	struct event *watchdog_timer;          /* NULL: no watchdog */
	struct event *reload_event;            /* daemon_ask_reload() */
	struct outcome last_reload;
	int64_t started_ns, started_ms; /* of the clock; of the monotonic one */
	int64_t stop_deadline_ms;
	bool stopping;
	int status;
};

/* Sets how many connections there may be, by configuration and descriptors. */
void daemon_limit_connections(struct daemon *daemon);

/* Begins to stop in order; ends the loop when everything is done. */
void daemon_stop(struct daemon *daemon);

/* Reads the configuration anew and takes it, or keeps the old one. */
void daemon_reload(struct daemon *daemon);

/* Has that done from the loop, soon; not within a service's slot. */
void daemon_ask_reload(struct daemon *daemon);

#endif
