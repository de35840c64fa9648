/* SPDX-License-Identifier: ISC */
/*
 * TCP echo as libevent's own means make it: a bufferevent a connection, whose
 * input is moved to its output, with time-outs. No limit program: what most
 * programs that use libevent do, to be compared with what netlabd does.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "limit.h"

#define IDLE_S 600 /* as netlabd's idle-timeout */

static void
read_cb(struct bufferevent *connection, void *unused)
{
	(void)unused;
	evbuffer_add_buffer(bufferevent_get_output(connection),
	    bufferevent_get_input(connection));
}

static void
event_cb(struct bufferevent *connection, short what, void *unused)
{
	(void)unused;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		bufferevent_free(connection);
}

static void
accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int peer_len, void *unused)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct bufferevent *connection =
	    bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	struct timeval idle = { .tv_sec = IDLE_S };
	int on = 1;

	(void)peer;
	(void)peer_len;
	(void)unused;
	/* Else it would wait for acknowledgements, as netlabd does not. */
	if (connection == NULL ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		limit_fail("bufferevent");
	bufferevent_setcb(connection, read_cb, NULL, event_cb, NULL);
	bufferevent_set_timeouts(connection, &idle, &idle);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int
main(void)
{
	struct event_base *base = event_base_new();
	int fd = limit_open(SOCK_STREAM);

	signal(SIGPIPE, SIG_IGN);
	/* A backlog of 0: it listens already. */
	if (base == NULL ||
	    evconnlistener_new(
		base, accept_cb, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, fd) == NULL)
		limit_fail("libevent");
	limit_announce(fd);
	return event_base_dispatch(base);
}
