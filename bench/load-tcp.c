/* SPDX-License-Identifier: ISC */
/*
 * Opens connections to a server on loopback and prints what came of it as one
 * line of JSON.
 *
 * echo: each connection keeps --window messages in flight, and every byte that
 * comes back is compared. With --hold all connections are opened first; it says
 * so, begins with a byte from standard input, and keeps them until that ends.
 * read: --count times, --flows at once, connects and reads to the end; wrong is
 * what is not --size bytes long.
 * idle: opens --flows connections, prints how many, and holds them until
 * standard input ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "load-tcp-echo.h"
#include "message.h"

static const char *const modes[] = { "echo", "read", "idle", NULL };

static int
open_connection(const struct load_config *config)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&config->server,
		sizeof(config->server)) == -1)
		load_fail("connect");
	return fd;
}

static int *
open_connections(const struct load_config *config)
{
	int *fds = load_alloc(config->flows, sizeof(*fds));

	for (uint64_t i = 0; i < config->flows; i++)
		fds[i] = open_connection(config);
	return fds;
}

/* Reads to the end and returns the bytes; -1: it did not end well. */
static ssize_t
read_to_end(int fd)
{
	static char buffer[65536];
	ssize_t len, bytes = 0;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		bytes += len;
	return len == 0 ? bytes : -1;
}

static void
run_read(const struct load_config *config)
{
	uint64_t begin_ns = load_now_ns(), answered = 0, wrong = 0, left;
	struct load_config some = *config;

	for (left = config->count; left > 0; left -= some.flows) {
		int *fds;

		some.flows = left < config->flows ? left : config->flows;
		fds = open_connections(&some);
		for (uint64_t i = 0; i < some.flows; i++) {
			if (read_to_end(fds[i]) == (ssize_t)config->size)
				answered++;
			else
				wrong++;
			close(fds[i]);
		}
		free(fds);
	}
	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": %llu, "
	       "\"seconds\": %.6f}\n",
	    (unsigned long long)config->count, (unsigned long long)answered,
	    (unsigned long long)wrong,
	    (double)(load_now_ns() - begin_ns) / 1e9);
}

static void
print_open(const struct load_config *config)
{
	printf("{\"open\": %llu}\n", (unsigned long long)config->flows);
	fflush(stdout);
}

static void
wait_for_end(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
}

static void
run_idle(const struct load_config *config)
{
	free(open_connections(config)); /* the end of the process closes them */
	print_open(config);
	wait_for_end();
}

static void
run_echo(const struct load_config *config)
{
	int *fds = open_connections(config);
	struct load_tcp_result result;
	char byte;

	if (config->hold) {
		print_open(config);
		if (read(STDIN_FILENO, &byte, 1) != 1)
			load_fail("standard input");
	}
	load_tcp_echo(config, fds, &result);
	free(fds);
	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": %llu, "
	       "\"closed\": %llu, \"seconds\": %.6f}\n",
	    (unsigned long long)result.sent,
	    (unsigned long long)result.answered,
	    (unsigned long long)result.wrong, (unsigned long long)result.closed,
	    result.seconds);
	fflush(stdout);
	if (config->hold)
		wait_for_end();
}

int
main(int argc, char **argv)
{
	struct load_config config;

	load_parse(argc, argv, modes, &config);
	if (config.size == 0) {
		fputs("load-tcp: a stream has no empty messages\n", stderr);
		return 2;
	}
	if (config.memcached &&
	    (config.size < MESSAGE_GET_SIZE_MIN ||
		config.size > MESSAGE_GET_SIZE_MAX)) {
		fputs("load-tcp: no such size of a get\n", stderr);
		return 2;
	}
	if (load_is_mode(&config, "read"))
		run_read(&config);
	else if (load_is_mode(&config, "idle"))
		run_idle(&config);
	else
		run_echo(&config);
	return 0;
}
