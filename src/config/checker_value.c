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
	if (checker_is_text(&checker->token)) {
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

bool
checker_value(struct checker *checker, const struct token *name, bool list)
{
	unsigned line = checker->token.line;
	bool append = checker->token.kind == TOKEN_APPEND;

	checker_advance(checker);
	if (append)
		checker_report(
		    checker, name, "+= is not possible (write = { ... })");
	if (checker_is_text(&checker->token) &&
	    !checker_is_option(checker, line)) {
		checker_advance(checker);
		return !append;
	}
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
