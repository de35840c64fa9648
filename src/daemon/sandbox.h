/* SPDX-License-Identifier: ISC */
/*
 * The sandbox: what netlabd takes away from itself before it reads what others
 * send, so that whoever takes it over has little of the machine. None of it
 * comes back, in reloads neither.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <stdbool.h>

#include "base/why.h"

struct config;
struct service;

/* What is in force. */
struct sandbox {
	bool no_new_privileges; /* and only useful capabilities are left */
	int landlock; /* the version of the kernel's ABI; 0: not in force */
	bool seccomp;
	char summary[256]; /* for people; empty: it was not entered */
};

/*
 * Enters it, as far as the system has it, for the directories of this
 * configuration, read from `config_path` (NULL: the installed one or the lab).
 */
void sandbox_enter(const struct config *config, const char *config_path);

const struct sandbox *sandbox_now(void);

/* 0, or -1 with why: a path of the service leads out of the directories. */
int sandbox_check(const struct service *service, char why[WHY_SIZE]);

/* What it is built with, for people: "Landlock, seccomp". */
const char *sandbox_built_in(void);

#endif
