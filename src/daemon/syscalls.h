/* SPDX-License-Identifier: ISC */
/* The system calls that are left, by seccomp(2). */
#ifndef DAEMON_SYSCALLS_H
#define DAEMON_SYSCALLS_H

#include <stdbool.h>

#include "base/why.h"

/* True when netlabd was built with it. */
bool syscalls_are_built_in(void);

/*
 * From here on this thread, and those that it starts, may do what serving and
 * reloading take. Calls that only an intruder makes end the process, others are
 * not there (ENOSYS). Returns 0, or -1 with why.
 */
int syscalls_limit(char why[WHY_SIZE]);

#endif
