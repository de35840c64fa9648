/* SPDX-License-Identifier: ISC */
/* The value of an option: one text, or a list of them. */
#include "config/checker.h"

/* True when a list must have ended before the token to look at. */
static bool
is_after_list(const struct checker *checker, unsigned line)
{
	return checker->token.kind == TOKEN_END ||
	    checker->token.kind == TOKEN_SET ||
	    checker->token.kind == TOKEN_APPEND ||
	    checker_is_option(checker, line) || checker_is_section(checker);
}

/* True for a word that ends in ; as values of other languages do. */
static bool
ends_in_semicolon(const struct checker *checker, const struct token *token)
{
	return token->kind == TOKEN_WORD &&
	    checker->text[token->at + token->len - 1] == ';';
}

/*
 * Reads the next text or comma of a list, in which a text `may_follow`. Returns
 * what is wrong, NULL for nothing.
 */
static const char *
check_item(struct checker *checker, bool may_follow)
{
	const char *wrong = NULL;

	if (checker->token.kind == TOKEN_OPEN) {
		checker_skip_block(checker);
		return "list in a list (write { ..., ... })";
	}
	if (ends_in_semicolon(checker, &checker->token)) {
		wrong = "; in a list (write a comma)";
	} else if (checker_is_text(&checker->token)) {
		if (!may_follow)
			wrong = "no comma between texts (write a comma)";
	} else if (checker->token.kind != TOKEN_COMMA) {
		wrong = "parenthesis in a list (write \"...\")";
	} else if (may_follow) {
		wrong = "no text before a comma (write \"...\")";
	}
	checker_advance(checker);
	return wrong;
}

/* Reads { "...", "..." } of the option; false when it is not one. */
static bool
check_list(struct checker *checker, const struct token *name)
{
	bool may_follow = true, sound = true;
	unsigned line = checker->token.line;

	checker_advance(checker);
	while (checker->token.kind != TOKEN_CLOSE) {
		struct token item = checker->token;
		const char *wrong;

		if (is_after_list(checker, line)) {
			checker_report(
			    checker, name, "list is not closed (write })");
			return false;
		}
		wrong = check_item(checker, may_follow);
		if (wrong != NULL && sound)
			checker_report(checker, name, wrong);
		sound = sound && wrong == NULL;
		may_follow = item.kind == TOKEN_COMMA;
		line = item.line;
	}
	checker_advance(checker);
	return sound;
}

/* True when more of a value seems to follow in its line. */
static bool
has_more(const struct checker *checker, unsigned line)
{
	return checker->token.line == line &&
	    (checker->token.kind == TOKEN_COMMA ||
		checker->token.kind == TOKEN_QUOTED);
}

/* Reads the one text of the option; false, reported, when more follow. */
static bool
check_text(struct checker *checker, const struct token *name, bool list)
{
	struct token text = checker->token;

	checker_advance(checker);
	if (ends_in_semicolon(checker, &text)) {
		checker_report(checker, &text,
		    "no ; is needed (leave it out, or write \"...\")");
		checker->text[text.at + text.len - 1] = ' ';
	}
	if (!has_more(checker, text.line))
		return true;
	checker_report(checker, name,
	    list ? "several values (write = { ..., ... })"
		 : "takes one value (write = VALUE)");
	checker_skip_statement(checker, text.line);
	return false;
}

/* True when a text to look at is the value of the option before it. */
static bool
is_value(const struct checker *checker, unsigned line)
{
	return checker_is_text(&checker->token) &&
	    !checker_is_option(checker, line) &&
	    !(checker->token.len == 1 &&
		ends_in_semicolon(checker, &checker->token));
}

bool
checker_value(struct checker *checker, const struct token *name, bool list)
{
	unsigned line = checker->token.line;
	bool append = checker->token.kind == TOKEN_APPEND;

	checker_advance(checker);
	if (append)
		checker_report(
		    checker, name, "+= is not possible (write = { ... })");
	if (is_value(checker, line))
		return check_text(checker, name, list) && !append;
	if (checker->token.kind != TOKEN_OPEN) {
		checker_report(checker, name, "no value (write = VALUE)");
		checker_skip_statement(checker, line);
		return false;
	}
	if (list)
		return check_list(checker, name) && !append;
	checker_report(checker, name, "takes one value (write = VALUE)");
	checker_skip_block(checker);
	return false;
}
