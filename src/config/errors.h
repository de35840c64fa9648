/* SPDX-License-Identifier: ISC */
/*
 * What is wrong in a configuration: gathered from several passes over several
 * files, then handed out in the order of files and lines.
 */
#ifndef CONFIG_ERRORS_H
#define CONFIG_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/*
 * The passes. What one finds in a line hides what later ones find there: it is
 * most often the same mistake once more.
 */
enum errors_pass {
	ERRORS_TEXT,
	ERRORS_SYNTAX,
	ERRORS_VALUE,
	ERRORS_SERVICE
};

/* So many errors are told, then only that there are more. */
#define ERRORS_MAX 20

/* Where something stands. Line 0 is the file as a whole. */
struct errors_place {
	size_t file; /* of errors_add_file() */
	unsigned line;
};

struct errors_item {
	enum errors_pass pass;
	struct errors_place place;
	char *text;
};

/* All zero is the empty list. */
struct errors {
	char **files;
	size_t file_count;
	struct errors_item items[ERRORS_MAX];
	size_t count;
	bool more;          /* than ERRORS_MAX */
	bool out_of_memory; /* some could not even be noted */
};

/* Adds a file by its name: 0 and its number in *file, or -1: out of memory. */
int errors_add_file(struct errors *errors, const char *name, size_t *file);

/* Adds an error: "what is wrong (what to write)". */
void errors_add(struct errors *errors, enum errors_pass pass,
    struct errors_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* True when a line from `first` to `last_line` of its file has an error. */
bool errors_has(
    const struct errors *errors, struct errors_place first, unsigned last_line);

/* True when there is any error at all. */
bool errors_any(const struct errors *errors);

/* Hands the errors to `list` in their order, and frees all else. */
void errors_deliver(struct errors *errors, struct config_errors *list);

#endif
