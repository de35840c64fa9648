/* SPDX-License-Identifier: ISC */
/* The daemon: starts all or nothing, serves, and does what signals ask. */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/announce.h"
#include "daemon/control.h"
#include "daemon/daemon_private.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/reread.h"
#include "daemon/sandbox.h"
#include "daemon/store.h"

/* Descriptors for files, listeners and libraries beside the connections. */
#define RESERVED_DESCRIPTORS 64

/* Connections that the limit of open files leaves room for. */
static size_t
descriptors_for_connections(const struct config *config)
{
	struct rlimit limit;
	size_t reserved = RESERVED_DESCRIPTORS;

	/* A socket and a timer; a reload works with copies of the listeners. */
	for (size_t i = 0; i < config->service_count; i++)
		reserved += 4 * service_addresses(config->services[i])->count;
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return SIZE_MAX;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return limit.rlim_cur > reserved ? limit.rlim_cur - reserved : 1;
}

void
daemon_limit_connections(struct daemon *daemon)
{
	size_t wanted = daemon->config->globals.max_connections;
	size_t possible = descriptors_for_connections(daemon->config);

	daemon->pool.max_output = daemon->config->globals.max_output;
	daemon->pool.max = wanted;
	if (wanted == 0 || wanted > possible)
		daemon->pool.max = possible;
	if (wanted > possible)
		log_warning("max-connections: the limit of open files allows "
			    "%zu, not %zu (raise 'ulimit -n')",
		    possible, wanted);
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
	log_notice("stopping on %s", number == SIGINT ? "SIGINT" : "SIGTERM");
	daemon_stop(daemon);
}

static void
reload_cb(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	if (!daemon->stopping)
		daemon_reload(daemon);
}

void
daemon_ask_reload(struct daemon *daemon)
{
	event_active(daemon->reload_event, EV_TIMEOUT, 0);
}

/*
 * Called once for each signal, one call after the other, however many came
 * since the last look: one reload is enough for these.
 */
static void
reload_signal_cb(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	daemon_ask_reload(arg);
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

static void
watchdog_cb(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	notify_try("WATCHDOG=1");
	announce_status(daemon->config);
}

/* From the loop itself, so that a loop that is stuck is noticed. */
static int
feed_watchdog(struct daemon *daemon)
{
	uint64_t period_ms = notify_watchdog_ms() / 2;
	struct timeval period = { .tv_sec = (time_t)(period_ms / 1000),
		.tv_usec = (suseconds_t)(period_ms % 1000 * 1000) };

	if (period_ms == 0)
		return 0;
	daemon->watchdog_timer =
	    event_new(daemon->base, -1, EV_PERSIST, watchdog_cb, daemon);
	return daemon->watchdog_timer == NULL
	    ? -1
	    : event_add(daemon->watchdog_timer, &period);
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
		{ SIGHUP, reload_signal_cb },
		{ SIGUSR1, reopen_signal_cb },
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a full log is no reason to die */
	signal(SIGCHLD, SIG_IGN); /* as PID 1: orphans leave no zombies */
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		daemon->signals[i] = evsignal_new(
		    daemon->base, table[i].number, table[i].callback, daemon);
		if (daemon->signals[i] == NULL ||
		    event_add(daemon->signals[i], NULL) == -1)
			return -1;
	}
	return 0;
}

/* Opens all sockets, on what systemd handed over where it fits. */
static int
open_sockets(struct daemon *daemon, uid_t owner)
{
	struct shelf shelf = { .places = NULL };
	char why[WHY_SIZE];
	int result = store_inherit(&shelf, why);

	if (result == -1)
		log_error("%s", why);
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_claim(daemon->config->services[i], &shelf);
	for (size_t i = 0; i < daemon->config->service_count && result == 0;
	     i++) {
		struct service *service = daemon->config->services[i];

		service_set_owner(service, owner);
		if ((result = service_listen(service, daemon->base,
			 &daemon->pool, &shelf, why)) == -1)
			announce_failure(service, why);
		else
			service_settle(service);
	}
	if (result == 0 && (result = store_check_rest(&shelf, why)) == -1)
		log_error("%s", why);
	if (result == 0)
		shelf_discard(&shelf);
	shelf_close(&shelf);
	return result;
}

