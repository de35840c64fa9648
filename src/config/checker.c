/* SPDX-License-Identifier: ISC */
/* Reads tokens, looks ahead, skips what is past understanding. */
#include "config/checker.h"

#include <string.h>

#include "base/escape.h"
#include "services/services.h"

#define QUOTE_SIZE 96

void
checker_advance(struct checker *checker)
{
	checker->token = token_next(&checker->reader);
}

void
checker_blank(struct checker *checker, size_t at)
{
	for (; at < checker->token.at; at++)
		if (checker->text[at] != '\n')
			checker->text[at] = ' ';
}

bool
checker_is_text(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

bool
checker_is_name(const char *text)
{
	size_t len = strspn(text,
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return len > 0 && len <= CHECKER_NAME_MAX && text[len] == '\0';
}

void
checker_copy(const struct checker *checker, const struct token *token,
    char name[CHECKER_NAME_SIZE])
{
	size_t at = token->at, len = token->len;

	if (token->kind == TOKEN_QUOTED && checker->text[at] != '$') {
		at++;
		len -= 2;
	}
	if (len >= CHECKER_NAME_SIZE)
		len = CHECKER_NAME_SIZE - 1;
	*(char *)mempcpy(name, checker->text + at, len) = '\0';
}

void
checker_report(
    const struct checker *checker, const struct token *token, const char *what)
{
	struct errors_place place = { checker->file, token->line };
	char name[CHECKER_NAME_SIZE], quoted[QUOTE_SIZE];

	if (checker->cut && checker->token.kind == TOKEN_END)
		return;
	checker_copy(checker, token, name);
	errors_add(checker->errors, ERRORS_SYNTAX, place, "%s: %s",
	    checker_is_name(name) ? name
				  : escape_quote(quoted, sizeof(quoted), name),
	    what);
}

bool
checker_is_option(const struct checker *checker, unsigned line)
{
	struct token_reader ahead = checker->reader;
	struct token next;

	if (checker->token.kind != TOKEN_WORD || checker->token.line == line)
		return false;
	next = token_next(&ahead);
	return next.kind == TOKEN_SET || next.kind == TOKEN_APPEND;
}

bool
checker_is_section(const struct checker *checker)
{
	struct token_reader ahead = checker->reader;
	struct token next;
	char name[CHECKER_NAME_SIZE];

	if (checker->token.kind != TOKEN_WORD)
		return false;
	checker_copy(checker, &checker->token, name);
	next = token_next(&ahead);
	if (checker_is_text(&next))
		next = token_next(&ahead);
	return next.kind == TOKEN_OPEN && service_type_find(name) != NULL;
}

void
checker_skip_block(struct checker *checker)
{
	struct token open = checker->token;
	size_t depth = 0;

	do {
		depth += checker->token.kind == TOKEN_OPEN;
		depth -= checker->token.kind == TOKEN_CLOSE;
		if (checker->token.kind == TOKEN_END) {
			checker_report(
			    checker, &open, "never closed (write })");
			return;
		}
		checker_advance(checker);
	} while (depth > 0);
}

void
checker_skip_statement(struct checker *checker, unsigned line)
{
	while (checker->token.line == line &&
	    checker->token.kind != TOKEN_CLOSE &&
	    checker->token.kind != TOKEN_END) {
		if (checker->token.kind == TOKEN_OPEN)
			checker_skip_block(checker);
		else
			checker_advance(checker);
	}
}
