/* SPDX-License-Identifier: ISC */
/* Datagrams on their way: received, guarded, served, answered. */
#include "net/datagram_private.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/datagram_answers.h"
#include "net/datagram_batch.h"
#include "net/unix_peer.h"

/* Of IPv4 and UDP: what a datagram without data costs on its way. */
#define HEADER_SIZE 28

/* The most that IPv4 carries; an answer is not made longer than this. */
#define ANSWER_SIZE 65507

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
    const struct message *message, const struct round *round)
{
	enum guard_reason reason = GUARD_PASS;

	if (datagram->peer_len == 0 || datagram->peer->sa_family == AF_UNIX)
		return GUARD_PASS;
	if (message->told != NULL)
		reason = guard_check_destination(message->told);
	if (reason == GUARD_PASS &&
	    (message->header->msg_flags & MSG_CTRUNC) != 0)
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
    const struct message *message, const struct round *round)
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
	    (datagram->wire_len > datagram->len ||
		is_refused(sock, datagram,
		    judge(sock, datagram, message, round), false)))
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

static void
send_answers(struct datagram_socket *sock)
{
	answers_send(
	    &sock->runs, event_get_fd(&sock->event), sock->config.counters);
}

/* Serves and answers a datagram that may be answered. */
static void
serve_asked(struct datagram_socket *sock, const struct message *message,
    struct datagram *datagram)
{
	const struct datagram_config *config = &sock->config;
	bool held = unix_peer_is_path(datagram->peer, datagram->peer_len);
	int fd = held
	    ? unix_peer_open(datagram->peer, datagram->peer_len, message->told)
	    : -1;

	/* Runs may be more than a batch has room for. */
	if (answers_are_full())
		send_answers(sock);
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
		    message->header, datagram->data, datagram->len, fd);
	} else {
		answers_add(&sock->runs, message->header, datagram->data,
		    datagram->len, sock->wildcard ? message->told : NULL);
	}
}

/* Serves one datagram, of which `there` bytes at the most were received. */
static void
serve_one(struct datagram_socket *sock, const struct message *message,
    const struct round *round, char *data, size_t wire_len, size_t there)
{
	const struct datagram_config *config = &sock->config;
	struct datagram datagram = {
		.data = data,
		.len = wire_len < there ? wire_len : there,
		.wire_len = wire_len,
		.peer = message->header->msg_name,
		.peer_len = message->header->msg_namelen,
		.received_ns = message->received_ns,
	};

	datagram.size = answer_size(sock, datagram.len);
	config->counters->received++;
	config->counters->received_bytes += wire_len;
	config->counters->cut += wire_len > there;
	if (!is_let_in(sock, &datagram, message, round))
		return;
	if (config->answers)
		serve_asked(sock, message, &datagram);
	else
		(void)config->handler->datagram(config->owner, &datagram);
}

/*
 * Serves one of a run, at that place of its message. An answer that may be
 * longer than the question would overwrite the next one.
 */
static void
serve_part(struct datagram_socket *sock, const struct message *message,
    const struct round *round, size_t at, size_t wire_len)
{
	size_t there = at < DATAGRAM_SIZE ? DATAGRAM_SIZE - at : 0;
	char *data = message->data + (DATAGRAM_SIZE - there);
	bool is_apart = sock->config.amplification > 1;

	if (is_apart)
		data = memcpy(
		    batch_spare(), data, wire_len < there ? wire_len : there);
	serve_one(sock, message, round, data, wire_len, there);
	if (is_apart)
		send_answers(sock);
}

/* Serves a message: one datagram or a run. Returns how many it were. */
static unsigned
serve_message(
    struct datagram_socket *sock, unsigned i, const struct round *round)
{
	size_t total = batch_wire_len(i);
	struct message message = {
		.header = batch_header(i),
		.data = batch_data(i),
		.received_ns = round->now_ns,
	};
	unsigned served = 0;

	datagram_read_control(sock, &message);
	if (message.size == 0 || message.size >= total) {
		serve_one(
		    sock, &message, round, message.data, total, DATAGRAM_SIZE);
		return 1;
	}
	for (size_t at = 0; at < total; at += message.size, served++)
		serve_part(sock, &message, round, at,
		    total - at < message.size ? total - at : message.size);
	return served;
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

/* Serves and answers what was received. Returns how many datagrams it were. */
static unsigned
serve_batch(struct datagram_socket *sock, unsigned count)
{
	struct round round = begin_round(sock);
	unsigned served = 0;

	for (unsigned i = 0; i < count; i++)
		served += serve_message(sock, i, &round);
	send_answers(sock);
	merge_note(&sock->merge, event_get_fd(&sock->event), count, served);
	return served;
}

unsigned
datagram_serve(struct datagram_socket *sock, unsigned enough)
{
	int fd = event_get_fd(&sock->event), count;
	unsigned limit, served = 0;

	do {
		limit = merge_limit(&sock->merge);
		count = batch_receive(fd, limit, sock->control_size);
		/* An error waits in no queue: the next call is past it. */
		if (count > 0)
			served += serve_batch(sock, (unsigned)count);
	} while (count == (int)limit && served < enough);
	sock->has_more = count == (int)limit;
	return served;
}
