/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes datagrams through the engine, the guard and a service of any type: the
 * kernel is played, so that they may come from anywhere, to anywhere, cut and
 * after losses. Who is answered, and how long, is judged a second time here.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "net/datagram_private.h"
#include "net/pair.h"
#include "fuzz_account.h"
#include "fuzz_guard.h"
#include "fuzz_service.h"

/* The linker puts these in place of the system calls: see --wrap in ld(1). */
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout);
int
__wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int64_t __wrap_clock_monotonic_ms(void);

#define BATCH       64
#define HEADER_SIZE 28   /* of IPv4 and UDP */
#define MAX         4096 /* datagrams of a batch */

/* What was received in this batch, as far as an answer has to fit it. */
struct question {
	unsigned char data[64];
	struct sockaddr_storage peer;
	size_t len;
	bool may_be_answered, is_answered;
};

static struct {
	struct fuzz_input *input;
	const struct service *service;
	unsigned amplification;
	struct question questions[MAX];
	unsigned count, next; /* next: that may have been answered */
	uint64_t answers;
	int64_t now_ms; /* which stands still during a batch */
} kernel;

int64_t
__wrap_clock_monotonic_ms(void)
{
	return kernel.now_ms;
}

/* Any address of any family; its bytes are the input's. */
static void
take_peer(struct msghdr *header)
{
	static const struct {
		sa_family_t family;
		socklen_t len;
	} kinds[] = { { AF_INET, sizeof(struct sockaddr_in) },
		{ AF_INET6, sizeof(struct sockaddr_in6) }, { AF_UNIX, 0 } };
	unsigned kind = fuzz_byte(kernel.input);
	struct sockaddr *peer = header->msg_name;
	socklen_t len = kinds[kind % 3].len;
	const uint8_t *bytes;
	size_t given;

	if (len == 0 && kind / 3 > 0) /* else it has no address */
		len = sizeof(*peer) + kind / 3;
	memset(peer, 0, sizeof(struct sockaddr_storage));
	peer->sa_family = kinds[kind % 3].family;
	given = fuzz_bytes(
	    kernel.input, &bytes, len > 0 ? len - sizeof(sa_family_t) : 0);
	memcpy(peer->sa_data, bytes, given);
	header->msg_namelen = len;
}

/* Appends a control message; as the kernel, only where it fits. */
static void
put_control(struct msghdr *header, size_t room, int level, int type,
    const void *data, size_t len)
{
	char *bytes = header->msg_control;
	struct cmsghdr message = { .cmsg_len = CMSG_LEN(len),
		.cmsg_level = level,
		.cmsg_type = type };

	if (header->msg_controllen + CMSG_SPACE(len) > room) {
		header->msg_flags |= MSG_CTRUNC;
		return;
	}
	bytes += header->msg_controllen;
	memset(bytes, 0, CMSG_SPACE(len));
	memcpy(bytes, &message, sizeof(message));
	memcpy(bytes + CMSG_LEN(0), data, len);
	header->msg_controllen += CMSG_SPACE(len);
}

/* What is told beside it; true: it was not sent to one alone, or who knows. */
static bool
take_control(struct msghdr *header)
{
	size_t room = header->msg_controllen;
	unsigned what = fuzz_byte(kernel.input);
	uint32_t drops = fuzz_byte(kernel.input);
	union {
		unsigned char bytes[sizeof(struct in6_pktinfo)];
		struct in_pktinfo in;
		struct in6_pktinfo in6;
	} to = { .bytes = { 0 } };
	const uint8_t *bytes;
	size_t given;

	header->msg_controllen = 0;
	header->msg_flags = (what & 24) == 24 ? MSG_CTRUNC : 0;
	if ((what & 1) != 0)
		put_control(header, room, SOL_SOCKET, SO_RXQ_OVFL, &drops,
		    sizeof(drops));
	if ((what & 6) == 0)
		return header->msg_flags != 0;
	given = fuzz_bytes(kernel.input, &bytes, sizeof(to));
	memcpy(to.bytes, bytes, given);
	if ((what & 4) != 0) {
		put_control(header, room, IPPROTO_IPV6, IPV6_PKTINFO, &to.in6,
		    sizeof(to.in6));
		return header->msg_flags != 0 ||
		    is_bad_ipv6(to.in6.ipi6_addr.s6_addr);
	}
	put_control(
	    header, room, IPPROTO_IP, IP_PKTINFO, &to.in, sizeof(to.in));
	if (to.in.ipi_spec_dst.s_addr != 0)
		return header->msg_flags != 0 ||
		    to.in.ipi_addr.s_addr != to.in.ipi_spec_dst.s_addr;
	return header->msg_flags != 0 ||
	    is_bad_ipv4((const void *)&to.in.ipi_addr);
}

