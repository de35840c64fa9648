/* SPDX-License-Identifier: ISC */
/* Whom a command asks: the addresses of what was typed, and its name. */
#ifndef CLIENT_TARGET_H
#define CLIENT_TARGET_H

#include "base/address.h"
#include "client/command.h"

struct target {
	char name[384];      /* for messages: "localhost:2345", "unix:/path" */
	unsigned transports; /* those typed, or all that may be meant */
	unsigned port;
	struct address_list list;
};

/* What a command may talk to. */
struct target_rules {
	const struct command *command;
	unsigned transports;
	unsigned usual;   /* without /udp or /tcp; 0: both */
	int default_port; /* or ADDRESS_NO_PORT */
	const char *hint; /* what to write, if a HOST is not found, or none */
};

/*
 * Finds the addresses that the text means, in the order to try them. On failure
 * it is logged and the target holds nothing to free.
 */
enum status target_find(struct target *target, const struct target_rules *rules,
    const char *text, int timeout_ms);

void target_free(struct target *target);

/* What follows the name: "/udp", "/tcp", or nothing after a path. */
const char *target_suffix(unsigned transport);

/* Logs "NAME/TRANSPORT: what is wrong"; returns STATUS_FAILED. */
enum status target_complain(const struct target *target, unsigned transport,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
