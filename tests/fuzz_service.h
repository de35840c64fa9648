/* SPDX-License-Identifier: ISC */
/*
 * A service of any type with options that the input chooses, for fuzzers that
 * give it bytes; beside it a daemon, which a control service shows.
 */
#ifndef FUZZ_SERVICE_H
#define FUZZ_SERVICE_H

#include <event2/event.h>
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "core/service_private.h"
#include "daemon/control.h"
#include "daemon/daemon_private.h"
#include "services/services.h"
#include "fuzz.h"

/* Few connections that are not read from use it up. */
#define POOL_OUTPUT (96 << 10)

/* One loop for all inputs; nothing of an input is left in it. */
struct fuzz_world {
	struct daemon daemon;
	struct config config;
	struct service *services[1];
	struct service *service;
};

static inline void
fuzz_reload_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	control_reloaded();
}

static inline void
fuzz_set(struct service *service, const char *name, const char *value)
{
	const struct option *row =
	    service_find_option(service_type(service), name);
	char why[WHY_SIZE];

	if (row != NULL)
		(void)service_set_option(service, row, value, why);
}

/* Who may come in, and how fast. */
static inline void
fuzz_set_limit(struct service *service, unsigned name, unsigned value)
{
	static const char *const names[] = { "allow", "deny", "log-only",
		"datagram-rate", "datagram-rate-per-source", "rate-burst",
		"source-prefix4", "source-prefix6", "pair-rule" };
	static const char *const values[] = { "1", "3", "0", "16", "1000",
		"1ms", "1s", "no", "yes", "strict", "*", "localhost",
		"0.0.0.0/1", "192.0.0.0/8", "::/0", "8000::/1" };

	fuzz_set(service, names[name % (sizeof(names) / sizeof(*names))],
	    values[value % (sizeof(values) / sizeof(*values))]);
}

/*
 * One of the options that leave files, other programs and much memory alone,
 * by two bytes. What an option does not take leaves it as it is.
 */
static inline void
fuzz_set_any(struct service *service, struct fuzz_input *input)
{
	static const char *const names[] = { "format", "escape", "decode",
		"match", "ignore", "rate", "burst", "max-record",
		"end-on-empty-line", "max-line", "allow-changes" };
	static const char *const values[] = { "no", "yes", "text", "raw",
		"json", "utf8", "netconsole", "syslog", "1", "3", "256", "64K",
		"a", "^<[0-9]+>.*b$", "daytime", "rfc868", "iso8601", "unix",
		"all" };
	unsigned name = fuzz_byte(input), value = fuzz_byte(input);

	if (name > 127)
		fuzz_set_limit(service, name, value);
	else
		fuzz_set(service,
		    names[name % (sizeof(names) / sizeof(*names))],
		    values[value % (sizeof(values) / sizeof(*values))]);
}

/* False where the options do not fit each other; to be closed in any case. */
static inline bool
fuzz_world_open(struct fuzz_world *world, struct fuzz_input *input)
{
	const struct service_type *const *types = service_types();
	unsigned count = 0, type = fuzz_byte(input), options;
	char why[WHY_SIZE];

	while (types[count] != NULL)
		count++;
	log_open("fuzz", LOG_ERROR - 1); /* which has no messages */
	signal(SIGPIPE, SIG_IGN);
	if (world->daemon.base == NULL) {
		world->daemon.base = event_base_new();
		world->daemon.reload_event =
		    evtimer_new(world->daemon.base, fuzz_reload_cb, world);
		world->daemon.pool.max = 1000;
		world->daemon.pool.max_output = POOL_OUTPUT;
		world->daemon.config = &world->config;
		world->config.services = world->services;
		world->config.service_count = 1;
	}
	REQUIRE(world->daemon.reload_event != NULL);
	REQUIRE(control_open(&world->daemon) == 0);
	world->service = service_new(types[type % count], "x");
	REQUIRE(world->service != NULL);
	world->services[0] = world->service;
	fuzz_set(world->service, "file", "/dev/null");
	fuzz_set(world->service, "gather", "0");
	fuzz_set(world->service, "history", "256K");
	fuzz_set(world->service, "listen", "unix:/run/x");
	/* Most are to be answered, however often they come. */
	fuzz_set(world->service, "pair-rule", "no");
	for (options = type / count % 4; options > 0; options--)
		fuzz_set_any(world->service, input);
	if (service_check(world->service, why) == -1)
		return false;
	service_timer_begin(world->service, world->daemon.base);
	REQUIRE(service_start(world->service, why) == 0);
	return true;
}

static inline void
fuzz_world_close(struct fuzz_world *world)
{
	service_free(world->service);
	control_close();
	REQUIRE(world->daemon.pool.open == 0 && world->daemon.pool.output == 0);
}

#endif
