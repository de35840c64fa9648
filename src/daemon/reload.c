/* SPDX-License-Identifier: ISC */
/*
 * Reload as a transaction: the new configuration is checked, then started
 * beside the old one on copies of its sockets, and only when all of it runs
 * does it take the old one's place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/announce.h"
#include "daemon/control.h"
#include "daemon/daemon_private.h"
#include "daemon/load.h"
#include "daemon/notify.h"
#include "daemon/sandbox.h"
#include "daemon/store.h"

struct reload {
	struct daemon *daemon;
	struct config *fresh;
	/* For each fresh service the equal one that runs; NULL: none. */
	struct service **equal;
	struct shelf shelf; /* copies of the sockets of all that goes */
	struct outcome outcome;
};

static bool
is_named(const struct service *service, const char *name)
{
	return strcmp(service_name(service), name) == 0;
}

/* Most have kept their place. */
static struct service *
find_named(const struct config *config, const char *name, size_t place)
{
	if (place < config->service_count &&
	    is_named(config->services[place], name))
		return config->services[place];
	for (size_t i = 0; i < config->service_count; i++)
		if (is_named(config->services[i], name))
			return config->services[i];
	return NULL;
}

/* Pairs what is equal; the rest of the fresh ones is new or changed. */
static int
compare(struct reload *reload)
{
	const struct config *running = reload->daemon->config;
	struct outcome *outcome = &reload->outcome;

	reload->equal =
	    calloc(reload->fresh->service_count + 1, sizeof(*reload->equal));
	if (reload->equal == NULL)
		return -1;
	for (size_t i = 0; i < reload->fresh->service_count; i++) {
		struct service *fresh = reload->fresh->services[i];
		struct service *old =
		    find_named(running, service_name(fresh), i);

		if (old == NULL)
			outcome->started++;
		else if (!service_is_equal(old, fresh))
			outcome->changed++;
		else
			reload->equal[i] = old;
	}
	outcome->kept =
	    reload->fresh->service_count - outcome->changed - outcome->started;
	outcome->stopped =
	    running->service_count - outcome->kept - outcome->changed;
	return 0;
}

static bool
is_kept(const struct reload *reload, const struct service *service)
{
	for (size_t i = 0; i < reload->fresh->service_count; i++)
		if (reload->equal[i] == service)
			return true;
	return false;
}

/* Copies of the sockets of all that will not stay. */
static int
share_sockets(struct reload *reload)
{
	const struct config *running = reload->daemon->config;

	for (size_t i = 0; i < running->service_count; i++)
		if (!is_kept(reload, running->services[i]) &&
		    service_share(running->services[i], &reload->shelf) == -1)
			return -1;
	return 0;
}

static int
fail(struct reload *reload, const struct service *service, const char *why)
{
	outcome_fail(&reload->outcome, "%s '%s': %s",
	    service_type(service)->name, service_name(service), why);
	return -1;
}

/*
 * Files first: what reaches a socket that is opened here, between that and a
 * failure, is lost.
 */
static int
open_fresh(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	const struct config *fresh = reload->fresh;
	char why[WHY_SIZE];

	for (size_t i = 0; i < fresh->service_count; i++) {
		if (reload->equal[i] != NULL)
			continue;
		service_claim(fresh->services[i], &reload->shelf);
		if (sandbox_check(fresh->services[i], why) == -1 ||
		    service_start(fresh->services[i], why) == -1)
			return fail(reload, fresh->services[i], why);
	}
	for (size_t i = 0; i < fresh->service_count; i++)
		if (reload->equal[i] == NULL &&
		    service_listen(fresh->services[i], daemon->base,
			&daemon->pool, &reload->shelf, why) == -1)
			return fail(reload, fresh->services[i], why);
	return 0;
}

/* Undoes what was started; what waits is left to the services that run. */
static int
cancel_fresh(struct reload *reload)
{
	for (size_t i = 0; i < reload->fresh->service_count; i++)
		service_cancel(reload->fresh->services[i]);
	return -1;
}

