/* SPDX-License-Identifier: ISC */
/*
 * Sends datagrams at a steady rate to a bucket whose file, empty before, is
 * standard input, and watches the file grow: how long each took from being sent
 * to being a line there. All lines are of one length (raw, and nothing in them
 * to be escaped), so that the file's length tells which are there.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

struct delay {
	struct load_config config;
	int fd;
	char *message;
	uint64_t *sent_ns; /* of each datagram; then how long it took */
	uint64_t sent, there, begin_ns, moved_ns;
};

static const char *const modes[] = { "steady", NULL };

static void
prepare(struct delay *delay)
{
	delay->sent_ns =
	    load_alloc(delay->config.count, sizeof(*delay->sent_ns));
	delay->message = load_alloc(delay->config.size + 1, 1);
	memset(delay->message, 'x', delay->config.size);
	delay->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (connect(delay->fd, (struct sockaddr *)&delay->config.server,
		sizeof(delay->config.server)) == -1)
		load_fail("socket");
	delay->begin_ns = delay->moved_ns = load_now_ns();
}

/* Sends the next one, if it is due. */
static void
send_due(struct delay *delay)
{
	uint64_t now_ns = load_now_ns();
	double due = (double)(now_ns - delay->begin_ns) / 1e9 *
	    (double)delay->config.rate;

	if (delay->sent == delay->config.count || due < (double)delay->sent)
		return;
	if (send(delay->fd, delay->message, delay->config.size, 0) == -1)
		load_fail("send");
	delay->sent_ns[delay->sent++] = now_ns;
}

/* Notes the time of those that have come into the file. */
static void
watch(struct delay *delay)
{
	uint64_t now_ns, lines;
	struct stat file;

	if (fstat(STDIN_FILENO, &file) == -1)
		load_fail("fstat");
	now_ns = load_now_ns();
	lines = (uint64_t)file.st_size / (delay->config.size + 1);
	if (lines > delay->sent)
		lines = delay->sent; /* more than that it says otherwise */
	if (lines > delay->there)
		delay->moved_ns = now_ns;
	for (; delay->there < lines; delay->there++)
		delay->sent_ns[delay->there] =
		    now_ns - delay->sent_ns[delay->there];
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
print_result(struct delay *delay)
{
	const uint64_t *sorted = delay->sent_ns;
	uint64_t n = delay->there;

	qsort(delay->sent_ns, n, sizeof(*delay->sent_ns), compare);
	if (n == 0)
		load_fail("nothing came into the file");
	printf("{\"sent\": %" PRIu64 ", \"there\": %" PRIu64
	       ", \"median_ms\": %.4f, \"p99_ms\": %.4f, \"most_ms\": %.4f}\n",
	    delay->sent, n, (double)sorted[n / 2] / 1e6,
	    (double)sorted[n * 99 / 100] / 1e6, (double)sorted[n - 1] / 1e6);
}

int
main(int argc, char **argv)
{
	static struct delay delay;

	load_parse(argc, argv, modes, &delay.config);
	prepare(&delay);
	while (delay.there < delay.config.count &&
	    load_now_ns() - delay.moved_ns <
		delay.config.wait_ms * LOAD_NS_PER_MS) {
		send_due(&delay);
		watch(&delay);
	}
	print_result(&delay);
	free(delay.sent_ns);
	free(delay.message);
	return 0;
}
