/* SPDX-License-Identifier: ISC */
/* Sets the options of a configuration from its text: the user of libconfuse. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include <stddef.h>

#include "config/config.h"
#include "config/errors.h"
#include "config/section.h"

struct parse;

/*
 * Begins a configuration, whose values go to `globals` and to the services of
 * `sections`. NULL: out of memory.
 */
struct parse *parse_new(struct errors *errors, struct config_globals *globals,
    struct sections *sections);
void parse_free(struct parse *parse);

/* Parses a text that syntax_check() has gone over; errors are reported. */
void parse_text(struct parse *parse, size_t file, char *text, size_t len);

/* The line in which the last file parsed has the nth pattern of `include`. */
unsigned parse_include_line(const struct parse *parse, size_t n);

#endif
