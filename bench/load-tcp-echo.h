/* SPDX-License-Identifier: ISC */
/* The echo load of load-tcp. */
#ifndef LOAD_TCP_ECHO_H
#define LOAD_TCP_ECHO_H

#include "load.h"

/* Counted in messages, but for `closed`. */
struct load_tcp_result {
	uint64_t sent, answered;
	uint64_t wrong;  /* came back, but otherwise than expected */
	uint64_t closed; /* connections that the server ended too early */
	double seconds;
};

/* Sends config->count messages over config->flows connected sockets. */
void load_tcp_echo(const struct load_config *config, const int *fds,
    struct load_tcp_result *result);

#endif
