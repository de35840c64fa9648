/* SPDX-License-Identifier: ISC */
/*
 * The datagram engine. A wake-up takes up to ROUNDS batches from one socket, so
 * that a flood on it leaves time for the others.
 */
#include "net/datagram.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "net/datagram_batch.h"
#include "net/socket.h"
#include "net/unix_peer.h"

#define ROUNDS 4

/* At a stop: more than any queue holds, and still an end under a flood. */
#define LAST_ROUNDS 4096

/* The most that IPv4 carries; an answer is not made longer than this. */
#define ANSWER_SIZE 65507

struct datagram_socket {
	struct event event;
	struct datagram_config config;
	unsigned port;  /* claimed at the guard; 0: none */
	uint32_t drops; /* of the kernel's, told so far */
	uint32_t noted; /* of those, what the socket remembers */
	bool wildcard;
	size_t control_size; /* bytes of control messages taken */
};

/* Tells the owner what the kernel dropped since it was told last. */
static void
tell_drops(struct datagram_socket *sock, uint32_t drops)
{
	const struct datagram_handler *handler = sock->config.handler;
	int32_t lost = (int32_t)(drops - sock->drops);
	char local[ADDRESS_TEXT_SIZE];

	if (lost <= 0)
		return;
	sock->drops = drops;
	sock->config.counters->lost += (uint32_t)lost;
	if (handler->lost == NULL)
		return;
	socket_format_local(event_get_fd(&sock->event), local);
	handler->lost(sock->config.owner, local, (uint32_t)lost);
}

/*
 * Reads what the kernel says beside the data: drops before this datagram, and
 * what is returned (NULL: not told): the address it was sent to, or over unix
 * sockets who sent it.
 */
static const struct cmsghdr *
read_control(struct datagram_socket *sock, struct msghdr *header)
{
	const struct cmsghdr *told = NULL;

	for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL;
	     message = CMSG_NXTHDR(header, message)) {
		uint32_t drops;

		if (message->cmsg_level != SOL_SOCKET ||
		    message->cmsg_type == SCM_CREDENTIALS) {
			told = message;
		} else if (message->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(message), sizeof(drops));
			tell_drops(sock, drops);
		}
	}
	return told;
}

static bool
is_refused(struct datagram_socket *sock, const struct datagram *datagram,
    enum guard_reason reason)
{
	const struct datagram_config *config = &sock->config;

	if (reason == GUARD_PASS)
		return false;
	config->counters->refused[reason]++;
	if (config->handler->refused != NULL)
		config->handler->refused(config->owner, datagram, reason);
	return true;
}

/* Judges by what was told of it; what is told only in part is not enough. */
static enum guard_reason
judge(const struct datagram *datagram, const struct msghdr *header,
    const struct cmsghdr *told)
{
	enum guard_reason reason = GUARD_PASS;

	if (datagram->peer_len == 0 || datagram->peer->sa_family == AF_UNIX)
		return GUARD_PASS;
	if (told != NULL)
		reason = guard_check_destination(told);
	if (reason == GUARD_PASS && (header->msg_flags & MSG_CTRUNC) != 0)
		reason = GUARD_DESTINATION;
	if (reason == GUARD_PASS)
		reason = guard_check_source(datagram->peer);
	return reason;
}

static size_t
answer_size(const struct datagram_socket *sock, size_t len)
{
	size_t size = len + sock->config.answer_extra;

	if (size <= ANSWER_SIZE)
		return size;
	return len > ANSWER_SIZE ? len : ANSWER_SIZE;
}

/* Serves and answers a datagram that may be answered. */
static void
serve_asked(struct datagram_socket *sock, unsigned i, struct datagram *datagram,
    const struct cmsghdr *told)
{
	const struct datagram_config *config = &sock->config;
	bool held = unix_peer_is_path(datagram->peer, datagram->peer_len);
	int fd = held ? unix_peer_open(datagram->peer, datagram->peer_len, told)
		      : -1;

	if (held && fd == -1) {
		(void)is_refused(sock, datagram, GUARD_SOURCE);
	} else if (!config->handler->datagram(config->owner, datagram)) {
		config->counters->unanswered++;
		if (held)
			close(fd);
	} else if (held) {
		batch_answer_held(i, datagram->len, fd);
	} else {
		batch_answer(i, datagram->len, sock->wildcard ? told : NULL);
	}
}

