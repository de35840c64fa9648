/* SPDX-License-Identifier: ISC */
/*
 * Sending to one address. Over UDP the kernel tells of what was lost by an
 * error of the socket, which the next call would get in place of sending; so
 * each is fetched from the error queue (IP_RECVERR), where all of them are,
 * each once.
 */
#include "net/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/guard.h"

#define BATCH_SIZE 64

/* Errors read at once; what the kernel may hold of them is bounded, too. */
#define BOUNCES_MAX 4096

/* For so long nobody is asked again who was not there. */
#define REST_MS 100

/* Of the send queue wanted: a batch of the longest datagrams. */
#define SEND_BUFFER (BATCH_SIZE * 65536)

struct outlet {
	struct address address;
	int fd;          /* -1: not open */
	bool is_local;   /* the peer is on this machine */
	int64_t rest_ms; /* until when nobody is there */
	int rest_error;  /* and why; 0: no rest */
};

struct outlet *
outlet_new(const struct address *address)
{
	struct outlet *outlet = calloc(1, sizeof(*outlet));

	if (outlet == NULL)
		return NULL;
	outlet->address = *address;
	outlet->fd = -1;
	return outlet;
}

static void
disconnect(struct outlet *outlet)
{
	if (outlet->fd != -1)
		close(outlet->fd);
	outlet->fd = -1;
}

void
outlet_free(struct outlet *outlet)
{
	if (outlet == NULL)
		return;
	disconnect(outlet);
	free(outlet);
}

static void
set_options(int fd, int family)
{
	int one = 1, size = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ==
	    -1)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (family == AF_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	else if (family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
}

/* True when the kernel sends to the peer from the peer's own address. */
static bool
is_own_address(int fd, const struct address *peer)
{
	struct address own = { .len = sizeof(own.u) };

	if (peer->u.sa.sa_family == AF_INET &&
	    ntohl(peer->u.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
		return true;
	if (getsockname(fd, &own.u.sa, &own.len) == -1)
		return false;
	if (peer->u.sa.sa_family == AF_INET)
		return own.u.in.sin_addr.s_addr == peer->u.in.sin_addr.s_addr ||
		    peer->u.in.sin_addr.s_addr == htonl(INADDR_ANY);
	if (peer->u.sa.sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(
			   &own.u.in6.sin6_addr, &peer->u.in6.sin6_addr) ||
		    IN6_IS_ADDR_UNSPECIFIED(&peer->u.in6.sin6_addr);
	return false;
}

/* 0, or why there is no connection. */
static int
ensure_connection(struct outlet *outlet)
{
	const struct address *peer = &outlet->address;
	int family = peer->u.sa.sa_family, error;

	if (outlet->fd != -1)
		return 0;
	outlet->fd =
	    socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (outlet->fd == -1)
		return errno;
	set_options(outlet->fd, family);
	if (connect(outlet->fd, &peer->u.sa, peer->len) == -1) {
		error = errno;
		disconnect(outlet);
		return error;
	}
	outlet->is_local = is_own_address(outlet->fd, peer);
	return 0;
}

/* Errors of one datagram, or of the moment; all others are of the peer. */
static bool
is_passing(int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR:
	case EMFILE:
	case EMSGSIZE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return true;
	default:
		return false;
	}
}

static void
rest(struct outlet *outlet, int error)
{
	if (error == 0 || is_passing(error))
		return;
	outlet->rest_error = error;
	outlet->rest_ms = clock_monotonic_ms() + REST_MS;
	disconnect(outlet);
}

/*
 * The error of one that was lost; 0: of one that was not taken, which its call
 * told of already; -1: there are no more.
 */
static int
next_bounce(int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct sock_extended_err) +
		    sizeof(struct sockaddr_in6))];
	} control;
	struct msghdr message = { .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct sock_extended_err told;
	struct cmsghdr *header;

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) == -1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_len < CMSG_LEN(sizeof(told)))
		return EIO;
	memcpy(&told, CMSG_DATA(header), sizeof(told));
	return told.ee_origin == SO_EE_ORIGIN_LOCAL ? 0 : (int)told.ee_errno;
}

