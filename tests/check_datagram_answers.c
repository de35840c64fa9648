/* SPDX-License-Identifier: ISC */
/* Which answers go as a run, and what becomes of runs that are not taken. */
#include "net/datagram_answers.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "check_main.h"
#include "check_net.h"

#define SENT_MAX 1024

/* What the kernel was given, and what it says. */
static struct {
	char shape[SENT_MAX]; /* "3x100+50 1x7": see note_message() */
	struct {
		size_t len;
		const char *data;
		unsigned port;
	} datagrams[SENT_MAX];
	size_t count, calls;
	int error;        /* of messages that are runs; 0: they are taken */
	size_t error_min; /* of datagrams at least so long */
	int single_error; /* of single ones */
	struct cmsghdr source;
} kernel;

int
__wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

/* Where a message is to be cut; 0: nowhere. */
static size_t
size_of(const struct msghdr *message)
{
	size_t size = 0;

	for (struct cmsghdr *told = CMSG_FIRSTHDR(message); told != NULL;
	     told = CMSG_NXTHDR((struct msghdr *)(uintptr_t)message, told)) {
		uint16_t value;

		if (told->cmsg_level != SOL_UDP) {
			kernel.source = *told;
			continue;
		}
		ck_assert_int_eq(told->cmsg_type, UDP_SEGMENT);
		ck_assert_uint_eq(told->cmsg_len, CMSG_LEN(sizeof(value)));
		memcpy(&value, CMSG_DATA(told), sizeof(value));
		size = value;
	}
	return size;
}

/* Cuts it up as the kernel would, and notes "datagrams x size + last". */
static void
note_message(const struct msghdr *message)
{
	size_t size = size_of(message), len = 0;
	char *end = kernel.shape + strlen(kernel.shape);
	const struct sockaddr_in *peer = message->msg_name;

	for (size_t i = 0; i < message->msg_iovlen; i++) {
		const struct iovec *data = &message->msg_iov[i];

		len = data->iov_len;
		ck_assert_uint_lt(kernel.count, SENT_MAX);
		kernel.datagrams[kernel.count].port = ntohs(peer->sin_port);
		kernel.datagrams[kernel.count].data = data->iov_base;
		kernel.datagrams[kernel.count++].len = len;
		/* else the cuts would be elsewhere */
		if (i + 1 < message->msg_iovlen)
			ck_assert_uint_eq(len, size);
	}
	ck_assert_int_eq(size == 0, message->msg_iovlen == 1);
	end += sprintf(end, "%s%zux%zu", end == kernel.shape ? "" : " ",
	    message->msg_iovlen, message->msg_iov[0].iov_len);
	if (len != message->msg_iov[0].iov_len)
		sprintf(end, "+%zu", len);
}

static ssize_t
take(const struct msghdr *message)
{
	size_t len = 0;

	if (message->msg_iovlen > 1 &&
	    message->msg_iov[0].iov_len >= kernel.error_min)
		errno = kernel.error;
	else
		errno = message->msg_iovlen > 1 ? 0 : kernel.single_error;
	if (errno != 0)
		return -1;
	note_message(message);
	for (size_t i = 0; i < message->msg_iovlen; i++)
		len += message->msg_iov[i].iov_len;
	return (ssize_t)len;
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	ck_assert_int_eq(fd, 7);
	ck_assert_int_eq(flags, MSG_DONTWAIT);
	kernel.calls++;
	return take(message);
}

int
__wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	int taken = 0;

	ck_assert_int_eq(fd, 7);
	ck_assert_int_eq(flags, MSG_DONTWAIT);
	kernel.calls++;
	for (unsigned i = 0; i < count; i++) {
		ssize_t len = take(&messages[i].msg_hdr);

		if (len == -1)
			break;
		messages[i].msg_len = (unsigned)len;
		taken++;
	}
	return taken > 0 ? taken : -1;
}

/* A question of a peer that is known by its port. */
struct question {
	struct sockaddr_in peer;
	struct msghdr header;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} asked;
};

static char buffer[SENT_MAX * 64];

/*
 * Answers of the sizes in text ("100 100 50"); "@P" is of the peer at port P
 * from then on, "/A" was sent to the address 127.0.0.A.
 */
static void
answer(struct answers_runs *runs, const char *text,
    struct datagram_counters *counters)
{
	static struct question questions[SENT_MAX];
	unsigned port = 5000, asked = 0;

