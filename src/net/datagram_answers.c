/* SPDX-License-Identifier: ISC */
/* Answers on their way out, in runs where they are alike. */
#include "net/datagram_answers.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "net/unix_peer.h"

#define ANSWERS_MAX 256

/* Of one run: as many as every kernel takes, and no more than UDP carries. */
#define RUN_MAX       64
#define RUN_MAX_BYTES 65000

/*
 * Of its datagrams: what an Ethernet carries in one piece. A run of longer ones
 * is seldom taken, and saves nothing: it costs more to cut up than to send
 * singly.
 */
#define RUN_SIZE_MAX 1472

/*
 * Datagrams that go singly before it is seen whether the limit still holds:
 * what is tried in vain costs a hundredth of that.
 */
#define SKIPPED_MAX 8192

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(uint16_t))];
};

/* The message that answers are added to while they are alike. */
struct run {
	const struct msghdr *question; /* NULL: none can be added */
	const struct cmsghdr *source;
	size_t size, bytes;
};

static struct {
	struct mmsghdr messages[ANSWERS_MAX];
	union control control[ANSWERS_MAX];
	struct iovec data[ANSWERS_MAX]; /* one an answer */
	unsigned count, message_count;
	struct run last;
	struct sockaddr_un held_peer[ANSWERS_MAX];
	int held_fd[ANSWERS_MAX];
	unsigned held;
} answers;

void
answers_open_runs(struct answers_runs *runs, int fd)
{
	int size;
	socklen_t len = sizeof(size);

	/* An older kernel would send a run as one long datagram. */
	if (getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &len) == 0)
		runs->limit = RUN_SIZE_MAX;
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

/* Tells the kernel where to cut the last message. */
static void
set_size(struct msghdr *message, size_t size)
{
	struct cmsghdr *end =
	    (void *)((char *)message->msg_control + message->msg_controllen);
	uint16_t value = (uint16_t)size;

	*end = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(value)),
		.cmsg_level = SOL_UDP,
		.cmsg_type = UDP_SEGMENT };
	memcpy(CMSG_DATA(end), &value, sizeof(value));
	message->msg_controllen += CMSG_SPACE(sizeof(value));
}

static struct iovec *
add_data(char *data, size_t len)
{
	struct iovec *vector = &answers.data[answers.count++];

	vector->iov_base = data;
	vector->iov_len = len;
	return vector;
}

/* The next answer in a message of its own. */
static struct msghdr *
add_message(const struct msghdr *question, char *data, size_t len)
{
	struct msghdr *answer =
	    &answers.messages[answers.message_count].msg_hdr;

	answer->msg_name = question->msg_name;
	answer->msg_namelen = question->msg_namelen;
	answer->msg_iov = add_data(data, len);
	answer->msg_iovlen = 1;
	answer->msg_control = &answers.control[answers.message_count];
	answer->msg_controllen = 0;
	answers.message_count++;
	answers.last.question = NULL;
	return answer;
}

/* Whether answers to both go from the same address to the same peer. */
static bool
have_same_ends(const struct run *run, const struct msghdr *question,
    const struct cmsghdr *source)
{
	const struct msghdr *other = run->question;

	if (other == question)
		return true;
	if (other->msg_namelen != question->msg_namelen ||
	    memcmp(other->msg_name, question->msg_name,
		question->msg_namelen) != 0)
		return false;
	if (source == NULL || run->source == NULL)
		return source == run->source;
	return source->cmsg_len == run->source->cmsg_len &&
	    memcmp(source, run->source, source->cmsg_len) == 0;
}

/* Adds the answer to the last message; false: it has to be one of its own. */
static bool
join_run(const struct msghdr *question, char *data, size_t len,
    const struct cmsghdr *source)
{
	struct run *last = &answers.last;
	struct msghdr *message;

	if (last->question == NULL || len == 0 || len > last->size ||
	    last->bytes + len > RUN_MAX_BYTES ||
	    !have_same_ends(last, question, source))
		return false;
	message = &answers.messages[answers.message_count - 1].msg_hdr;
	(void)add_data(data, len);
	if (++message->msg_iovlen == 2)
		set_size(message, last->size);
	last->bytes += len;
	if (len < last->size || message->msg_iovlen == RUN_MAX)
		last->question = NULL;
	return true;
}

