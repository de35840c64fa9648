/* SPDX-License-Identifier: ISC */
/*
 * The datagram engine: UDP and unix datagram sockets, received in batches
 * (recvmmsg), guarded, served, answered in batches (sendmmsg) from the address
 * that was asked.
 */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/ports.h"
#include "net/admission.h"
#include "net/guard.h"
#include "net/pair.h"

struct event_base;

/* The most a datagram can carry; a longer one was cut by the kernel. */
#define DATAGRAM_SIZE 65535

/* One datagram on its way through a service. */
struct datagram {
	char *data;
	size_t len;
	size_t size; /* an answer may be this long; a longer one is not sent */
	size_t wire_len; /* as it was sent; above len when it was cut */
	const struct sockaddr *peer;
	socklen_t peer_len; /* 0: the sender has no address */
	/*
	 * When the kernel got it, where the socket tells
	 * (socket_set_kernel_time()); else when its batch was received.
	 */
	int64_t received_ns;
};

/* What the owner of a socket does with its datagrams; NULL: nothing. */
struct datagram_handler {
	/*
	 * Rewrites data up to size and sets len; true: send it back. A len
	 * above size says how long it would be: half of it is not sent.
	 */
	bool (*datagram)(void *owner, struct datagram *datagram);
	/*
	 * The kernel threw datagrams away, after those handed over so far and
	 * before the next one: how many, and where: at which local address,
	 * and, after some came merged (net/datagram_merge.h), that a run of
	 * them was counted as one.
	 */
	void (*lost)(void *owner, const char *where, uint64_t count);
	/* One was refused. */
	guard_refused_fn *refused;
	/* All that came in this wake-up was handed over. */
	void (*batch_end)(void *owner);
	/*
	 * What the owner was told of losses would be gone with the process: the
	 * socket, which may outlive that, does not take them for told yet.
	 */
	bool (*waits)(void *owner);
};

/* Counted since the owner began; a service's sockets share one. */
struct datagram_counters {
	uint64_t received, received_bytes;
	uint64_t answered, answered_bytes;
	uint64_t cut;            /* longer than DATAGRAM_SIZE */
	uint64_t lost;           /* dropped by the kernel, receive queue full */
	uint64_t unanswered;     /* not taken by the kernel */
	uint64_t runs_not_taken; /* by the kernel as one; sent singly */
	uint64_t refused[GUARD_REASONS];
	uint64_t would_refuse[GUARD_REASONS]; /* but for log-only */
};

struct datagram_config {
	const struct datagram_handler *handler;
	void *owner;
	struct datagram_counters *counters;
	struct admission *admission; /* NULL: everybody may come in */
	uint32_t drops;              /* of the kernel's that were told before */
	bool answers; /* false: nothing is sent, the loop guard stands aside */
	/*
	 * Bytes that an answer may have for each of the question, from 1, as
	 * counted by IPv4: both with their headers.
	 */
	unsigned amplification;
	/* More ports whose servers answer anything; NULL: none. */
	const struct ports *loop_ports;
	enum pair_rule pair_rule;
	/* What is asked does not matter, so that it is no sign of a client. */
	bool ignores_data;
	/* Runs may come merged; of those that are dropped each counts as one.
	 */
	bool merges;
	bool kernel_time; /* the socket is one of socket_set_kernel_time() */
	/*
	 * ms; 0: at once. While datagrams come, the next are left to gather for
	 * so long, or until the receive buffer could be full, and served
	 * together: a wake-up costs more than a datagram. The first after a
	 * silence is served at once, and a silent socket costs no wake-ups.
	 * Unix sockets gather nothing: their queues are short.
	 */
	uint64_t gather_ms;
};

struct datagram_socket;

/*
 * Serves a bound, non-blocking socket (see socket_open()), which it owns from
 * then on, also when it fails: NULL, with errno set.
 */
struct datagram_socket *datagram_open(
    struct event_base *base, int fd, const struct datagram_config *config);

/* Serves what the kernel still holds, at most its queue, and nothing after it.
 */
void datagram_stop(struct datagram_socket *sock);

/* Has the socket take the losses for told, if they are not that yet. */
void datagram_note_drops(struct datagram_socket *sock);

/* Whether it has done so. */
bool datagram_is_noted(const struct datagram_socket *sock);

/*
 * Closes it, one that was stopped with a last datagram_note_drops(). With
 * serve, stops it first; else what waits is left to those who have a copy of
 * the socket.
 */
void datagram_close(struct datagram_socket *sock, bool serve);

/* Drops of the kernel's told so far, for who takes over a copy of the socket.
 */
uint32_t datagram_drops(const struct datagram_socket *sock);

/* The descriptor, to be asked for its address or options. */
int datagram_fd(const struct datagram_socket *sock);

#endif
