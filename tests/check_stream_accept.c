/* SPDX-License-Identifier: ISC */
/* How often accept4(2) is called: not in vain for each who comes alone. */
#include "net/stream.h"

#include "check_main.h"
#include "check_stream.h"

#define ALONE    330
#define IN_VAIN  20 /* of those */
#define TOGETHER 400
#define STEPS    60 /* of the loop, to take those in */

int __real_accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags);

/* The linker puts it in its place: see --wrap in ld(1). */
int __wrap_accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags);

static unsigned calls;

int
__wrap_accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags)
{
	calls++;
	return __real_accept4(fd, peer, len, flags);
}

static void
hello_open(struct stream *stream)
{
	stream_finish(stream, "hello", 5);
}

static const struct stream_handler hello = { .open = hello_open };

/* One after the other, each of them served before the next one comes. */
static void
come_alone(struct host *host)
{
	for (unsigned i = 0; i < ALONE; i++) {
		struct client client;

		client_open(&client, host);
		HOST_UNTIL(host, client.at_end);
		client_expect(&client, "hello", 5);
		client_close(&client);
	}
}

/* All wait before the first is taken in; returns the steps that this takes. */
static unsigned
come_together(struct host *host)
{
	static struct client clients[TOGETHER];
	unsigned steps = 0, before = host->opened;

	for (size_t i = 0; i < TOGETHER; i++) {
		client_open(&clients[i], host);
		event_del(clients[i].readable);
	}
	for (; host->opened < before + TOGETHER; steps++)
		event_base_loop(host->base, EVLOOP_ONCE);
	for (size_t i = 0; i < TOGETHER; i++)
		client_close(&clients[i]);
	return steps;
}

/* A unix socket has who connected in its queue at once, for certain. */
static void
begin(struct host *host)
{
	char path[NET_PATH_SIZE];

	host_init(host, &hello);
	host_open(host, net_path(path, "unix:", "socket"));
	come_alone(host);
}

START_TEST(test_alone)
{
	struct host host;

	begin(&host);
	ck_assert_uint_le(calls, ALONE + IN_VAIN);
	host_close(&host);
}
END_TEST

/* Those who come together are taken in by batches, after others came alone. */
START_TEST(test_together)
{
	struct host host;

	begin(&host);
	ck_assert_uint_le(come_together(&host), STEPS);
	ck_assert_uint_le(come_together(&host), STEPS);
	host_close(&host);
}
END_TEST

CHECK_MAIN("stream_accept", test_alone, test_together)
