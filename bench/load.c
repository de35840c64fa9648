/* SPDX-License-Identifier: ISC */
/* The command line of the load programs, and their small helpers. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An option: a number if it has bounds, else a flag, or the mode. */
struct load_row {
	const char *name;
	size_t offset;
	uint64_t min, max;
	const char *help;
};

#define FLAG(name, help)                                              \
	{                                                             \
#name, offsetof(struct load_config, name), 0, 0, help \
	}
#define NUMBER(name, field, min, max, help)                               \
	{                                                                 \
		name, offsetof(struct load_config, field), min, max, help \
	}

static const struct load_row rows[] = {
	NUMBER("port", server.sin_port, 1, 65535, "of the server"),
	NUMBER("flows", flows, 1, 100000, "sockets"),
	NUMBER("window", window, 1, 65536, "messages in flight on each"),
	NUMBER("size", size, 0, 1 << 20, "bytes of a message"),
	NUMBER("count", count, 0, 1000000000, "messages over all sockets"),
	NUMBER("rate", rate, 1, 100000000, "messages a second"),
	NUMBER("wait", wait_ms, 1, 600000, "ms without an answer end it"),
	NUMBER("time", time_ms, 1, 600000, "ms, and nothing more is sent"),
	FLAG(upper, "answers come in upper case"),
	FLAG(binary, "messages hold all bytes, not only text"),
	FLAG(silent, "no answers are expected"),
	FLAG(segment, "many datagrams at once (UDP_SEGMENT, UDP_GRO)"),
	FLAG(spread, "each socket sends from an address of its own"),
	FLAG(hold, "waits for a byte, then for the end, of standard input"),
	FLAG(memcached, "messages are gets of memcached"),
};
#define ROWS     (sizeof(rows) / sizeof(rows[0]))
#define MODE_VAL ((int)ROWS)

static void
usage(const char *program, const char *const *modes)
{
	fprintf(stderr, "usage: %s --port N [option]...\n  --mode", program);
	for (size_t i = 0; modes[i] != NULL; i++)
		fprintf(stderr, "%c%s", i == 0 ? ' ' : '|', modes[i]);
	fputc('\n', stderr);
	for (size_t i = 0; i < ROWS; i++)
		fprintf(stderr, "  --%-10s%-4s%s\n", rows[i].name,
		    rows[i].max != 0 ? "N" : "", rows[i].help);
	exit(2);
}

static bool
has_mode(const char *const *modes, const char *mode)
{
	for (size_t i = 0; modes[i] != NULL; i++) {
		if (strcmp(modes[i], mode) == 0)
			return true;
	}
	return false;
}

/* Stores a flag or a number in bounds; false: it is neither. */
static bool
store(const struct load_row *row, struct load_config *config, const char *text)
{
	char *field = (char *)config + row->offset, *end;
	uint64_t value;

	if (row->max == 0) {
		*(bool *)field = true;
		return true;
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-')
		return false;
	if (value < row->min || value > row->max)
		return false;
	if (row->offset == offsetof(struct load_config, server.sin_port))
		config->server.sin_port = htons((uint16_t)value);
	else
		memcpy(field, &value, sizeof(value));
	return true;
}

static void
fill_options(struct option options[ROWS + 2])
{
	memset(options, 0, (ROWS + 2) * sizeof(options[0]));
	for (size_t i = 0; i < ROWS; i++) {
		options[i].name = rows[i].name;
		options[i].has_arg = rows[i].max != 0;
		options[i].val = (int)i;
	}
	options[ROWS].name = "mode";
	options[ROWS].has_arg = 1;
	options[ROWS].val = MODE_VAL;
}

void
load_parse(
    int argc, char **argv, const char *const *modes, struct load_config *config)
{
	struct option options[ROWS + 2];
	int val;

	fill_options(options);
	*config = (struct load_config){ .mode = modes[0],
		.flows = 1,
		.window = 1,
		.size = 64,
		.count = 1000,
		.rate = 1000,
		.wait_ms = 1000 };
	config->server.sin_family = AF_INET;
	config->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((val = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (val == MODE_VAL)
			config->mode = optarg;
		else if (val == '?' || !store(&rows[val], config, optarg))
			usage(argv[0], modes);
	}
	if (optind != argc || config->server.sin_port == 0 ||
	    !has_mode(modes, config->mode))
		usage(argv[0], modes);
}

bool
load_is_mode(const struct load_config *config, const char *mode)
{
	return strcmp(config->mode, mode) == 0;
}

uint64_t
load_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * LOAD_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t
load_share(const struct load_config *config, uint64_t flow)
{
	return config->count / config->flows +
	    (flow < config->count % config->flows);
}

void *
load_alloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		load_fail("memory");
	return memory;
}

void
load_fail(const char *what)
{
	perror(what);
	exit(1);
}
