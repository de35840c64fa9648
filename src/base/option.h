/* SPDX-License-Identifier: ISC */
/*
 * Options are rows: one row parses a text, bounds it, stores it in a settings
 * struct, prints it back and says in words what may be written.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

enum option_kind {     /* stored as       written as */
	OPTION_BOOL,   /* bool            yes, no */
	OPTION_NUMBER, /* uint64_t        decimal digits */
	OPTION_SIZE,   /* uint64_t bytes  64K, 16M, 1G or bytes */
	OPTION_TIME,   /* uint64_t ms     500ms, 30s, 5m, 2h, 1d or 0 */
	OPTION_MODE,   /* uint64_t        of a file, octal digits: 0640 */
	OPTION_PATH,   /* char *, owned   an absolute path, or "" */
	OPTION_TEXT,   /* char *, owned   any text */
	OPTION_CHOICE, /* int, its index  one of `choices` */
	OPTION_LIST    /* option_list     texts, kept in their order */
};

struct option {
	const char *name; /* NULL ends an array of rows */
	enum option_kind kind;
	size_t offset;       /* offsetof() in the settings struct */
	const char *initial; /* the default, as text; NULL: none */
	uint64_t min, max;   /* for numbers, sizes, times, modes */
	const char *unit;    /* what a number counts, for people */
	/*
	 * NULL-terminated, for OPTION_CHOICE; for numbers, sizes and times,
	 * words that may be written in their place (NULL: none).
	 */
	const char *const *choices;
	const char *help; /* one line */
};

/* What a quantity is stored as where the i-th of its words was written. */
#define OPTION_WORD(i) (UINT64_MAX - (uint64_t)(i))

/* Texts of an OPTION_LIST in an array of their own. */
struct option_list {
	char **items;
	size_t count;
};

/* Room for the text of any row's value with its NUL; a longer one is cut. */
#define OPTION_TEXT_SIZE 1024

/* Stores each row's default in zeroed settings; -1: out of memory. */
int option_set_defaults(const struct option *rows, void *settings);

/*
 * Parses and stores a text; a list gains it as its next item. Returns 0, or -1
 * with what is wrong and what to write in why and the settings as they were.
 */
int option_set(const struct option *row, void *settings, const char *text,
    char why[WHY_SIZE]);

/* Prints the value as it may be written in a configuration file. */
void option_format(const struct option *row, const void *settings,
    char text[OPTION_TEXT_SIZE]);

/* Prints what may be written ("64K to 1G", "yes or no"). */
void option_describe(const struct option *row, char text[OPTION_TEXT_SIZE]);

/* True when both settings have the same values. */
bool option_equal(
    const struct option *rows, const void *settings, const void *others);

/* Frees what the settings own, not the settings themselves. */
void option_free(const struct option *rows, void *settings);

/* The row of that name, NULL if there is none. */
const struct option *option_find(const struct option *rows, const char *name);

#endif
