/* SPDX-License-Identifier: ISC */
/*
 * The grammar of a configuration, checked before libconfuse sees it: libconfuse
 * stops at the first mistake and at any name that it does not know; this tells
 * all of them and leaves libconfuse a text that it can go through.
 */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "config/errors.h"
#include "config/section.h"

/* Options that have been set, to tell one that is set twice. */
#define SYNTAX_SEEN_MAX 64
struct syntax_seen {
	const struct option *rows[SYNTAX_SEEN_MAX];
	struct errors_place places[SYNTAX_SEEN_MAX];
	size_t count;
};

/* What the files of a configuration share. */
struct syntax {
	struct errors *errors;
	struct sections *sections;  /* gains those that are whole */
	struct syntax_seen globals; /* options outside sections */
};

/*
 * Checks a text that text_clean() has gone over, of which `sound` bytes can be
 * relied on. What is wrong is reported and blanked, and so is all from `sound`
 * on. Sections are added in the order in which libconfuse will meet them.
 */
void syntax_check(
    struct syntax *syntax, size_t file, char *text, size_t len, size_t sound);

#endif