/* Some bytes, or many of one; true: more than there was room for. */
static bool
take_data(struct mmsghdr *message)
{
	unsigned kind = fuzz_byte(kernel.input);
	char *data = message->msg_hdr.msg_iov->iov_base;
	size_t len = fuzz_byte(kernel.input);
	const uint8_t *bytes;

	if (kind < 240) {
		len = fuzz_bytes(kernel.input, &bytes, len);
		memcpy(data, bytes, len);
	} else {
		len = DATAGRAM_SIZE + 8 - (len << (kind % 4 * 2));
		memset(
		    data, (int)kind, len < DATAGRAM_SIZE ? len : DATAGRAM_SIZE);
	}
	message->msg_len = (unsigned)len;
	if (len <= DATAGRAM_SIZE)
		return false;
	message->msg_hdr.msg_flags |= MSG_TRUNC;
	return true;
}

/* Some messages are runs: tells where they are cut; 0: nowhere. */
static size_t
take_size(struct mmsghdr *message, size_t room)
{
	int size = (int)fuzz_byte(kernel.input) - 127;

	if (size <= 0 || message->msg_len == 0 ||
	    message->msg_len > DATAGRAM_SIZE ||
	    message->msg_len / (unsigned)size >= MAX / BATCH)
		return 0;
	put_control(
	    &message->msg_hdr, room, SOL_UDP, UDP_GRO, &size, sizeof(size));
	return (size_t)size;
}

/* What is asked by a message, or by each datagram of a run. */
static void
note_questions(const struct mmsghdr *message, size_t size, bool is_bad)
{
	const struct msghdr *header = &message->msg_hdr;
	const char *data = header->msg_iov->iov_base;
	size_t left = message->msg_len;

	do {
		struct question *question = &kernel.questions[kernel.count++];
		size_t len = size != 0 && size < left ? size : left;

		question->may_be_answered = !is_bad;
		question->is_answered = false;
		question->len = len;
		memcpy(
		    &question->peer, header->msg_name, sizeof(question->peer));
		memcpy(question->data, data,
		    len < sizeof(question->data) ? len
						 : sizeof(question->data));
		data += len;
		left -= len;
	} while (left > 0);
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout)
{
	static const int64_t pauses_ms[] = { 0, 0, 1, 10, PAIR_ECHO_MS - 1,
		PAIR_ECHO_MS, 1000, PAIR_MUTE_MS };
	unsigned code = fuzz_byte(kernel.input), taken = 0;
	unsigned batch = code % 8 < 7 ? code % 8 : BATCH;

	(void)fd;
	(void)flags;
	(void)timeout;
	REQUIRE(count > 0 && count <= BATCH);
	kernel.count = kernel.next = 0;
	kernel.now_ms += pauses_ms[code / 8 % 8];
	while (taken < batch && taken < count &&
	    kernel.input->at < kernel.input->end) {
		struct mmsghdr *message = &messages[taken++];
		size_t room = message->msg_hdr.msg_controllen;
		bool is_bad = take_control(&message->msg_hdr);
		const struct sockaddr *peer = message->msg_hdr.msg_name;
		size_t size;

		take_peer(&message->msg_hdr);
		is_bad = peer->sa_family == AF_UNIX
		    ? is_bad_peer(peer)
		    : is_bad || is_bad_peer(peer);
		is_bad |= take_data(message);
		size = take_size(message, room);
		note_questions(message, size, is_bad);
	}
	errno = EAGAIN;
	return taken > 0 ? (int)taken : -1;
}

/* An echo is the question, as its type has it. */
static bool
is_echo(const struct question *question, const struct iovec *answer)
{
	const char *name = kernel.service->type->name;
	const unsigned char *bytes = answer->iov_base;
	bool is_upper = strcmp(name, "echo-upper") == 0;

	if (!is_upper && strcmp(name, "echo") != 0)
		return true;
	if (answer->iov_len != question->len)
		return false;
	for (size_t i = 0; i < answer->iov_len && i < sizeof(question->data);
	     i++) {
		unsigned char asked = question->data[i];

		if (is_upper && asked >= 'a' && asked <= 'z')
			asked = (unsigned char)(asked - 'a' + 'A');
		if (bytes[i] != asked)
			return false;
	}
	return true;
}

