/* SPDX-License-Identifier: ISC */
/*
 * Sends datagrams to a server on loopback, compares each answer with what was
 * expected, and prints what came of it as one line of JSON.
 *
 * window: each socket keeps --window datagrams in flight.
 * blast: back to back, then the answers are waited for.
 * rate: --rate datagrams a second, in steps of a millisecond.
 * steady: --rate datagrams a second, each by itself when it is due.
 *
 * With --time it sends for no longer, whatever --count is.
 * With --segment a batch passes the kernel as one, both ways, which makes the
 * load faster than most receivers; see load-udp-wire.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "load-udp-wire.h"
#include "load.h"
#include "message.h"

#define EVENTS         64
#define RECEIVE_BUFFER (8 << 20)
#define RATE_STEP_MS   1

struct flow {
	int fd;
	uint32_t id;
	uint64_t total, sent, answered;
	uint64_t oldest;     /* the first that is not answered */
	unsigned char *seen; /* one a datagram: it was answered */
};

struct load {
	struct load_config config;
	struct message_format format;
	struct flow *flows;
	int epoll;
	uint64_t begin_ns, moved_ns; /* start; when the last one came or went */
	uint64_t sent, answered, wrong, repeated, refused;
	struct wire wire;
};

static const char *const modes[] = { "window", "blast", "rate", "steady",
	NULL };

/* An address of 127.0.0.0/8, one here and one there. */
static void
bind_apart(int fd, uint32_t id)
{
	struct sockaddr_in source = { .sin_family = AF_INET };

	/* An odd factor: no two ids have the same. */
	source.sin_addr.s_addr =
	    htonl(127U << 24 | ((id + 1) * 0x9e3779 & 0xffffff));
	if (bind(fd, (struct sockaddr *)&source, sizeof(source)) == -1)
		load_fail("bind");
}

static void
open_flow(struct load *load, struct flow *flow, uint32_t id)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = flow };
	int bytes = RECEIVE_BUFFER;

	flow->id = id;
	flow->total = load_share(&load->config, id);
	flow->seen = load_alloc(load->config.silent ? 1 : flow->total + 1, 1);
	flow->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* As much as the system gives; FORCE takes CAP_NET_ADMIN. */
	setsockopt(flow->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(flow->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (load->config.spread)
		bind_apart(flow->fd, id);
	if (connect(flow->fd, (struct sockaddr *)&load->config.server,
		sizeof(load->config.server)) == -1)
		load_fail("socket");
	wire_enable(&load->wire, flow->fd);
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, flow->fd, &event) == -1)
		load_fail("epoll");
}

static void
open_flows(struct load *load)
{
	uint64_t count = load->config.flows;

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->flows = load_alloc(count, sizeof(*load->flows));
	for (uint64_t i = 0; i < count; i++)
		open_flow(load, &load->flows[i], (uint32_t)i);
}

/* How many datagrams the mode lets this flow send now. */
static uint64_t
allowed(const struct load *load, const struct flow *flow, uint64_t now_ns)
{
	uint64_t left = flow->total - flow->sent, limit = left;

	if (load_is_mode(&load->config, "window")) {
		uint64_t in_flight = flow->sent - flow->answered;

		limit = load->config.window - in_flight;
	} else if (!load_is_mode(&load->config, "blast")) {
		double seconds = (double)(now_ns - load->begin_ns) / 1e9;
		double due = seconds * (double)load->config.rate;

		limit =
		    due > (double)load->sent ? (uint64_t)due - load->sent : 0;
	}
	return limit < left ? limit : left;
}

