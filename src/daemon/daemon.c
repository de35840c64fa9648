/* SPDX-License-Identifier: ISC */
/* The daemon: start all or nothing, serve, stop in order. */
#include "daemon/daemon.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/announce.h"
#include "daemon/notify.h"

/* Descriptors for files, listeners and libraries beside the connections. */
#define RESERVED_DESCRIPTORS 64

/* How long connections may take at a stop to get what they are owed. */
#define STOP_GRACE_MS 5000

/* How often it is looked whether the last one has it. */
#define STOP_LOOK_MS 20

struct daemon {
	struct event_base *base;
	struct config *config;
	struct stream_pool pool;
	struct event *signals[4];
	struct event *stop_timer;
	int stop_waited_ms;
	bool stopping;
	int status;
};

/* Connections that the limit of open files leaves room for. */
static size_t
descriptors_for_connections(const struct config *config)
{
	struct rlimit limit = { .rlim_cur = 0 };
	size_t reserved = RESERVED_DESCRIPTORS;

	for (size_t i = 0; i < config->service_count; i++)
		reserved += service_addresses(config->services[i])->count;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return limit.rlim_cur > reserved ? limit.rlim_cur - reserved : 1;
}

static void
limit_connections(struct daemon *daemon)
{
	size_t wanted = daemon->config->globals.max_connections;
	size_t possible = descriptors_for_connections(daemon->config);

	daemon->pool.max = wanted;
	if (wanted == 0 || wanted > possible)
		daemon->pool.max = possible;
	if (wanted > possible)
		log_warning("max-connections: the limit of open files allows "
			    "%zu, not %zu (raise 'ulimit -n')",
		    possible, wanted);
}

static bool
all_idle(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (service_connections(config->services[i]) != 0)
			return false;
	return true;
}

/* Looks now and then whether the last connection has ended. */
static void
stop_cb(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct timeval look = { .tv_usec = STOP_LOOK_MS * 1000 };

	(void)fd;
	(void)what;
	if (!all_idle(daemon->config) &&
	    daemon->stop_waited_ms < STOP_GRACE_MS) {
		daemon->stop_waited_ms += STOP_LOOK_MS;
		if (evtimer_add(daemon->stop_timer, &look) == 0)
			return;
	}
	event_base_loopbreak(daemon->base);
}

static void
stop_signal_cb(evutil_socket_t number, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)what;
	if (daemon->stopping) {
		log_notice("second signal, ending at once");
		daemon->status = EXIT_FAILURE;
		event_base_loopbreak(daemon->base);
		return;
	}
	notify_send("STOPPING=1");
	log_notice("stopping on %s", number == SIGINT ? "SIGINT" : "SIGTERM");
	daemon->stopping = true;
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_stop_listening(daemon->config->services[i]);
	stop_cb(-1, 0, daemon);
}

static void
reopen_signal_cb(evutil_socket_t number, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)number;
	(void)what;
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_reopen(daemon->config->services[i]);
	log_notice("opened log files anew on SIGUSR1");
}

static int
catch_signals(struct daemon *daemon)
{
	static const struct {
		int number;
		event_callback_fn callback;
	} table[] = {
		{ SIGTERM, stop_signal_cb },
		{ SIGINT, stop_signal_cb },
		{ SIGUSR1, reopen_signal_cb },
	};

	signal(SIGPIPE, SIG_IGN);
	daemon->stop_timer = evtimer_new(daemon->base, stop_cb, daemon);
	if (daemon->stop_timer == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		daemon->signals[i] = evsignal_new(
		    daemon->base, table[i].number, table[i].callback, daemon);
		if (daemon->signals[i] == NULL ||
		    event_add(daemon->signals[i], NULL) == -1)
			return -1;
	}
	return 0;
}

static int
start_services(struct daemon *daemon)
{
	char why[WHY_SIZE];

	for (size_t i = 0; i < daemon->config->service_count; i++) {
		struct service *service = daemon->config->services[i];

		if (service_start(service, daemon->base, &daemon->pool, why) ==
		    0)
			continue;
		log_error("%s '%s': %s", service_type(service)->name,
		    service_name(service), why);
		return -1;
	}
	return 0;
}

/* A loop of one thread needs no locks. */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (config == NULL)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static int
daemon_start(struct daemon *daemon)
{
	daemon->base = new_base();
	if (daemon->base == NULL || catch_signals(daemon) == -1) {
		log_error("cannot start the event loop: out of memory or "
			  "descriptors");
		return -1;
	}
	limit_connections(daemon);
	return start_services(daemon);
}

static void
daemon_end(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_stop(daemon->config->services[i]);
	for (size_t i = 0; daemon->signals[i] != NULL; i++)
		event_free(daemon->signals[i]);
	if (daemon->stop_timer != NULL)
		event_free(daemon->stop_timer);
	if (daemon->base != NULL)
		event_base_free(daemon->base);
}

int
daemon_run(struct config *config)
{
	struct daemon daemon = { .config = config };

	if (daemon_start(&daemon) == 0) {
		announce_start(config);
		event_base_dispatch(daemon.base);
	} else {
		daemon.status = EXIT_FAILURE;
	}
	daemon_end(&daemon);
	if (daemon.stopping)
		announce_stop(config);
	return daemon.status;
}
