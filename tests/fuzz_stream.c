/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes connections to a service of any type: they begin, bring segments, are
 * read from or not, end and break off in any order. What comes back must be
 * what the service is there for, and every figure come out even.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/stream_private.h"
#include "fuzz_service.h"

#define CLIENTS      3
#define SEGMENT_MAX  (70 << 10)
#define SENT_MAX     (256 << 10)
#define QUIET_ROUNDS 12

/* The other end of a connection. */
struct client {
	int fd; /* -1: none */
	bool finished;
	size_t sent, got;
	char data[SENT_MAX]; /* what was sent, and may come back */
};

static struct client clients[CLIENTS];
static struct fuzz_world world;
static struct stream_listener *listener;

/* One that nobody connects to: connections are put behind it. */
static void
open_listener(void)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	REQUIRE(bind(fd, (struct sockaddr *)&any, sizeof(sa_family_t)) == 0);
	REQUIRE(listen(fd, 1) == 0);
	listener = service_open_stream(
	    world.service, world.daemon.base, &world.daemon.pool, fd);
	REQUIRE(listener != NULL);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
}

/* All but the first have a system that holds little for them. */
static void
connect_client(struct client *client)
{
	struct sockaddr_un peer = { .sun_family = AF_UNIX };
	int ends[2], little = 1;

	if (client->fd != -1)
		return;
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	if (client != clients)
		(void)setsockopt(
		    ends[1], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	client->fd = ends[0];
	client->finished = false;
	client->sent = client->got = 0;
	stream_begin(
	    listener, ends[1], (struct sockaddr *)&peer, sizeof(sa_family_t));
}

/* A segment of the input's bytes, or a long one of few of them. */
static void
send_segment(struct client *client, struct fuzz_input *input)
{
	static char segment[SEGMENT_MAX];
	size_t len = fuzz_byte(input), times = fuzz_byte(input), size = 0;
	const uint8_t *bytes;
	ssize_t sent;

	len = fuzz_bytes(input, &bytes, len);
	times = times < 200 ? 1 : (times - 199) * 7;
	for (; times > 0 && size + len <= sizeof(segment); times--, size += len)
		memcpy(segment + size, bytes, len);
	if (size > SENT_MAX - client->sent)
		size = SENT_MAX - client->sent;
	sent = send(client->fd, segment, size, MSG_NOSIGNAL);
	if (sent <= 0)
		return;
	memcpy(client->data + client->sent, segment, (size_t)sent);
	client->sent += (size_t)sent;
}

/* What comes back, by the type's name; others may say what they like. */
static void
require_answer(struct client *client, const char *data, size_t len)
{
	const char *name = world.service->type->name;

	if (strcmp(name, "echo") == 0 || strcmp(name, "echo-upper") == 0) {
		char *sent = client->data + client->got;

		REQUIRE(len <= client->sent - client->got);
		if (name[4] != '\0')
			ascii_to_upper(sent, len);
		REQUIRE(memcmp(sent, data, len) == 0);
	} else {
		REQUIRE(strcmp(name, "discard") != 0 &&
		    strcmp(name, "creosote") != 0);
	}
	client->got += len;
}

/* Returns true while something came. */
static bool
read_client(struct client *client)
{
	static char data[64 << 10];
	ssize_t len = recv(client->fd, data, sizeof(data), 0);

	if (len > 0)
		require_answer(client, data, (size_t)len);
	return len > 0;
}

static void
close_client(struct client *client)
{
	if (client->fd != -1)
		close(client->fd);
	client->fd = -1;
}

static void
step(struct client *client, unsigned code, struct fuzz_input *input)
{
	switch (code) {
	case 0:
	case 1:
		connect_client(client);
		break;
	case 2:
	case 3:
	case 4:
		if (client->fd != -1 && !client->finished)
			send_segment(client, input);
		break;
	case 5:
		if (client->fd != -1)
			(void)read_client(client);
		break;
	case 6:
		if (client->fd != -1)
			(void)shutdown(client->fd, SHUT_WR);
		client->finished = true;
		break;
	case 7:
		close_client(client);
		break;
	default:
		event_base_loop(world.daemon.base, EVLOOP_NONBLOCK);
	}
}

/* Until nothing more comes, which chargen never lets happen. */
static void
settle(struct client *client)
{
	bool endless = world.service->type->stream.drain != NULL;

	for (int quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
		event_base_loop(world.daemon.base, EVLOOP_NONBLOCK);
		if (read_client(client) && !endless)
			quiet = 0;
	}
	if (strcmp(world.service->type->name, "echo") == 0)
		REQUIRE(client->got == client->sent);
}

static void
require_counters(const struct stream_counters *counters)
{
	uint64_t closed = 0;

	for (int i = 0; i < STREAM_REASONS; i++)
		closed += counters->closed[i];
	REQUIRE(closed == counters->accepted && counters->open == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	if (fuzz_world_open(&world, &input)) {
		open_listener();
		while (input.at < input.end) {
			unsigned code = fuzz_byte(&input);

			step(&clients[code / 16 % CLIENTS], code % 16, &input);
		}
		for (size_t i = 0; i < CLIENTS; i++)
			if (clients[i].fd != -1)
				settle(&clients[i]);
		stream_listener_free(listener);
		require_counters(&world.service->streams);
		for (size_t i = 0; i < CLIENTS; i++)
			close_client(&clients[i]);
	}
	fuzz_world_close(&world);
	return 0;
}
