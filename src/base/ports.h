/* SPDX-License-Identifier: ISC */
/* Sets of port numbers, written as numbers and ranges. */
#ifndef BASE_PORTS_H
#define BASE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

#define PORTS_COUNT 65536

/* 8 KiB; all zero is the empty set. */
struct ports {
	uint64_t words[PORTS_COUNT / 64];
};

/*
 * Adds "7007" or "7000-7100". Returns 0, or -1 with what is wrong, and what to
 * write instead, in why and the set as it was.
 */
int ports_add(struct ports *ports, const char *text, char why[WHY_SIZE]);

/* In host byte order, below PORTS_COUNT. */
bool ports_has(const struct ports *ports, unsigned port);

#endif
