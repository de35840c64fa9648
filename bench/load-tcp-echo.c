/* SPDX-License-Identifier: ISC */
/*
 * Connections that keep a window of messages in flight. What is to be sent, and
 * what is to come back, follows from the position in the stream, so nothing is
 * kept but two positions a connection.
 */
#include "load-tcp-echo.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

#define EVENTS      64
#define BUFFER_SIZE (4 << 20)

struct connection {
	int fd;
	uint32_t id;
	uint64_t total;    /* messages to send */
	uint64_t sent;     /* bytes */
	uint64_t received; /* bytes */
	bool is_wrong;     /* something of the present answer was */
	bool is_closed;
};

struct echo {
	const struct load_config *config;
	struct message_format format;
	struct connection *connections;
	int epoll;
	uint64_t left; /* messages that are not answered */
	uint64_t moved_ns;
	struct load_tcp_result *result;
};

static char buffer[BUFFER_SIZE];

static void
prepare(struct echo *echo, const int *fds)
{
	echo->epoll = epoll_create1(EPOLL_CLOEXEC);
	echo->connections =
	    load_alloc(echo->config->flows, sizeof(*echo->connections));
	for (uint64_t i = 0; i < echo->config->flows; i++) {
		struct connection *connection = &echo->connections[i];
		struct epoll_event event = { .events =
						 EPOLLIN | EPOLLOUT | EPOLLET,
			.data.ptr = connection };
		int on = 1;

		connection->fd = fds[i];
		connection->id = (uint32_t)i;
		connection->total = load_share(echo->config, i);
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		if (epoll_ctl(echo->epoll, EPOLL_CTL_ADD, fds[i], &event) == -1)
			load_fail("epoll");
	}
}

static void
end_connection(struct echo *echo, struct connection *connection)
{
	uint64_t answered = connection->received / echo->format.size;

	close(connection->fd);
	connection->is_closed = true;
	echo->result->closed++;
	echo->left -= connection->total - answered;
}

/* Compares what came with the answers it should be. */
static void
judge(struct echo *echo, struct connection *connection, const char *data,
    size_t len)
{
	size_t size = echo->format.size;

	while (len > 0) {
		uint64_t number = connection->received / size;
		size_t offset = connection->received % size;
		size_t part = size - offset < len ? size - offset : len;

		if (number >= connection->total ||
		    !message_is_answer(&echo->format, data, offset, part,
			connection->id, (uint32_t)number))
			connection->is_wrong = true;
		connection->received += part;
		data += part;
		len -= part;
		if (offset + part < size || number >= connection->total)
			continue;
		echo->result->wrong += connection->is_wrong;
		echo->result->answered += !connection->is_wrong;
		connection->is_wrong = false;
		echo->left--;
	}
}

/* Takes in all that has come; false: the connection is at its end. */
static bool
receive_all(struct echo *echo, struct connection *connection)
{
	ssize_t len;

	while ((len = read(connection->fd, buffer, BUFFER_SIZE)) > 0)
		judge(echo, connection, buffer, (size_t)len);
	return len == -1 && errno == EAGAIN;
}

/* Writes the messages from `first` on and returns how many fit. */
static size_t
fill_buffer(struct echo *echo, struct connection *connection, uint64_t first,
    uint64_t end)
{
	size_t size = echo->format.size, count = BUFFER_SIZE / size;

	if (count > end - first)
		count = end - first;
	for (size_t i = 0; i < count; i++)
		message_write(&echo->format, buffer + i * size, connection->id,
		    (uint32_t)(first + i));
	return count;
}

/* Sends what the window lets it; false: the connection is broken. */
static bool
send_allowed(struct echo *echo, struct connection *connection)
{
	size_t size = echo->format.size;
	uint64_t end = connection->received / size + echo->config->window;

	if (end > connection->total)
		end = connection->total;
	while (connection->sent < end * size) {
		uint64_t first = connection->sent / size;
		size_t offset = connection->sent % size;
		size_t count = fill_buffer(echo, connection, first, end);
		ssize_t len = send(connection->fd, buffer + offset,
		    count * size - offset, MSG_NOSIGNAL);

		if (len == -1)
			return errno == EAGAIN;
		connection->sent += (uint64_t)len;
	}
	return true;
}

static void
serve_ready(struct echo *echo)
{
	struct epoll_event events[EVENTS];
	int ready =
	    epoll_wait(echo->epoll, events, EVENTS, (int)echo->config->wait_ms);

	for (int i = 0; i < ready; i++) {
		struct connection *connection = events[i].data.ptr;

		if (!receive_all(echo, connection) ||
		    !send_allowed(echo, connection))
			end_connection(echo, connection);
	}
	if (ready > 0)
		echo->moved_ns = load_now_ns();
}

void
load_tcp_echo(const struct load_config *config, const int *fds,
    struct load_tcp_result *result)
{
	struct echo echo = {
		.config = config, .left = config->count, .result = result
	};
	uint64_t wait_ns = config->wait_ms * LOAD_NS_PER_MS, begin_ns;

	memset(result, 0, sizeof(*result));
	if (config->memcached)
		message_prepare_get(&echo.format, config->size);
	else
		message_prepare(
		    &echo.format, config->size, config->upper, config->binary);
	prepare(&echo, fds);
	begin_ns = echo.moved_ns = load_now_ns();
	while (echo.left > 0 && load_now_ns() - echo.moved_ns < wait_ns)
		serve_ready(&echo);
	result->seconds = (double)(echo.moved_ns - begin_ns) / 1e9;
	for (uint64_t i = 0; i < config->flows; i++)
		result->sent += echo.connections[i].sent / config->size;
	message_free(&echo.format);
	free(echo.connections);
}
