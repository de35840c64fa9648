/* SPDX-License-Identifier: ISC */
/* Stopping in order: nothing that was received stays without its answer. */
#include "base/clock.h"
#include "daemon/daemon_private.h"
#include "daemon/notify.h"
#include "daemon/store.h"

/* How long connections may take to get what they are owed. */
#define GRACE_MS 5000

/* How often it is looked whether the last one has it. */
#define LOOK_MS 20

static size_t
count_connections(const struct daemon *daemon)
{
	size_t count = retirees_connections(&daemon->retirees);

	for (size_t i = 0; i < daemon->config->service_count; i++)
		count += service_connections(daemon->config->services[i]);
	return count;
}

static void
look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct timeval look = { .tv_usec = LOOK_MS * 1000 };

	(void)fd;
	(void)what;
	if (count_connections(daemon) > 0 &&
	    clock_monotonic_ms() < daemon->stop_deadline_ms &&
	    event_base_once(
		daemon->base, -1, EV_TIMEOUT, look_cb, daemon, &look) == 0)
		return;
	event_base_loopbreak(daemon->base);
}

void
daemon_stop(struct daemon *daemon)
{
	daemon->stopping = true;
	daemon->stop_deadline_ms = clock_monotonic_ms() + GRACE_MS;
	notify_send("STOPPING=1");
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_stop_listening(
		    daemon->config->services[i], !store_is_used());
	retirees_stop(&daemon->retirees);
	look_cb(-1, 0, daemon);
}
