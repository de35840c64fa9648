/* SPDX-License-Identifier: ISC */
/*
 * Who is accepted is judged, and served or refused. When a listener closes, all
 * who wait there come at once; who finds no place then waits for one, as he
 * would have waited in the queue of the listener.
 */
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/stream_private.h"

/* How often it is looked whether there is a place. */
#define LOOK_MS 1

/* So long nobody left, then nobody is waited for any more. */
#define PATIENCE_MS 1000

/* One that waits for a place. */
struct stream_guest {
	TAILQ_ENTRY(stream_guest) entry;
	int fd;
	socklen_t peer_len;
	struct sockaddr_storage peer;
};

static bool
is_full(const struct stream_config *config)
{
	return config->counters->open >= config->max_connections ||
	    config->pool->open >= config->pool->max;
}

static void
tell_refused(struct stream_config *config, const struct sockaddr *peer,
    socklen_t peer_len, enum guard_reason reason, bool served)
{
	struct stream_counters *counters = config->counters;

	if (served)
		counters->would_refuse[reason]++;
	else
		counters->refused[reason]++;
	if (config->observer->refused != NULL)
		config->observer->refused(
		    config->owner, peer, peer_len, reason, served);
}

/*
 * Resets a connection that is not served. To close it in order would leave its
 * end to the kernel for up to a minute, and so many ends to who sends many.
 */
static void
refuse(struct stream_config *config, int fd, const struct sockaddr *peer,
    socklen_t peer_len, enum guard_reason reason)
{
	static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	tell_refused(config, peer, peer_len, reason, false);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

/*
 * What only looks comes first. log-only concerns who may come in, how many from
 * where and how fast; the limit of all protects the daemon.
 */
static enum guard_reason
judge(
    struct stream_config *config, const struct sockaddr *peer, bool *is_strict)
{
	struct admission *admission = config->admission;
	enum guard_reason reason = admission_check_connection(admission, peer);

	*is_strict = !admission_is_log_only(admission);
	if ((reason == GUARD_PASS || !*is_strict) && is_full(config)) {
		*is_strict = true;
		return GUARD_MAX_CONNECTIONS;
	}
	return reason != GUARD_PASS
	    ? reason
	    : admission_take_connection(admission, peer, clock_monotonic_ms());
}

/*
 * Keeps one who found no place, if that may change. He has a descriptor, so he
 * counts in the pool; where that is full he is refused as ever.
 */
static bool
keep(struct stream_listener *listener, int fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	static const struct timeval look = { .tv_usec = LOOK_MS * 1000 };
	struct stream_config *config = &listener->config;
	struct stream_guest *guest;

	if (clock_monotonic_ms() >= listener->patient_until_ms ||
	    config->pool->open >= config->pool->max ||
	    event_add(&listener->guest_event, &look) == -1 ||
	    (guest = malloc(sizeof(*guest))) == NULL)
		return false;
	guest->fd = fd;
	guest->peer_len = peer_len;
	memcpy(&guest->peer, peer, peer_len);
	TAILQ_INSERT_TAIL(&listener->guests, guest, entry);
	config->pool->open++;
	config->counters->waiting++;
	return true;
}

static bool
lacks_place(enum guard_reason reason)
{
	return reason == GUARD_MAX_CONNECTIONS ||
	    reason == GUARD_MAX_CONNECTIONS_PER_SOURCE;
}

/* Serves or refuses who was judged so; takes the descriptor. */
static void
receive(struct stream_listener *listener, int fd, const struct sockaddr *peer,
    socklen_t peer_len, enum guard_reason reason, bool is_strict)
{
	struct stream_config *config = &listener->config;

	if (reason != GUARD_PASS && is_strict) {
		refuse(config, fd, peer, peer_len, reason);
		return;
	}
	if (reason != GUARD_PASS)
		tell_refused(config, peer, peer_len, reason, true);
	stream_begin(listener, fd, peer, peer_len);
}

void
stream_guest_admit(struct stream_listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_len)
{
	bool is_strict;
	enum guard_reason reason = judge(&listener->config, peer, &is_strict);

	if (!is_strict || !lacks_place(reason) ||
	    !keep(listener, fd, peer, peer_len))
		receive(listener, fd, peer, peer_len, reason, is_strict);
}

/* Lets one try again; who fails for want of a place waits on. */
static void
try_again(
    struct stream_listener *listener, struct stream_guest *guest, bool is_last)
{
	struct stream_config *config = &listener->config;
	struct sockaddr *peer = (struct sockaddr *)&guest->peer;
	enum guard_reason reason;
	bool is_strict;

	stream_pool_leave(config->pool); /* he is not in his own way */
	reason = judge(config, peer, &is_strict);
	if (!is_last && is_strict && lacks_place(reason)) {
		config->pool->open++;
		return;
	}
	TAILQ_REMOVE(&listener->guests, guest, entry);
	config->counters->waiting--;
	receive(listener, guest->fd, peer, guest->peer_len, reason, is_strict);
	free(guest);
}

static void
try_all(struct stream_listener *listener, bool is_last)
{
	struct stream_guest *guest = TAILQ_FIRST(&listener->guests), *next;

	for (; guest != NULL; guest = next) {
		next = TAILQ_NEXT(guest, entry);
		try_again(listener, guest, is_last);
	}
}

/* Connections that have ended, at all listeners that share the counters. */
static uint64_t
count_left(const struct stream_config *config)
{
	return config->counters->accepted - config->counters->open;
}

/*
 * Lets them try again, in their order, as long as there may be a place: each
 * who left has made one for one of them at the most. So not all are looked at
 * whenever somebody leaves, but where those in front are of a source that has
 * no place.
 */
static void
try_next(struct stream_listener *listener)
{
	const struct stream_config *config = &listener->config;
	struct stream_guest *guest = TAILQ_FIRST(&listener->guests), *next;

	for (; guest != NULL && listener->left != count_left(config) &&
	     config->counters->open < config->max_connections;
	     guest = next) {
		uint64_t accepted = config->counters->accepted;

		next = TAILQ_NEXT(guest, entry);
		try_again(listener, guest, false);
		listener->left += config->counters->accepted - accepted;
	}
	listener->left = count_left(config);
}

static void
look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stream_listener *listener = arg;

	(void)fd;
	(void)what;
	if (listener->left != count_left(&listener->config)) {
		stream_guests_expect(listener);
		try_next(listener);
	}
	if (clock_monotonic_ms() >= listener->patient_until_ms)
		try_all(listener, true);
	if (TAILQ_EMPTY(&listener->guests))
		event_del(&listener->guest_event);
}

void
stream_guests_init(struct stream_listener *listener, struct event_base *base)
{
	TAILQ_INIT(&listener->guests);
	event_assign(
	    &listener->guest_event, base, -1, EV_PERSIST, look_cb, listener);
}

void
stream_guests_expect(struct stream_listener *listener)
{
	listener->patient_until_ms = clock_monotonic_ms() + PATIENCE_MS;
}

void
stream_guests_review(struct stream_listener *listener)
{
	try_all(listener, false);
}

void
stream_guests_end(struct stream_listener *listener)
{
	listener->patient_until_ms = 0;
	try_all(listener, true);
	event_del(&listener->guest_event);
}