/* Sends up to one batch of what is allowed; true: there was something. */
static bool
send_batch(struct load *load, struct flow *flow, uint64_t now_ns)
{
	uint64_t count = allowed(load, flow, now_ns);
	int sent;

	if (count > wire_limit(&load->wire))
		count = wire_limit(&load->wire);
	if (count == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		message_write(&load->format, load->wire.data[i], flow->id,
		    (uint32_t)(flow->sent + i));
	sent = wire_send(&load->wire, flow->fd, count);
	if (sent == -1) {
		load->refused++; /* the error is of an earlier datagram */
		return true;
	}
	flow->sent += (uint64_t)sent;
	load->sent += (uint64_t)sent;
	load->moved_ns = now_ns;
	return true;
}

static void
judge(struct load *load, struct flow *flow, const char *data, size_t len)
{
	uint32_t number = (uint32_t)flow->oldest;

	/* Without a number in it, it must be the next one. */
	if (len >= MESSAGE_HEADER_SIZE)
		message_number(&load->format, data, len, &number);
	if (load->config.silent || number >= flow->sent ||
	    len != load->format.size ||
	    !message_is_answer(&load->format, data, 0, len, flow->id, number)) {
		load->wrong++;
		return;
	}
	if (flow->seen[number]) {
		load->repeated++;
		return;
	}
	flow->seen[number] = 1;
	flow->answered++;
	load->answered++;
	while (flow->oldest < flow->sent && flow->seen[flow->oldest])
		flow->oldest++;
}

struct judging {
	struct load *load;
	struct flow *flow;
};

static void
judge_one(void *arg, const char *data, size_t len)
{
	struct judging *judging = arg;

	judge(judging->load, judging->flow, data, len);
}

/* Takes in what has come, up to one batch. */
static void
receive_batch(struct load *load, struct flow *flow)
{
	struct judging judging = { load, flow };
	int received = wire_receive(&load->wire, flow->fd, judge_one, &judging);

	if (received == -1 && errno != EAGAIN && errno != EINTR)
		load->refused++;
	if (received > 0)
		load->moved_ns = load_now_ns();
}

static void
receive_ready(struct load *load, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int ready = epoll_wait(load->epoll, events, EVENTS, wait_ms);

	for (int i = 0; i < ready; i++)
		receive_batch(load, events[i].data.ptr);
}

/* Sends a batch on each flow that may; true: there was something. */
static bool
send_allowed(struct load *load)
{
	uint64_t now_ns = load_now_ns();
	bool any = false;

	for (uint64_t i = 0; i < load->config.flows; i++)
		any |= send_batch(load, &load->flows[i], now_ns);
	return any;
}

/* Lets be what would be sent later than --time allows. */
static void
end_in_time(struct load *load)
{
	uint64_t time_ns = load->config.time_ms * LOAD_NS_PER_MS;

	if (time_ns == 0 || load_now_ns() - load->begin_ns < time_ns)
		return;
	load->config.count = load->sent;
	for (uint64_t i = 0; i < load->config.flows; i++)
		load->flows[i].total = load->flows[i].sent;
}

static bool
is_over(const struct load *load)
{
	uint64_t quiet_ns = load_now_ns() - load->moved_ns;

	if (load->sent == load->config.count &&
	    (load->config.silent || load->answered == load->sent))
		return true;
	return quiet_ns > load->config.wait_ms * LOAD_NS_PER_MS;
}

static void
run(struct load *load)
{
	bool window = load_is_mode(&load->config, "window");
	int rest_ms = (int)load->config.wait_ms;

	if (load_is_mode(&load->config, "rate"))
		rest_ms = RATE_STEP_MS;
	else if (load_is_mode(&load->config, "steady"))
		rest_ms = 0; /* it must not oversleep */

	load->begin_ns = load->moved_ns = load_now_ns();
	while (!is_over(load)) {
		bool more = send_allowed(load) && !window;

		/* Answers are taken in all the time, so that none is lost. */
		receive_ready(load, more ? 0 : rest_ms);
		end_in_time(load);
	}
}

static void
print_result(const struct load *load)
{
	double seconds = (double)(load->moved_ns - load->begin_ns) / 1e9;

	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": %llu, "
	       "\"repeated\": %llu, \"refused\": %llu, \"seconds\": %.6f}\n",
	    (unsigned long long)load->sent, (unsigned long long)load->answered,
	    (unsigned long long)load->wrong, (unsigned long long)load->repeated,
	    (unsigned long long)load->refused, seconds);
}

int
main(int argc, char **argv)
{
	static struct load load;

	load_parse(argc, argv, modes, &load.config);
	message_prepare(&load.format, load.config.size, load.config.upper,
	    load.config.binary);
	wire_prepare(&load.wire, load.config.size, load.config.segment);
	open_flows(&load);
	run(&load);
	print_result(&load);
	message_free(&load.format);
	return 0;
}