/* Whether datagrams of this size may go in runs. */
static bool
may_begin_run(struct answers_runs *runs, size_t len)
{
	if (len == 0 || len > RUN_SIZE_MAX || runs->limit == 0)
		return false;
	if (len <= runs->limit)
		return true;
	if (++runs->skipped < SKIPPED_MAX)
		return false;
	runs->limit = RUN_SIZE_MAX;
	return true;
}

void
answers_add(struct answers_runs *runs, const struct msghdr *question,
    char *data, size_t len, const struct cmsghdr *source)
{
	struct msghdr *answer;

	if (join_run(question, data, len, source))
		return;
	answer = add_message(question, data, len);
	if (source != NULL)
		set_source(answer, source);
	if (may_begin_run(runs, len))
		answers.last = (struct run){ question, source, len, len };
}

void
answers_add_held(
    const struct msghdr *question, char *data, size_t len, int peer_fd)
{
	struct msghdr *answer = add_message(question, data, len);
	struct sockaddr_un *peer = &answers.held_peer[answers.held];

	answers.held_fd[answers.held++] = peer_fd;
	answer->msg_namelen = unix_peer_address(peer_fd, peer);
	answer->msg_name = peer;
}

bool
answers_are_full(void)
{
	return answers.count == ANSWERS_MAX;
}

/* Learns from a run that was not taken; errors of the moment say nothing. */
static void
note_refusal(struct answers_runs *runs, const struct msghdr *run, int error)
{
	size_t size = run->msg_iov[0].iov_len;

	if (error == EIO)
		runs->limit = 0;
	else if (error == EINVAL || error == EMSGSIZE) {
		runs->skipped = 0;
		if (size <= runs->limit)
			runs->limit = size - 1;
	}
}

/* Sends the datagrams of a run that was not taken. */
static void
send_singly(
    int fd, const struct msghdr *run, struct datagram_counters *counters)
{
	struct msghdr single = *run;

	single.msg_iovlen = 1;
	single.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	for (size_t i = 0; i < run->msg_iovlen; i++) {
		ssize_t sent;

		single.msg_iov = &run->msg_iov[i];
		do
			sent = sendmsg(fd, &single, MSG_DONTWAIT);
		while (sent == -1 && errno == EINTR);
		if (sent == -1) {
			counters->unanswered++;
			continue;
		}
		counters->answered++;
		counters->answered_bytes += (size_t)sent;
	}
}

/* What becomes of a message that was not taken: it alone, not the others. */
static void
give_up(struct answers_runs *runs, int fd, const struct msghdr *message,
    struct datagram_counters *counters)
{
	if (message->msg_iovlen > 1) {
		counters->runs_not_taken++;
		note_refusal(runs, message, errno);
		send_singly(fd, message, counters);
	} else {
		counters->unanswered++;
	}
}

static void
send_all(struct answers_runs *runs, int fd, struct datagram_counters *counters)
{
	unsigned done = 0;

	while (done < answers.message_count) {
		struct mmsghdr *messages = &answers.messages[done];
		int sent = sendmmsg(
		    fd, messages, answers.message_count - done, MSG_DONTWAIT);

		if (sent == -1 && errno == EINTR)
			continue;
		if (sent == -1)
			give_up(runs, fd, &messages->msg_hdr, counters);
		for (int i = 0; i < sent; i++) {
			counters->answered += messages[i].msg_hdr.msg_iovlen;
			counters->answered_bytes += messages[i].msg_len;
		}
		done += sent == -1 ? 1 : (unsigned)sent;
	}
}

void
answers_send(
    struct answers_runs *runs, int fd, struct datagram_counters *counters)
{
	send_all(runs, fd, counters);
	answers.count = answers.message_count = 0;
	answers.last.question = NULL;
	while (answers.held > 0)
		close(answers.held_fd[--answers.held]);
}
