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

#include "base/address.h"
#include "base/clock.h"
#include "net/socket.h"

#define BATCH  64
#define ROUNDS 4

/* At a stop: more than any queue holds, and still an end under a flood. */
#define LAST_ROUNDS 4096

/* The most that IPv4 carries; an answer is not made longer than this. */
#define ANSWER_SIZE 65507

/* 128 more than a power of two: else all buffers share the same cache sets. */
#define BUFFER_STRIDE (65536 + 128)

struct datagram_socket {
	struct event event;
	struct datagram_config config;
	unsigned port;  /* claimed at the guard; 0: none */
	uint32_t drops; /* of the kernel's, told so far */
	bool wildcard;
	/*
	 * Bytes of control messages taken; 0 of a unix socket, whose senders
	 * would pass descriptors for us to hold.
	 */
	size_t control_size;
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(uint32_t))];
};

/* One set for all sockets: each batch is served before the next is read. */
static struct {
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_data[BATCH], out_data[BATCH];
	union control in_control[BATCH], out_control[BATCH];
	struct sockaddr_storage peer[BATCH];
	unsigned dirty;      /* entries of `in` that recvmmsg has changed */
	size_t control_size; /* that the others are set up for */
	unsigned answers;
	char buffer[BATCH][BUFFER_STRIDE];
} batch;

static void
batch_init(void)
{
	for (unsigned i = 0; i < BATCH; i++) {
		batch.in_data[i].iov_base = batch.buffer[i];
		batch.in_data[i].iov_len = DATAGRAM_SIZE;
		batch.in[i].msg_hdr.msg_iov = &batch.in_data[i];
		batch.in[i].msg_hdr.msg_iovlen = 1;
		batch.in[i].msg_hdr.msg_name = &batch.peer[i];
		batch.in[i].msg_hdr.msg_control = &batch.in_control[i];
	}
	batch.dirty = BATCH;
}

static int
batch_receive(const struct datagram_socket *sock)
{
	int count;

	if (batch.control_size != sock->control_size)
		batch.dirty = BATCH;
	batch.control_size = sock->control_size;
	for (unsigned i = 0; i < batch.dirty; i++) {
		batch.in[i].msg_hdr.msg_namelen = sizeof(batch.peer[i]);
		batch.in[i].msg_hdr.msg_controllen = batch.control_size;
	}
	count = recvmmsg(event_get_fd(&sock->event), batch.in, BATCH,
	    MSG_DONTWAIT | MSG_TRUNC, NULL);
	batch.dirty = count > 0 ? (unsigned)count : 0;
	return count;
}

/* Sends the answers; one that the kernel does not take costs that one alone. */
static void
batch_send(const struct datagram_socket *sock)
{
	struct datagram_counters *counters = sock->config.counters;
	unsigned done = 0;

	while (done < batch.answers) {
		int sent = sendmmsg(event_get_fd(&sock->event),
		    batch.out + done, batch.answers - done, MSG_DONTWAIT);

		if (sent == -1 && errno == EINTR)
			continue;
		if (sent == -1) {
			counters->unanswered++;
			done++;
			continue;
		}
		counters->answered += (unsigned)sent;
		for (int i = 0; i < sent; i++)
			counters->answered_bytes += batch.out[done++].msg_len;
	}
	batch.answers = 0;
}

/* Names the local address that was asked as the one the answer leaves from. */
static void
set_source(struct msghdr *answer, const struct cmsghdr *asked)
{
	struct cmsghdr *message = answer->msg_control;

	memcpy(message, asked, asked->cmsg_len);
	answer->msg_controllen = CMSG_SPACE(asked->cmsg_len - CMSG_LEN(0));
	if (asked->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo *from = (void *)CMSG_DATA(message);

		from->ipi_ifindex = 0; /* the routing table chooses */
		from->ipi_spec_dst = from->ipi_addr;
	} else {
		struct in6_pktinfo *from = (void *)CMSG_DATA(message);

		if (!IN6_IS_ADDR_LINKLOCAL(&from->ipi6_addr))
			from->ipi6_ifindex = 0;
	}
}

static void
batch_answer(const struct datagram_socket *sock, unsigned i, size_t len,
    const struct cmsghdr *asked)
{
	struct msghdr *answer = &batch.out[batch.answers].msg_hdr;
	struct iovec *data = &batch.out_data[batch.answers];

	data->iov_base = batch.buffer[i];
	data->iov_len = len;
	answer->msg_name = batch.in[i].msg_hdr.msg_name;
	answer->msg_namelen = batch.in[i].msg_hdr.msg_namelen;
	answer->msg_iov = data;
	answer->msg_iovlen = 1;
	answer->msg_control = &batch.out_control[batch.answers];
	answer->msg_controllen = 0;
	if (sock->wildcard && asked != NULL)
		set_source(answer, asked);
	batch.answers++;
}

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
 * the address it was sent to, which is returned; NULL: not told.
 */
static const struct cmsghdr *
read_control(struct datagram_socket *sock, struct msghdr *header)
{
	const struct cmsghdr *asked = NULL;

	for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL;
	     message = CMSG_NXTHDR(header, message)) {
		uint32_t drops;

		if (message->cmsg_level != SOL_SOCKET) {
			asked = message;
		} else if (message->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(message), sizeof(drops));
			tell_drops(sock, drops);
		}
	}
	return asked;
}

/* True when the service may answer this datagram; counts why not. */
static bool
may_answer(const struct datagram_socket *sock, const struct datagram *datagram,
    const struct cmsghdr *asked)
{
	enum guard_reason reason = GUARD_PASS;

	if (datagram->wire_len > datagram->len)
		return false; /* half an answer would be a wrong one */
	if (asked != NULL)
		reason = guard_check_destination(asked);
	if (reason == GUARD_PASS && datagram->peer_len != 0)
		reason = guard_check_source(datagram->peer);
	if (reason == GUARD_PASS)
		return true;
	sock->config.counters->refused[reason]++;
	return false;
}

static size_t
answer_size(const struct datagram_socket *sock, size_t len)
{
	size_t size = len + sock->config.answer_extra;

	if (size <= ANSWER_SIZE)
		return size;
	return len > ANSWER_SIZE ? len : ANSWER_SIZE;
}

static void
serve_one(struct datagram_socket *sock, unsigned i, int64_t now_ns)
{
	const struct datagram_config *config = &sock->config;
	struct msghdr *header = &batch.in[i].msg_hdr;
	const struct cmsghdr *asked = read_control(sock, header);
	struct datagram datagram = {
		.data = batch.buffer[i],
		.wire_len = batch.in[i].msg_len,
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
	if (config->answers && !may_answer(sock, &datagram, asked))
		return;
	if (config->handler->datagram(config->owner, &datagram))
		batch_answer(sock, i, datagram.len, asked);
	else if (config->answers)
		config->counters->unanswered++;
}

static void
serve_rounds(struct datagram_socket *sock, unsigned rounds)
{
	int count = BATCH;

	for (; rounds > 0 && count == BATCH; rounds--) {
		int64_t now_ns;

		/* An error waits in no queue: the next call is past it. */
		if ((count = batch_receive(sock)) <= 0)
			break;
		now_ns = clock_now_ns();
		for (unsigned i = 0; i < (unsigned)count; i++)
			serve_one(sock, i, now_ns);
		batch_send(sock);
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
	if (batch.in_data[0].iov_base == NULL)
		batch_init();
	sock->config = *config;
	sock->drops = config->drops;
	sock->wildcard = socket_is_wildcard(fd);
	if (socket_transport(fd) != TRANSPORT_UNIXGRAM)
		sock->control_size = sizeof(union control);
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
