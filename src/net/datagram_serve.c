/* SPDX-License-Identifier: ISC */
/* Datagrams on their way: received, guarded, served, answered. */
#include "net/datagram_private.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "net/datagram_answers.h"
#include "net/datagram_batch.h"
#include "net/socket.h"
#include "net/unix_peer.h"

/* Of IPv4 and UDP: what a datagram without data costs on its way. */
#define HEADER_SIZE 28

/* The most that IPv4 carries; an answer is not made longer than this. */
#define ANSWER_SIZE 65507

void
datagram_tell_drops(struct datagram_socket *sock, uint32_t drops)
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

/* The kernel's time of a datagram as clock_now_ns() would tell it. */
static int64_t
read_time(const struct cmsghdr *message)
{
	struct timespec time;

	memcpy(&time, CMSG_DATA(message), sizeof(time));
	return time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

/*
 * Reads what the kernel says beside the data: drops before this datagram, when
 * it came in, and what is returned (NULL: not told): the address it was sent
 * to, or over unix sockets who sent it. IPv4 on a socket for both families
 * tells the address twice, the second time all of it.
 */
static const struct cmsghdr *
read_control(
    struct datagram_socket *sock, struct msghdr *header, int64_t *received_ns)
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
			datagram_tell_drops(sock, drops);
		} else if (message->cmsg_type == SCM_TIMESTAMPNS) {
			*received_ns = read_time(message);
		}
	}
	return told;
}

/* What one batch has in common. */
struct round {
	struct admission *admission; /* NULL: there is nothing to judge by */
	int64_t now_ns, now_ms;      /* of the clock, of the monotonic one */
};

/* Counts and tells a refusal; with `served` it is none. */
static bool
is_refused(struct datagram_socket *sock, const struct datagram *datagram,
    enum guard_reason reason, bool served)
{
	const struct datagram_config *config = &sock->config;

	if (reason == GUARD_PASS)
		return false;
	if (served)
		config->counters->would_refuse[reason]++;
	else
		config->counters->refused[reason]++;
	if (config->handler->refused != NULL)
		config->handler->refused(config->owner, datagram->peer,
		    datagram->peer_len, reason, served);
	return !served;
}

static enum guard_reason
judge_pair(const struct datagram_socket *sock, const struct datagram *datagram,
    const struct round *round)
{
	struct pair_question question = {
		.peer = datagram->peer,
		.local_port = sock->port,
		.data = sock->config.ignores_data ? NULL : datagram->data,
		.len = datagram->len,
		.now_ms = round->now_ms,
	};

	return pair_check(sock->config.pair_rule, &question);
}

/* Judges by what was told of it; what is told only in part is not enough. */
static enum guard_reason
judge(const struct datagram_socket *sock, const struct datagram *datagram,
    const struct msghdr *header, const struct cmsghdr *told,
    const struct round *round)
{
	enum guard_reason reason = GUARD_PASS;

	if (datagram->peer_len == 0 || datagram->peer->sa_family == AF_UNIX)
		return GUARD_PASS;
	if (told != NULL)
		reason = guard_check_destination(told);
	if (reason == GUARD_PASS && (header->msg_flags & MSG_CTRUNC) != 0)
		reason = GUARD_DESTINATION;
	if (reason == GUARD_PASS)
		reason =
		    guard_check_source(datagram->peer, sock->config.loop_ports);
	if (reason == GUARD_PASS)
		reason = judge_pair(sock, datagram, round);
	return reason;
}

/*
 * Whether it may be served. What only looks comes first; log-only concerns who
 * may come in and how fast, never what would harm others.
 */
static bool
is_let_in(struct datagram_socket *sock, const struct datagram *datagram,
    const struct msghdr *header, const struct cmsghdr *told,
    const struct round *round)
{
	struct admission *admission = round->admission;
	const struct sockaddr *peer =
	    datagram->peer_len > 0 ? datagram->peer : NULL;
	bool log_only = admission_is_log_only(admission);
	enum guard_reason reason = GUARD_PASS;

	if (admission != NULL) {
		reason = admission_check_datagram(admission, peer);
		if (is_refused(sock, datagram, reason, log_only))
			return false;
	}
	if (sock->config.answers &&
	    /* half an answer would be a wrong one */
	    ((header->msg_flags & MSG_TRUNC) != 0 ||
		is_refused(sock, datagram,
		    judge(sock, datagram, header, told, round), false)))
		return false;
	if (admission == NULL || reason != GUARD_PASS)
		return true;
	reason = admission_take_datagram(admission, peer, round->now_ms);
	return !is_refused(sock, datagram, reason, log_only);
}

static size_t
answer_size(const struct datagram_socket *sock, size_t len)
{
	size_t size =
	    sock->config.amplification * (len + HEADER_SIZE) - HEADER_SIZE;

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
		(void)is_refused(sock, datagram, GUARD_SOURCE, false);
	} else if (!config->handler->datagram(config->owner, datagram)) {
		config->counters->unanswered++;
		if (held)
			close(fd);
	} else if (datagram->len > datagram->size) {
		(void)is_refused(sock, datagram, GUARD_AMPLIFICATION, false);
		if (held)
			close(fd);
	} else if (held) {
		answers_add_held(
		    batch_header(i), datagram->data, datagram->len, fd);
	} else {
		answers_add(&sock->runs, batch_header(i), datagram->data,
		    datagram->len, sock->wildcard ? told : NULL);
	}
}

static void
serve_one(struct datagram_socket *sock, unsigned i, const struct round *round)
{
	int64_t received_ns = round->now_ns;
	const struct datagram_config *config = &sock->config;
	struct msghdr *header = batch_header(i);
	const struct cmsghdr *told = read_control(sock, header, &received_ns);
	struct datagram datagram = {
		.data = batch_data(i),
		.wire_len = batch_wire_len(i),
		.peer = header->msg_name,
		.peer_len = header->msg_namelen,
		.received_ns = received_ns,
	};
	bool cut = (header->msg_flags & MSG_TRUNC) != 0;

	datagram.len = cut ? DATAGRAM_SIZE : datagram.wire_len;
	datagram.size = answer_size(sock, datagram.len);
	config->counters->received++;
	config->counters->received_bytes += datagram.wire_len;
	config->counters->cut += cut;
	if (!is_let_in(sock, &datagram, header, told, round))
		return;
	if (config->answers)
		serve_asked(sock, i, &datagram, told);
	else
		(void)config->handler->datagram(config->owner, &datagram);
}

static struct round
begin_round(const struct datagram_socket *sock)
{
	struct admission *admission = sock->config.admission;
	struct round round = { .now_ns = clock_now_ns() };

	if (admission_judges_datagrams(admission))
		round.admission = admission;
	if (round.admission != NULL || sock->config.answers)
		round.now_ms = clock_monotonic_ms();
	return round;
}

unsigned
datagram_serve(struct datagram_socket *sock, unsigned rounds)
{
	int fd = event_get_fd(&sock->event), count = BATCH_SIZE;
	unsigned served = 0;

	for (; rounds > 0 && count == BATCH_SIZE; rounds--) {
		struct round round;

		/* An error waits in no queue: the next call is past it. */
		if ((count = batch_receive(fd, sock->control_size)) <= 0)
			break;
		round = begin_round(sock);
		for (unsigned i = 0; i < (unsigned)count; i++)
			serve_one(sock, i, &round);
		answers_send(&sock->runs, fd, sock->config.counters);
		served += (unsigned)count;
	}
	return served;
}