static void
serve_one(struct datagram_socket *sock, unsigned i, int64_t now_ns)
{
	const struct datagram_config *config = &sock->config;
	struct msghdr *header = batch_header(i);
	const struct cmsghdr *told = read_control(sock, header);
	struct datagram datagram = {
		.data = batch_data(i),
		.wire_len = batch_wire_len(i),
		.peer = header->msg_name,
		.peer_len = header->msg_namelen,
		.received_ns = now_ns,
	};
	bool cut = (header->msg_flags & MSG_TRUNC) != 0;

	datagram.len = cut ? DATAGRAM_SIZE : datagram.wire_len;
	datagram.size = answer_size(sock, datagram.len);
	config->counters->received++;
	config->counters->received_bytes += datagram.wire_len;
	config->counters->cut += cut;
	if (!config->answers)
		(void)config->handler->datagram(config->owner, &datagram);
	else if (!cut && /* half an answer would be a wrong one */
	    !is_refused(sock, &datagram, judge(&datagram, header, told)))
		serve_asked(sock, i, &datagram, told);
}

static void
serve_rounds(struct datagram_socket *sock, unsigned rounds)
{
	int fd = event_get_fd(&sock->event), count = BATCH_SIZE;

	for (; rounds > 0 && count == BATCH_SIZE; rounds--) {
		int64_t now_ns;

		/* An error waits in no queue: the next call is past it. */
		if ((count = batch_receive(fd, sock->control_size)) <= 0)
			break;
		now_ns = clock_now_ns();
		for (unsigned i = 0; i < (unsigned)count; i++)
			serve_one(sock, i, now_ns);
		batch_send(fd, sock->config.counters);
	}
}

/* True when nothing waits any more; an empty datagram waits, too. */
static bool
is_drained(int fd)
{
	return recv(fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT) == -1;
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
		tell_drops(sock, drops);
}

/* Whoever serves the socket after us goes on from there. */
static void
note_drops(struct datagram_socket *sock)
{
	if (sock->noted != sock->drops)
		socket_note_drops(event_get_fd(&sock->event), sock->drops);
	sock->noted = sock->drops;
}

static void
read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct datagram_socket *sock = arg;
	const struct datagram_handler *handler = sock->config.handler;

	(void)fd;
	(void)what;
	serve_rounds(sock, ROUNDS);
	if (handler->lost != NULL)
		tell_last_drops(sock);
	if (handler->batch_end != NULL)
		handler->batch_end(sock->config.owner);
	note_drops(sock);
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
	sock->noted = config->drops;
	sock->wildcard = socket_is_wildcard(fd);
	sock->control_size = socket_transport(fd) == TRANSPORT_UNIXGRAM
	    ? BATCH_CONTROL_UNIX
	    : BATCH_CONTROL_IP;
	event_assign(
	    &sock->event, base, fd, EV_READ | EV_PERSIST, read_cb, sock);
	if (event_add(&sock->event, NULL) == -1) {
		socket_close(fd);
		free(sock);
		return NULL;
	}
	sock->port = socket_udp_port(fd);
	guard_claim_port(sock->port);
	return sock;
}

static void
serve_last(struct datagram_socket *sock)
{
	const struct datagram_handler *handler = sock->config.handler;

	serve_rounds(sock, LAST_ROUNDS);
	tell_drops(sock, socket_drops(event_get_fd(&sock->event)));
	if (handler->batch_end != NULL)
		handler->batch_end(sock->config.owner);
	note_drops(sock);
}

void
datagram_close(struct datagram_socket *sock, bool serve)
{
	if (serve)
		serve_last(sock);
	guard_release_port(sock->port);
	event_del(&sock->event);
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
