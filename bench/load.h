/* SPDX-License-Identifier: ISC */
/* What the load programs share: their options, clock and way to fail. */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_NS_PER_S  1000000000ULL
#define LOAD_NS_PER_MS 1000000ULL

/* Every option of both programs; each says in its usage which it heeds. */
struct load_config {
	struct sockaddr_in server; /* --port, on 127.0.0.1 */
	const char *mode;          /* --mode; the program's first by default */
	uint64_t flows;            /* --flows: sockets */
	uint64_t window;  /* --window: messages in flight on each socket */
	uint64_t size;    /* --size: bytes of a message */
	uint64_t count;   /* --count: messages over all sockets */
	uint64_t rate;    /* --rate: messages a second */
	uint64_t wait_ms; /* --wait: end when nothing moved for so long */
	uint64_t time_ms; /* --time: send for no longer; 0: until all is sent */
	bool upper;       /* --upper: answers come in upper case */
	bool binary;      /* --binary: messages hold all bytes, not only text */
	bool silent;      /* --silent: no answers are expected */
	bool segment;     /* --segment: batches pass the kernel as one */
	bool spread;      /* --spread: each socket has an address of its own */
	bool hold;        /* --hold: begin, and end, when told to */
	bool memcached; /* --memcached: messages are its gets, see message.h */
};

/*
 * Reads the command line; anything wrong ends the program with a usage that
 * names `modes` (NULL-terminated, the first is the default).
 */
void load_parse(int argc, char **argv, const char *const *modes,
    struct load_config *config);

/* True when the mode that was asked for is this one. */
bool load_is_mode(const struct load_config *config, const char *mode);

/* Nanoseconds of a clock that is never set. */
uint64_t load_now_ns(void);

/* How many of config->count messages this flow is to send. */
uint64_t load_share(const struct load_config *config, uint64_t flow);

/* calloc that ends the program when there is no memory. */
void *load_alloc(size_t count, size_t size);

/* Says what failed, and errno, and ends the program. */
void load_fail(const char *what) __attribute__((noreturn));

#endif
