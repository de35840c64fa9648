/* SPDX-License-Identifier: ISC */
/* The sections of a configuration: each declares a service at some place. */
#ifndef CONFIG_SECTION_H
#define CONFIG_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "config/errors.h"
#include "core/service.h"

struct section {
	const struct service_type *type;
	struct service *service; /* owned */
	struct errors_place place;
	unsigned last_line;
	bool parsed;            /* libconfuse has gone over it */
	bool passed;            /* service_check() says nothing against it */
	unsigned *listen_lines; /* one for each of service_addresses() */
	size_t listen_count;
};

/* All zero is the empty list. */
struct sections {
	struct section *items;
	size_t count;
};

/* Adds a section with a service of that name: it, or NULL: out of memory. */
struct section *sections_add(struct sections *sections,
    const struct service_type *type, const char *name);

/*
 * Sets an option of the section's service from a text in `line`: 0, or -1 with
 * why.
 */
int section_set(struct section *section, const struct option *row,
    const char *text, unsigned line, char why[WHY_SIZE]);

/*
 * Checks the services against each other, and each for itself: names and
 * addresses are used once.
 */
void sections_check(const struct sections *sections, struct errors *errors);

/* Frees them with the services that are still in them. */
void sections_free(struct sections *sections);

#endif
