/* SPDX-License-Identifier: ISC */
/* The head that reads the tokens of a text and tells what is wrong with them.
 */
#ifndef CONFIG_CHECKER_H
#define CONFIG_CHECKER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/errors.h"
#include "config/token.h"

struct checker {
	struct errors *errors;
	size_t file; /* of errors_add_file() */
	char *text;
	struct token_reader reader;
	struct token token; /* the one to look at */
	bool cut;           /* the text goes on, but nobody knows how */
};

/* Names are no longer than this; CHECKER_NAME_SIZE shows that one is. */
#define CHECKER_NAME_MAX  64
#define CHECKER_NAME_SIZE (CHECKER_NAME_MAX + 2)

/* Goes on to the next token. */
void checker_advance(struct checker *checker);

/* Hides from libconfuse all from `at` up to the token to look at. */
void checker_blank(struct checker *checker, size_t at);

/*
 * Reports an error at a token, as "TOKEN: what"; not where the text is cut:
 * what is missing there may stand in the rest.
 */
void checker_report(
    const struct checker *checker, const struct token *token, const char *what);

/* Copies a token without its quotes; a long one is cut. */
void checker_copy(const struct checker *checker, const struct token *token,
    char name[CHECKER_NAME_SIZE]);

/* True for a service's name: 1 to 64 letters, digits, - _ . */
bool checker_is_name(const char *text);

/* True for a token that is a text, quoted or not. */
bool checker_is_text(const struct token *token);

/* True when the token to look at begins NAME =, in another line than `line`. */
bool checker_is_option(const struct checker *checker, unsigned line);

/* True when the token to look at begins TYPE [NAME] {. */
bool checker_is_section(const struct checker *checker);

/* Goes past a block, whose { is the token to look at. */
void checker_skip_block(struct checker *checker);

/* Goes past what is left of a statement that went wrong in `line`. */
void checker_skip_statement(struct checker *checker, unsigned line);

/*
 * Reads the value of the option `name`, whose = or += is the token to look at.
 * False, reported, when something is wrong with it.
 */
bool
checker_value(struct checker *checker, const struct token *name, bool list);

#endif