static void
take_bounces(struct outlet *outlet, struct outlet_result *result)
{
	int error;

	if (outlet->address.transport != TRANSPORT_UDP)
		return;
	for (int i = 0; i < BOUNCES_MAX; i++) {
		if ((error = next_bounce(outlet->fd)) == -1)
			break;
		if (error == 0)
			continue;
		result->bounced++;
		result->bounce_error = error;
	}
}

/* Sends one batch; returns how many were taken, or -1 with errno. */
static int
send_batch(int fd, const struct slice *datagrams, size_t count)
{
	static struct mmsghdr messages[BATCH_SIZE];
	static struct iovec vectors[BATCH_SIZE];

	if (count > BATCH_SIZE)
		count = BATCH_SIZE;
	for (size_t i = 0; i < count; i++) {
		vectors[i].iov_base = (void *)(uintptr_t)datagrams[i].data;
		vectors[i].iov_len = datagrams[i].len;
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	return sendmmsg(
	    fd, messages, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* 0, or why nothing can be sent now. */
static int
prepare(struct outlet *outlet)
{
	int error;

	if (outlet->rest_error != 0) {
		if (clock_monotonic_ms() < outlet->rest_ms)
			return outlet->rest_error;
		outlet->rest_error = 0;
	}
	if ((error = ensure_connection(outlet)) != 0) {
		rest(outlet, error);
		return error;
	}
	if (outlet->is_local &&
	    guard_has_port(address_port(&outlet->address.u.sa)))
		return ELOOP;
	return 0;
}

/*
 * Sends what it can. A unix peer that was restarted is another socket: where
 * the old one refuses, the new one is tried once.
 */
static int
send_all(struct outlet *outlet, const struct slice *datagrams, size_t count,
    struct outlet_result *result)
{
	bool renewed = false;

	while (result->taken < count) {
		int sent = send_batch(outlet->fd, datagrams + result->taken,
		    count - result->taken);
		int error = errno;

		if (sent > 0)
			result->taken += (size_t)sent;
		take_bounces(outlet, result);
		if (result->bounced > 0 && !is_passing(result->bounce_error))
			return result->taken < count ? result->bounce_error : 0;
		if (sent > 0 || error == EINTR)
			continue;
		if (is_passing(error) || renewed)
			return error;
		renewed = true;
		disconnect(outlet);
		if ((error = ensure_connection(outlet)) != 0)
			return error;
	}
	return 0;
}

struct outlet_result
outlet_send(struct outlet *outlet, const struct slice *datagrams, size_t count)
{
	struct outlet_result result = { .error = prepare(outlet) };

	if (count == 0)
		result.error = 0;
	if (result.error != 0 || count == 0)
		return result;
	take_bounces(outlet, &result);
	result.error = send_all(outlet, datagrams, count, &result);
	rest(outlet, result.error);
	rest(outlet, result.bounce_error);
	return result;
}

/* A file in memory that nobody can change any more; -1: errno. */
static int
seal_file(const char *data, size_t len)
{
	int fd = memfd_create("netlabd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;
	ssize_t n = 1;

	while (fd != -1 && done < len && n > 0)
		if ((n = write(fd, data + done, len - done)) > 0)
			done += (size_t)n;
	if (fd != -1 && done == len &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

static int
send_descriptor(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(fd))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS,
			  .cmsg_len = CMSG_LEN(sizeof(fd)) } };
	struct msghdr message = { .msg_control = &control,
		.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == -1
	    ? errno
	    : 0;
}

int
outlet_send_file(struct outlet *outlet, const char *data, size_t len)
{
	int error = prepare(outlet), fd;

	if (error != 0)
		return error;
	if (outlet->address.transport != TRANSPORT_UNIXGRAM)
		return EMSGSIZE;
	if ((fd = seal_file(data, len)) == -1)
		return errno;
	error = send_descriptor(outlet->fd, fd);
	close(fd);
	rest(outlet, error);
	return error;
}