/* Who may be a server is answered once in a while, and so once in a batch. */
static void
require_first(const struct question *answered)
{
	const struct sockaddr_in *in = (const void *)&answered->peer;
	enum pair_rule rule = (enum pair_rule)kernel.service->common.pair_rule;

	if (answered->peer.ss_family == AF_UNIX || rule == PAIR_OFF ||
	    (rule == PAIR_ON && ntohs(in->sin_port) >= PAIR_CLIENT_PORT))
		return;
	for (const struct question *other = kernel.questions; other < answered;
	     other++)
		REQUIRE(!other->is_answered ||
		    memcmp(&other->peer, &answered->peer,
			sizeof(other->peer)) != 0);
}

/* Answers come in the order of their questions, not all of which have one. */
static void
require_answer(const struct msghdr *answer, const struct iovec *data)
{
	struct question *question;

	do {
		REQUIRE(kernel.next < kernel.count);
		question = &kernel.questions[kernel.next++];
	} while (!question->may_be_answered ||
	    memcmp(&question->peer, answer->msg_name, answer->msg_namelen) !=
		0 ||
	    data->iov_len + HEADER_SIZE >
		kernel.amplification * (question->len + HEADER_SIZE) ||
	    !is_echo(question, data));
	question->is_answered = true;
	require_first(question);
}

/* All of a run but the last are as long as the first, and none is empty. */
static size_t
require_message(const struct msghdr *message)
{
	const struct iovec *data = message->msg_iov;
	size_t len = 0;

	for (size_t i = 0; i < message->msg_iovlen; i++) {
		require_answer(message, &data[i]);
		REQUIRE(i == 0 || data[i - 1].iov_len == data[0].iov_len);
		REQUIRE(i == 0 ||
		    (data[i].iov_len > 0 && data[i].iov_len <= data->iov_len));
		len += data[i].iov_len;
	}
	kernel.answers += message->msg_iovlen;
	return len;
}

/* A run that is not taken comes again, one by one; a single one does not. */
static int
refuse(const struct msghdr *message)
{
	static const int errors[] = { EPERM, EINVAL, EMSGSIZE, EIO };

	if (message->msg_iovlen == 1)
		kernel.next++; /* it is none of those that follow */
	errno = errors[message->msg_iov->iov_len % 4];
	return -1;
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	(void)fd;
	(void)flags;
	if (fuzz_byte(kernel.input) == 255)
		return refuse(message);
	return (ssize_t)require_message(message);
}

int
__wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	unsigned taken = fuzz_byte(kernel.input);

	(void)fd;
	(void)flags;
	REQUIRE(!kernel.service->type->one_way && count <= kernel.count);
	if (taken == 255)
		return refuse(&messages->msg_hdr);
	taken = taken < count ? count - taken : 1;
	for (unsigned i = 0; i < taken; i++)
		messages[i].msg_len =
		    (unsigned)require_message(&messages[i].msg_hdr);
	return (int)taken;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_world world;
	struct fuzz_input input = { data, data + size };

	if (fuzz_world_open(&world, &input) &&
	    world.service->type->datagram != NULL) {
		int family = fuzz_byte(&input) % 2 == 0 ? AF_INET : AF_INET6;
		struct datagram_socket *sock;

		REQUIRE(service_admission_begin(world.service) == 0);
		sock = service_open_datagram(world.service, world.daemon.base,
		    socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), 0);
		REQUIRE(sock != NULL);
		kernel.input = &input;
		kernel.service = world.service;
		kernel.answers = 0;
		/* The pair rule has forgotten those of other inputs. */
		kernel.now_ms += PAIR_MUTE_MS + 1;
		kernel.amplification = world.service->type->amplification;
		if (kernel.amplification == 0)
			kernel.amplification = 1;
		while (input.at < input.end)
			(void)datagram_wake(sock);
		require_counters(world.service, kernel.answers);
		require_limits(world.service);
		require_json(world.service);
		datagram_close(sock, true);
	}
	fuzz_world_close(&world);
	return 0;
}
