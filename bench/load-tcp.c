/* SPDX-License-Identifier: ISC */
/*
 * Opens connections to a server on loopback and prints what came of it as one
 * line of JSON.
 *
 * echo: each connection keeps --window messages in flight, and every byte that
 * comes back is compared.
 * read: --count times, one after the other, connects and reads to the end.
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
	uint64_t begin_ns = load_now_ns(), answered = 0, bytes = 0;

	for (uint64_t i = 0; i < config->count; i++) {
		int fd = open_connection(config);
		ssize_t len = read_to_end(fd);

		close(fd);
		if (len > 0) {
			answered++;
			bytes += (uint64_t)len;
		}
	}
	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": 0, "
	       "\"bytes\": %llu, \"seconds\": %.6f}\n",
	    (unsigned long long)config->count, (unsigned long long)answered,
	    (unsigned long long)bytes,
	    (double)(load_now_ns() - begin_ns) / 1e9);
}

static void
run_idle(const struct load_config *config)
{
	char byte;

	free(open_connections(config)); /* the end of the process closes them */
	printf("{\"open\": %llu}\n", (unsigned long long)config->flows);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
}

static void
run_echo(const struct load_config *config)
{
	int *fds = open_connections(config);
	struct load_tcp_result result;

	load_tcp_echo(config, fds, &result);
	free(fds);
	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": %llu, "
	       "\"closed\": %llu, \"seconds\": %.6f}\n",
	    (unsigned long long)result.sent,
	    (unsigned long long)result.answered,
	    (unsigned long long)result.wrong, (unsigned long long)result.closed,
	    result.seconds);
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
	if (load_is_mode(&config, "read"))
		run_read(&config);
	else if (load_is_mode(&config, "idle"))
		run_idle(&config);
	else
		run_echo(&config);
	return 0;
}