static void
give_socket(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin)
{
	const struct identity *user = arg;

	(void)service;
	(void)bound;
	if (origin != SHELF_PASSED)
		privilege_give_socket(user, fd);
}

static int
become(struct daemon *daemon, const struct identity *user)
{
	char why[WHY_SIZE];

	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_each_socket(daemon->config->services[i], give_socket,
		    (void *)(uintptr_t)user);
	if (privilege_drop(user, why) == 0)
		return 0;
	log_error("--user: %s", why);
	return -1;
}

/* Opens all sockets as who it is, and becomes the user whose they are then. */
static int
open_for_user(struct daemon *daemon, const char *name)
{
	struct identity user;
	char why[WHY_SIZE];
	bool changes;

	if (privilege_choose(&user, name, &changes, why) == -1) {
		log_error("--user: %s", why);
		return -1;
	}
	if (changes && name == NULL)
		log_notice("started by root, becoming user '%s' (--user root "
			   "stays root)",
		    user.name);
	if (open_sockets(daemon, changes ? user.uid : 0) == -1)
		return -1;
	if (!changes)
		return 0;
	if (become(daemon, &user) == -1)
		return -1;
	/* One for root alone was read, but not by who will reload it. */
	reread_check(daemon->config, daemon->config_path, user.name);
	return 0;
}

static int
start_services(struct daemon *daemon, const struct command_line *line)
{
	char why[WHY_SIZE];

	if (open_for_user(daemon, line->user) == -1)
		return -1;
	if (!line->no_sandbox)
		sandbox_enter(daemon->config, daemon->config_path);
	for (size_t i = 0; i < daemon->config->service_count; i++)
		if (service_start(daemon->config->services[i], why) == -1)
			return announce_failure(
			    daemon->config->services[i], why);
	store_sync(daemon->config);
	return 0;
}

/* Its warnings are about what we have an answer to, as too many time-outs. */
static void
libevent_log_cb(int severity, const char *message)
{
	if (severity == EVENT_LOG_ERR)
		log_error("libevent: %s", message);
	else
		log_debug("libevent: %s", message);
}

/* A loop of one thread needs no locks. */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_set_log_callback(libevent_log_cb);
	if (config == NULL)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

/* What everything else stands on. */
static int
make_loop(struct daemon *daemon)
{
	daemon->base = new_base();
	if (daemon->base == NULL)
		return -1;
	daemon->reload_event = evtimer_new(daemon->base, reload_cb, daemon);
	if (daemon->reload_event == NULL || catch_signals(daemon) == -1 ||
	    feed_watchdog(daemon) == -1 || control_open(daemon) == -1)
		return -1;
	return retirees_init(&daemon->retirees, daemon->base);
}

static int
daemon_start(struct daemon *daemon, const struct command_line *line)
{
	daemon->started_ns = clock_now_ns();
	daemon->started_ms = clock_monotonic_ms();
	if (make_loop(daemon) == -1) {
		log_error("cannot start the event loop: out of memory or "
			  "descriptors");
		return -1;
	}
	daemon_limit_connections(daemon);
	return start_services(daemon, line);
}

static void
daemon_end(struct daemon *daemon)
{
	retirees_free(&daemon->retirees);
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_stop(daemon->config->services[i]);
	control_close();
	if (daemon->stopping)
		announce_stop(daemon->config);
	config_free(daemon->config);
	for (size_t i = 0; daemon->signals[i] != NULL; i++)
		event_free(daemon->signals[i]);
	if (daemon->watchdog_timer != NULL)
		event_free(daemon->watchdog_timer);
	if (daemon->reload_event != NULL)
		event_free(daemon->reload_event);
	outcome_free(&daemon->last_reload);
	if (daemon->base != NULL)
		event_base_free(daemon->base);
}

/* Until it is stopped, or the loop itself fails. */
static void
serve(struct daemon *daemon)
{
	if (event_base_dispatch(daemon->base) == 0)
		return;
	log_error("the event loop has failed: %s", strerror(errno));
	daemon->status = EXIT_FAILURE;
}

int
daemon_run(struct config *config, const struct command_line *line)
{
	struct daemon daemon = { .config = config,
		.config_path = line->config };

	if (daemon_start(&daemon, line) == 0) {
		announce_start(config);
		serve(&daemon);
	} else {
		daemon.status = EXIT_FAILURE;
	}
	daemon_end(&daemon);
	return daemon.status;
}
