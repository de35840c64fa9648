/* SPDX-License-Identifier: ISC */
/* Listeners: accepting in batches, within limits, resting when it fails. */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/stream_private.h"

/* Accepted in one wake-up, so that a storm leaves time for the others. */
#define ACCEPT_BATCH 64

/*
 * To look once more, in vain, costs as much as a sixth of a short connection.
 * Who comes alone is most likely followed by others that do, so then this many
 * are taken in one at a time, and the loop tells whether more wait.
 */
#define SINGLES 32

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
	stream_guest_admit(listener, fd, (struct sockaddr *)&peer, len);
	return true;
}

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
	int most = counts || listener->singles > 0 ? 1 : ACCEPT_BATCH;
	int found = 0;

	(void)fd;
	(void)what;
	while (found < most && accept_one(listener))
		found++;
	if (listener->singles > 0)
		listener->singles--;
	else if (found == 1)
		listener->singles = SINGLES;
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
	stream_guests_init(listener, base);
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
	stream_guests_review(listener);
}

void
stream_listener_close(struct stream_listener *listener, bool serve)
{
	if (listener->closed)
		return;
	if (serve)
		stream_guests_expect(listener);
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
	stream_guests_end(listener);
	stream_each(listener, stream_abort);
	free(listener);
}