/* Starts what is new, all of it or nothing. */
static int
start_fresh(struct reload *reload)
{
	if (share_sockets(reload) == -1) {
		outcome_fail(&reload->outcome,
		    "cannot copy the sockets: out of memory or descriptors");
		return -1;
	}
	return open_fresh(reload) == 0 ? 0 : cancel_fresh(reload);
}

/*
 * Moves the equal ones over; in their place comes what was read of them. Who
 * may come in they take from it as they run.
 */
static void
keep_equal(struct reload *reload)
{
	struct config *running = reload->daemon->config;

	for (size_t i = 0; i < reload->fresh->service_count; i++) {
		struct service *old = reload->equal[i];

		for (size_t j = 0; old != NULL && j < running->service_count;
		     j++)
			if (running->services[j] == old) {
				running->services[j] =
				    reload->fresh->services[i];
				reload->fresh->services[i] = old;
				service_take_access(old, running->services[j]);
			}
	}
}

/* From here on nothing can fail. */
static void
commit(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	struct config *old = daemon->config;

	keep_equal(reload);
	daemon->config = reload->fresh;
	reload->fresh = NULL;
	daemon_limit_connections(daemon);
	/* First, or a copy there would go on to receive what nobody reads. */
	store_sync(daemon->config);
	for (size_t i = 0; i < old->service_count; i++)
		retirees_add(&daemon->retirees, old->services[i],
		    find_named(
			daemon->config, service_name(old->services[i]), i),
		    &reload->shelf, daemon->config->globals.reload_grace);
	retirees_review(&daemon->retirees, daemon->config->globals.networks,
	    daemon->config->globals.log_only);
	old->service_count = 0; /* they belong to the retirees now */
	config_free(old);
	shelf_discard(&reload->shelf);
}

static int
take(struct reload *reload)
{
	if (compare(reload) == -1 ||
	    retirees_reserve(&reload->daemon->retirees,
		reload->daemon->config->service_count) == -1) {
		outcome_fail(&reload->outcome, "out of memory");
		return -1;
	}
	if (start_fresh(reload) == -1)
		return -1;
	for (size_t i = 0; i < reload->fresh->service_count; i++)
		service_settle(reload->fresh->services[i]);
	announce_listeners(reload->fresh);
	announce_buffers(reload->fresh);
	announce_log_only(reload->fresh);
	commit(reload);
	return 0;
}

static void
tell(struct reload *reload)
{
	const struct outcome *outcome = &reload->outcome;
	struct daemon *daemon = reload->daemon;

	if (outcome->done)
		log_notice("reloaded: %zu kept, %zu changed, %zu started, "
			   "%zu stopped",
		    outcome->kept, outcome->changed, outcome->started,
		    outcome->stopped);
	else
		log_error("reload refused, keeping the configuration as it "
			  "was");
	announce_reload(
	    daemon->config, outcome->done ? "reloaded" : "reload refused");
	outcome_free(&daemon->last_reload);
	daemon->last_reload = *outcome;
	control_reloaded();
}

void
daemon_reload(struct daemon *daemon)
{
	struct reload reload = { .daemon = daemon };
	struct config_errors errors = { .items = NULL };

	notify_reloading();
	reload.fresh = load_config_again(daemon->config_path, &errors);
	for (size_t i = 0; i < errors.count; i++)
		outcome_fail(&reload.outcome, "%s", errors.items[i]);
	if (reload.fresh == NULL && errors.count == 0)
		outcome_fail(&reload.outcome, "out of memory");
	config_errors_free(&errors);
	reload.outcome.done = reload.fresh != NULL && take(&reload) == 0;
	if (!reload.outcome.done)
		reload.outcome.kept = reload.outcome.changed =
		    reload.outcome.started = reload.outcome.stopped = 0;
	reload.outcome.time_ns = clock_now_ns();
	config_free(reload.fresh);
	shelf_close(&reload.shelf);
	tell(&reload); /* when nobody listens any more who should not */
	free(reload.equal);
}
