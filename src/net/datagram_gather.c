/* SPDX-License-Identifier: ISC */
/*
 * Datagrams that gather: while they come, the socket is not waited for but
 * looked at again after a while, by a timerfd: libevent's own timers are exact
 * to some milliseconds only, unless the whole loop pays for better ones.
 */
#include "net/datagram_private.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "net/socket.h"

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

/* More gathers no better and only delays. */
#define GATHER_MAX_MS 1000

/* Then the socket cannot be waited for yet. */
#define OUT_OF_MEMORY_NS (100 * NS_PER_MS)

/* What a network may bring: 1 GB/s, counted as the receive buffer is. */
#define FASTEST_BYTES_PER_NS 1

struct gathering {
	struct event event; /* its descriptor is the timerfd */
	struct datagram_socket *sock;
	bool waits; /* the timer runs, and the socket is not waited for */
};

/* How long the socket may be left alone. */
static int64_t
find_wait_ns(const struct datagram_socket *sock)
{
	uint64_t ms = sock->config.gather_ms;
	uint64_t ns = (ms < GATHER_MAX_MS ? ms : GATHER_MAX_MS) * NS_PER_MS;
	/* The kernel counts its own headers, and so gives twice as much. */
	uint64_t bytes = 2 * socket_receive_buffer(event_get_fd(&sock->event));
	uint64_t full_ns = bytes / FASTEST_BYTES_PER_NS;

	return (int64_t)(ns < full_ns ? ns : full_ns);
}

static int
set_timer(const struct gathering *gathering, int64_t ns)
{
	struct itimerspec once = { .it_value = { .tv_sec = ns / NS_PER_S,
				       .tv_nsec = ns % NS_PER_S } };

	return timerfd_settime(event_get_fd(&gathering->event), 0, &once, NULL);
}

/* Waits for the socket itself again. */
static void
end(struct gathering *gathering)
{
	if (gathering->waits && event_add(&gathering->sock->event, NULL) == -1)
		(void)set_timer(gathering, OUT_OF_MEMORY_NS);
	else
		gathering->waits = false;
}

void
gathering_wait(struct gathering *gathering, unsigned served)
{
	/*
	 * Where more waits already the socket speaks up itself, as soon as
	 * others had their turn.
	 */
	int64_t ns =
	    gathering->sock->has_more ? 0 : find_wait_ns(gathering->sock);

	if (served == 0 || ns == 0 || set_timer(gathering, ns) == -1) {
		end(gathering);
		return;
	}
	if (!gathering->waits)
		event_del(&gathering->sock->event);
	gathering->waits = true;
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct gathering *gathering = arg;

	(void)fd;
	(void)what;
	gathering_wait(gathering, datagram_wake(gathering->sock));
}

/* The timer is told by its edges, so that it need not be read. */
static struct gathering *
new_timer(struct datagram_socket *sock)
{
	struct gathering *gathering = calloc(1, sizeof(*gathering));
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (gathering == NULL || fd == -1) {
		free(gathering);
		if (fd != -1)
			close(fd);
		return NULL;
	}
	gathering->sock = sock;
	event_assign(&gathering->event, event_get_base(&sock->event), fd,
	    EV_READ | EV_PERSIST | EV_ET, timer_cb, gathering);
	if (event_add(&gathering->event, NULL) == 0)
		return gathering;
	gathering_free(gathering);
	return NULL;
}

struct gathering *
gathering_new(struct datagram_socket *sock)
{
	struct event_base *base = event_get_base(&sock->event);

	if (sock->config.gather_ms == 0 ||
	    socket_transport(event_get_fd(&sock->event)) != TRANSPORT_UDP ||
	    (event_base_get_features(base) & EV_FEATURE_ET) == 0)
		return NULL;
	return new_timer(sock);
}

void
gathering_free(struct gathering *gathering)
{
	if (gathering == NULL)
		return;
	event_del(&gathering->event);
	close(event_get_fd(&gathering->event));
	free(gathering);
}
