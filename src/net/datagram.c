/* SPDX-License-Identifier: ISC */
/*
 * The datagram engine: sockets and when they are served. A wake-up takes up to
 * ROUNDS batches from one socket, so that a flood on it leaves time for the
 * others.
 */
#include "net/datagram.h"

#include <errno.h>
#include <stdlib.h>

#include "net/datagram_batch.h"
#include "net/datagram_private.h"
#include "net/socket.h"

#define ROUNDS 4
#define ENOUGH (ROUNDS * BATCH_SIZE)

/*
 * At a stop: about as many as a queue holds, of those that come singly, and
 * still an end under a flood.
 */
#define LAST_DATAGRAMS 262144

/*
 * True when nothing waits any more; an empty datagram waits, too. Another error
 * than EAGAIN says nothing of that.
 */
static bool
is_drained(int fd)
{
	return recv(fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT) == -1 &&
	    errno == EAGAIN;
}

/*
 * The count that rides on datagrams says nothing of drops after the last of
 * them. Those that were counted before the queue was seen empty belong here.
 */
static void
tell_last_drops(struct datagram_socket *sock)
{
	int fd = event_get_fd(&sock->event);
	uint32_t drops = socket_drops(fd);

	if (drops != sock->drops && is_drained(fd))
		datagram_tell_drops(sock, drops);
}

/* Whoever serves the socket after us goes on from there. */
void
datagram_note_drops(struct datagram_socket *sock)
{
	const struct datagram_handler *handler = sock->config.handler;

	if (datagram_is_noted(sock) ||
	    (handler->waits != NULL && handler->waits(sock->config.owner)))
		return;
	socket_note_drops(event_get_fd(&sock->event), sock->drops);
	sock->noted = sock->drops;
}

bool
datagram_is_noted(const struct datagram_socket *sock)
{
	return sock->noted == sock->drops;
}

unsigned
datagram_wake(struct datagram_socket *sock)
{
	const struct datagram_handler *handler = sock->config.handler;
	unsigned served = datagram_serve(sock, ENOUGH);

	if (handler->lost != NULL)
		tell_last_drops(sock);
	if (handler->batch_end != NULL)
		handler->batch_end(sock->config.owner);
	datagram_note_drops(sock);
	return served;
}

static void
read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct datagram_socket *sock = arg;
	unsigned served = datagram_wake(sock);

	(void)fd;
	(void)what;
	if (sock->gathering != NULL)
		gathering_wait(sock->gathering, served);
}

struct datagram_socket *
datagram_open(
    struct event_base *base, int fd, const struct datagram_config *config)
{
	struct datagram_socket *sock = calloc(1, sizeof(*sock));

	if (sock == NULL) {
		socket_close(fd);
		return NULL;
	}
	sock->config = *config;
	sock->drops = config->drops;
	/* Not what another, who has a copy of it, was told alone. */
	sock->noted = socket_noted_drops(fd);
	sock->port = socket_udp_port(fd);
	sock->wildcard = socket_is_wildcard(fd);
	answers_open_runs(&sock->runs, fd);
	merge_open(
	    &sock->merge, fd, config->merges && config->amplification <= 1);
	sock->control_size = socket_transport(fd) == TRANSPORT_UNIXGRAM
	    ? BATCH_CONTROL_UNIX
	    : BATCH_CONTROL_IP;
	if (config->kernel_time)
		sock->control_size += BATCH_CONTROL_TIME;
	event_assign(
	    &sock->event, base, fd, EV_READ | EV_PERSIST, read_cb, sock);
	if (event_add(&sock->event, NULL) == -1) {
		socket_close(fd);
		free(sock);
		return NULL;
	}
	sock->gathering = gathering_new(sock);
	guard_claim_port(sock->port);
	return sock;
}

static void
serve_last(struct datagram_socket *sock)
{
	const struct datagram_handler *handler = sock->config.handler;
	int fd = event_get_fd(&sock->event);

	sock->merge.is_last = true;
	/* A call may fail, or bring fewer than wait. */
	for (unsigned i = 0; i < LAST_DATAGRAMS && !is_drained(fd);)
		i += 1 + datagram_serve(sock, 1);
	datagram_tell_drops(sock, socket_drops(fd));
	if (handler->batch_end != NULL)
		handler->batch_end(sock->config.owner);
}

static void
end_serving(struct datagram_socket *sock)
{
	guard_release_port(sock->port);
	gathering_free(sock->gathering);
	event_del(&sock->event);
	sock->is_stopped = true;
}

void
datagram_stop(struct datagram_socket *sock)
{
	if (sock->is_stopped)
		return;
	serve_last(sock);
	end_serving(sock);
	datagram_note_drops(sock);
}

void
datagram_close(struct datagram_socket *sock, bool serve)
{
	if (serve)
		datagram_stop(sock);
	if (sock->is_stopped)
		datagram_note_drops(sock);
	else
		end_serving(sock);
	socket_close(event_get_fd(&sock->event));
	free(sock);
}

uint32_t
datagram_drops(const struct datagram_socket *sock)
{
	return sock->drops;
}

int
datagram_fd(const struct datagram_socket *sock)
{
	return event_get_fd(&sock->event);
}