	for (size_t i = 0; *text != '\0'; text += strspn(text, " ")) {
		struct question *question = &questions[i];
		char kind = *text;
		size_t number = strtoul(
		    text + (kind == '@' || kind == '/'), (char **)&text, 10);
		struct in_pktinfo to = { .ipi_addr.s_addr = htonl(0x7f000000 +
					     (asked == 0 ? 1 : asked)) };

		if (kind == '@')
			port = (unsigned)number;
		if (kind == '/')
			asked = (unsigned)number;
		if (kind == '@' || kind == '/')
			continue;
		*question = (struct question){ .peer.sin_family = AF_INET,
			.peer.sin_port = htons((uint16_t)port) };
		question->header.msg_name = &question->peer;
		question->header.msg_namelen = sizeof(question->peer);
		question->asked.header = (struct cmsghdr){ CMSG_LEN(sizeof(to)),
			IPPROTO_IP, IP_PKTINFO };
		memcpy(CMSG_DATA(&question->asked.header), &to, sizeof(to));
		answers_add(runs, &question->header, buffer + i, number,
		    asked == 0 ? NULL : &question->asked.header);
		i++;
	}
	answers_send(runs, 7, counters);
}

/* n times the word. */
static const char *
repeat(unsigned n, const char *word, const char *rest)
{
	static char text[SENT_MAX * 8];

	text[0] = '\0';
	while (n-- > 0)
		strcat(text, word);
	return strcat(text, rest);
}

static void
expect(const char *sizes, const char *shape)
{
	struct answers_runs runs = { .limit = 1472 };
	struct datagram_counters counters = { 0 };

	memset(&kernel, 0, sizeof(kernel));
	answer(&runs, sizes, &counters);
	ck_assert_msg(strcmp(kernel.shape, shape) == 0, "%s: %s, not %s", sizes,
	    kernel.shape, shape);
	ck_assert_uint_eq(counters.answered, kernel.count);
	for (size_t i = 0; i < kernel.count; i++) {
		ck_assert_ptr_eq(kernel.datagrams[i].data, buffer + i);
		counters.answered_bytes -= kernel.datagrams[i].len;
	}
	ck_assert_uint_eq(counters.answered_bytes, 0);
	ck_assert_uint_eq(counters.unanswered, 0);
	ck_assert_uint_eq(kernel.calls, 1);
	ck_assert_uint_eq(counters.runs_not_taken, 0);
}

