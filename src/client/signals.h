/* SPDX-License-Identifier: ISC */
/* Signals as something that poll(2) can wait for. */
#ifndef CLIENT_SIGNALS_H
#define CLIENT_SIGNALS_H

#include <stddef.h>

/*
 * From now on these signals are noted instead of obeyed, and interrupt a system
 * call that waits. Returns a descriptor that is readable while one is noted and
 * not taken; or -1 with errno.
 */
int signals_open(const int *numbers, size_t count);

/* The number of the next one that was noted; 0: none. */
int signals_take(void);

#endif
