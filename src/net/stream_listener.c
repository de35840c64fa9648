/* SPDX-License-Identifier: ISC */
/* Listeners: accepting in batches, within limits, resting when it fails. */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/socket.h"
#include "net/stream_private.h"

/* Accepted in one wake-up, so that a storm leaves time for the others. */
#define ACCEPT_BATCH 64

/* At the end: more than any backlog holds, and still an end in a storm. */
#define LAST_ACCEPTS 65536

/* Without descriptors accept fails at once, for ever: look again later. */
#define ACCEPT_PAUSE_MS 100

/* How long a connection that we ended may take to end on the other side. */
#define LINGER_MS 2000

static struct timeval
milliseconds(uint64_t ms)
{
	return (struct timeval){ .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

static bool
is_full(const struct stream_config *config)
{
	return config->counters->open >= config->max_connections ||
	    config->pool->open >= config->pool->max;
}

/* Failures of the connection being accepted, not of accepting (accept(2)). */
static bool
is_passing(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return false;
	default:
		return true;
	}
}

static void
pause_accepting(struct stream_listener *listener, int error)
{
	struct stream_config *config = &listener->config;
	struct timeval pause = milliseconds(ACCEPT_PAUSE_MS);

	config->counters->accept_failures++;
	config->observer->accept_failed(config->owner, error);
	if (evtimer_add(&listener->pause_event, &pause) == 0)
		event_del(&listener->accept_event);
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

static void
take_in(struct stream_listener *listener, int fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	struct stream_config *config = &listener->config;
	bool is_strict;
	enum guard_reason reason = judge(config, peer, &is_strict);

	if (reason != GUARD_PASS && is_strict) {
		refuse(config, fd, peer, peer_len, reason);
		return;
	}
	if (reason != GUARD_PASS)
		tell_refused(config, peer, peer_len, reason, true);
	stream_begin(listener, fd, peer, peer_len);
}

/* Returns false when nobody waits any more, or accepting has to pause. */
static bool
accept_one(struct stream_listener *listener)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(event_get_fd(&listener->accept_event),
	    (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1) {
		if (errno == EAGAIN)
			return false;
		if (is_passing(errno))
			return true;
		pause_accepting(listener, errno);
		return false;
	}
	take_in(listener, fd, (struct sockaddr *)&peer, len);
	return true;
}

/*
 * Where those of a source are counted, one at a time is taken in, so that those
 * that are over are seen to be: who connects again and again has but one.
 */
/*
 * Where those of a source are counted, one at a time is taken in, so that those
 * that are over by then are seen to be: who connects again and again has but a
 * few.
 */
static void
accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stream_listener *listener = arg;
	bool counts = admission_counts_connections(listener->config.admission);

	(void)fd;
	(void)what;
	for (int i = counts ? 1 : ACCEPT_BATCH; i > 0 && accept_one(listener);
	     i--)
		continue;
}

static void
pause_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stream_listener *listener = arg;

	(void)fd;
	(void)what;
	if (event_add(&listener->accept_event, NULL) == -1)
		pause_accepting(listener, ENOMEM);
}

/*
 * Common time-outs sit in one queue a duration instead of a heap. Where
 * libevent has too many durations already, the plain time serves.
 */
static const struct timeval *
common_time(struct event_base *base, const struct timeval *time)
{
	const struct timeval *common =
	    event_base_init_common_timeout(base, time);

	return common != NULL ? common : time;
}

struct stream_listener *
stream_listen(
    struct event_base *base, int fd, const struct stream_config *config)
{
	static const struct timeval linger = { LINGER_MS / 1000, 0 };
	struct stream_listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL) {
		socket_close(fd);
		return NULL;
	}
	listener->config = *config;
	listener->linger_time = common_time(base, &linger);
	listener->idle = milliseconds(config->idle_ms);
	if (config->idle_ms != 0)
		listener->idle_time = common_time(base, &listener->idle);
	event_assign(&listener->accept_event, base, fd, EV_READ | EV_PERSIST,
	    accept_cb, listener);
	evtimer_assign(&listener->pause_event, base, pause_cb, listener);
	if (event_add(&listener->accept_event, NULL) == -1) {
		socket_close(fd);
		free(listener);
		return NULL;
	}
	return listener;
}

int
stream_listener_fd(const struct stream_listener *listener)
{
	return listener->closed ? -1 : event_get_fd(&listener->accept_event);
}

static void
review(struct stream *stream)
{
	const struct stream_config *config = &stream_listener(stream)->config;
	struct sockaddr_storage peer;

	if (stream_peer(stream, &peer) == 0 ||
	    admission_check_connection(
		config->admission, (struct sockaddr *)&peer) == GUARD_PASS)
		return;
	stream_break(stream, STREAM_DENIED);
	stream_touch(stream);
}

void
stream_listener_review(struct stream_listener *listener)
{
	if (!admission_is_log_only(listener->config.admission))
		stream_each(listener, review);
}

void
stream_listener_close(struct stream_listener *listener, bool serve)
{
	if (listener->closed)
		return;
	for (int i = 0; serve && i < LAST_ACCEPTS; i++)
		if (!accept_one(listener))
			break;
	event_del(&listener->accept_event);
	event_del(&listener->pause_event);
	socket_close(event_get_fd(&listener->accept_event));
	listener->closed = true;
}

void
stream_listener_stop(struct stream_listener *listener)
{
	if (listener->stopped)
		return;
	stream_listener_close(listener, true);
	listener->stopped = true;
	stream_each(listener, stream_stop);
}

void
stream_listener_free(struct stream_listener *listener)
{
	stream_listener_stop(listener);
	stream_each(listener, stream_abort);
	free(listener);
}