START_TEST(test_runs)
{
	static const struct {
		const char *sizes, *shape;
	} table[] = {
		{ "100", "1x100" },
		{ "100 100", "2x100" },
		{ "100 100 100", "3x100" },
		/* only the last may be shorter */
		{ "100 50", "2x100+50" },
		{ "100 100 50 50", "3x100+50 1x50" },
		{ "100 50 100", "2x100+50 1x100" },
		{ "50 100", "1x50 1x100" },
		{ "50 100 100 50", "1x50 3x100+50" },
		{ "100 1 1 1", "2x100+1 2x1" },
		/* an empty one would be none */
		{ "0", "1x0" },
		{ "0 0", "1x0 1x0" },
		{ "100 0", "1x100 1x0" },
		{ "0 100 100 0 100", "1x0 2x100 1x0 1x100" },
		/* of one peer, in its order */
		{ "@5000 9 9 @5001 9 9 9 @5000 9", "2x9 3x9 1x9" },
		{ "@5000 9 @5001 9 @5000 9", "1x9 1x9 1x9" },
		/* from one address */
		{ "/1 9 9 /2 9 9 9 /1 9", "2x9 3x9 1x9" },
		{ "/1 9 9 /0 9 9 9 /1 9", "2x9 3x9 1x9" },
		/* of what a network carries in one piece */
		{ "1472 1472 1", "3x1472+1" },
		{ "1473 1473 1", "1x1473 1x1473 1x1" },
		{ "1473 1472 1", "1x1473 2x1472+1" },
		{ "65507 65507 10", "1x65507 1x65507 1x10" },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		expect(table[i].sizes, table[i].shape);
}
END_TEST

START_TEST(test_longest_runs)
{
	expect(repeat(64, "8 ", ""), "64x8");
	expect(repeat(65, "8 ", ""), "64x8 1x8");
	expect(repeat(63, "8 ", "7 7"), "64x8+7 1x7");
	expect(repeat(64, "8 ", "7"), "64x8 1x7");
	expect(repeat(46, "1413 ", "2"), "47x1413+2");
	expect(repeat(46, "1413 ", "3"), "46x1413 1x3");
}
END_TEST

/* Full is what has no room for one more, and it can be sent in between. */
START_TEST(test_full)
{
	struct answers_runs runs = { .limit = 1472 };
	struct datagram_counters counters = { 0 };
	struct sockaddr_in peer = { .sin_family = AF_INET };
	struct msghdr question = { .msg_name = &peer,
		.msg_namelen = sizeof(peer) };
	unsigned count = 0;

	memset(&kernel, 0, sizeof(kernel));
	while (!answers_are_full() && ++count < SENT_MAX)
		answers_add(&runs, &question, buffer, 5, NULL);
	ck_assert_uint_ge(count, 64);
	ck_assert_uint_lt(count, SENT_MAX);
	answers_send(&runs, 7, &counters);
	ck_assert(!answers_are_full());
	answers_add(&runs, &question, buffer, 5, NULL);
	answers_send(&runs, 7, &counters);
	ck_assert_uint_eq(counters.answered, count + 1);
	ck_assert_uint_eq(kernel.count, count + 1);
}
END_TEST

/* They go one by one: each once, in order, to whom and from where they belong.
 Returns how many runs were not taken.
 */
static uint64_t
refuse(struct answers_runs *runs, int error, size_t min, const char *sizes,
    const char *shape)
{
	struct datagram_counters counters = { 0 };

	memset(&kernel, 0, sizeof(kernel));
	kernel.error = error;
	kernel.error_min = min;
	answer(runs, sizes, &counters);
	ck_assert_msg(strcmp(kernel.shape, shape) == 0, "%s: %s, not %s", sizes,
	    kernel.shape, shape);
	for (size_t i = 0; i < kernel.count; i++)
		ck_assert_ptr_eq(kernel.datagrams[i].data, buffer + i);
	ck_assert_uint_eq(counters.answered, kernel.count);
	ck_assert_uint_eq(counters.unanswered, 0);
	return counters.runs_not_taken;
}

START_TEST(test_no_runs)
{
	struct answers_runs runs = { .limit = 1472 };

	ck_assert_uint_eq(refuse(&runs, EIO, 0, "/3 9 9 /0 8 8 7 5",
			      "1x9 1x9 1x8 1x8 1x7 1x5"),
	    2);
	ck_assert_int_eq(kernel.source.cmsg_type, IP_PKTINFO);
	for (int i = 0; i < 10000; i++) {
		refuse(&runs, 0, 0, "9 9 9", "1x9 1x9 1x9");
		ck_assert_uint_eq(kernel.calls, 1);
	}
}
END_TEST

/* One of many longer runs is tried, and refused again. */
static void
wait_for_a_try(struct answers_runs *runs, int error)
{
	unsigned tries = 0;

	while (++tries < 100000 &&
	    refuse(runs, error, 1401, "1472 1472 0 9 9",
		"1x1472 1x1472 1x0 2x9") == 0)
		continue;
	ck_assert_uint_gt(tries, 1000);
	ck_assert_uint_lt(tries, 100000);
	ck_assert_uint_eq(kernel.calls, 4);
}

/* Shorter ones still go in runs, and longer ones are tried again, seldom. */
START_TEST(test_longer_than_the_way_takes)
{
	static const int errors[] = { EINVAL, EMSGSIZE };

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct answers_runs runs = { .limit = 1472 };

		refuse(&runs, errors[i], 1401, "1472 1472 9 1400 1400",
		    "1x1472 1x1472 1x9 2x1400");
		for (int again = 0; again < 2; again++)
			wait_for_a_try(&runs, errors[i]);
	}
}
END_TEST

/* What is of the moment is not held against runs. */
START_TEST(test_full_queue)
{
	struct answers_runs runs = { .limit = 1472 };
	struct datagram_counters counters = { 0 };

	refuse(&runs, ENOBUFS, 0, "9 9", "1x9 1x9");
	refuse(&runs, 0, 0, "9 9", "2x9");
	memset(&kernel, 0, sizeof(kernel));
	kernel.error = kernel.single_error = EAGAIN;
	answer(&runs, "9 9 9 @7 8", &counters);
	ck_assert_uint_eq(counters.answered, 0);
	ck_assert_uint_eq(counters.unanswered, 4);
	refuse(&runs, 0, 0, "9 9", "2x9");
}
END_TEST

/* Where the kernel has none of it, or the socket is of another kind. */
START_TEST(test_open)
{
	struct answers_runs runs = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	answers_open_runs(&runs, fd);
	close(fd);
	ck_assert_uint_eq(runs.limit, 0);
	refuse(&runs, 0, 0, "9 9", "1x9 1x9");
}
END_TEST

CHECK_MAIN("datagram_answers", test_runs, test_longest_runs, test_full,
    test_no_runs, test_longer_than_the_way_takes, test_full_queue, test_open)
