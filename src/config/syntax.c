/* SPDX-License-Identifier: ISC */
/* The grammar of a configuration, statement by statement. */
#include "config/syntax.h"

#include <stdio.h>
#include <string.h>

#include "config/checker.h"
#include "config/config.h"
#include "config/unknown.h"
#include "services/services.h"

#define WHAT_SIZE 512

/* Where a statement stands: in a file, and in a section or outside any. */
struct scope {
	struct syntax *syntax;
	struct checker *checker;
	bool included;
	const struct service_type *type; /* NULL: outside any section */
	struct syntax_seen *seen;
};

/* Notes that an option is set; false, reported, when it was before. */
static bool
check_seen(
    struct scope *scope, const struct option *row, const struct token *name)
{
	struct syntax_seen *seen = scope->seen;
	struct errors *errors = scope->checker->errors;
	struct errors_place place = { scope->checker->file, name->line };
	char what[WHAT_SIZE];

	for (size_t i = 0; i < seen->count; i++) {
		if (seen->rows[i] != row)
			continue;
		snprintf(what, sizeof(what),
		    "set already at %s:%u (write it once)",
		    errors->files[seen->places[i].file], seen->places[i].line);
		checker_report(scope->checker, name, what);
		return false;
	}
	if (seen->count < SYNTAX_SEEN_MAX) {
		seen->rows[seen->count] = row;
		seen->places[seen->count++] = place;
	}
	return true;
}

static const struct option *
find_option(const struct scope *scope, const char *name)
{
	return scope->type != NULL ? service_find_option(scope->type, name)
				   : option_find(config_global_options(), name);
}

/* False, reported, when the option must not stand here. */
static bool
check_option_name(
    struct scope *scope, const struct option *row, const struct token *name)
{
	char text[CHECKER_NAME_SIZE], why[WHY_SIZE];

	if (row == NULL) {
		checker_copy(scope->checker, name, text);
		unknown_option(scope->type, text, why);
		checker_report(scope->checker, name, why);
		return false;
	}
	if (scope->included && scope->type == NULL &&
	    strcmp(row->name, "include") == 0) {
		checker_report(scope->checker, name,
		    "stands in an included file (write it in the main one)");
		return false;
	}
	return check_seen(scope, row, name);
}

/* Reads what follows an option's name. */
static void
check_option(struct scope *scope, const struct token *name)
{
	struct checker *checker = scope->checker;
	char text[CHECKER_NAME_SIZE];
	const struct option *row;
	bool known;

	checker_copy(checker, name, text);
	row = find_option(scope, text);
	known = check_option_name(scope, row, name);
	if (!checker_value(
		checker, name, row == NULL || row->kind == OPTION_LIST) ||
	    !known)
		checker_blank(checker, name->at);
}

/* Reports a name that nothing follows which could follow it. Of NAME:VALUE, as
 * others write it, it is what is before the colon. */
static void
refuse_statement(struct scope *scope, const struct token *name)
{
	struct checker *checker = scope->checker;
	char text[CHECKER_NAME_SIZE], why[WHY_SIZE];

	checker_copy(checker, name, text);
	text[strcspn(text, ":")] = '\0';
	if (find_option(scope, text) != NULL)
		why_set(why, "no = follows (write %s = VALUE)", text);
	else if (scope->type == NULL && service_type_find(text) != NULL)
		why_set(why, "no { follows (write %s NAME { ... })", text);
	else
		unknown_option(scope->type, text, why);
	checker_report(checker, name, why);
	checker_skip_statement(checker, name->line);
	checker_blank(checker, name->at);
}

/* Goes past a ; where a statement begins; false: there is none. */
static bool
refuse_semicolon(struct checker *checker)
{
	struct token token = checker->token;

	if (token.kind != TOKEN_WORD || checker->text[token.at] != ';')
		return false;
	checker_advance(checker);
	checker_report(checker, &token,
	    "no ; is needed, and comments begin with # (leave it out)");
	if (token.len > 1)
		checker_skip_statement(checker, token.line);
	checker_blank(checker, token.at);
	return true;
}

/* Takes the name at the head of a statement; false, reported: there is none. */
static bool
take_name(struct checker *checker, struct token *name)
{
	if (refuse_semicolon(checker))
		return false;
	*name = checker->token;
	if (name->kind == TOKEN_OPEN)
		checker_skip_block(checker);
	else
		checker_advance(checker);
	if (name->kind == TOKEN_WORD)
		return true;
	checker_report(checker, name,
	    name->kind == TOKEN_QUOTED
		? "quoted where a name is expected (write it without quotes)"
		: name->kind == TOKEN_CLOSE
		? "closes nothing (write { before it)"
		: "stands where a name is expected (write NAME = VALUE)");
	checker_skip_statement(checker, name->line);
	checker_blank(checker, name->at);
	return false;
}

static bool
is_set(const struct checker *checker)
{
	return checker->token.kind == TOKEN_SET ||
	    checker->token.kind == TOKEN_APPEND;
}

/* Reads the options of a section up to its }; false when that is missing. */
static bool
check_body(struct scope *scope, const struct token *type)
{
	struct checker *checker = scope->checker;
	struct token name;

	while (checker->token.kind != TOKEN_CLOSE) {
		if (checker->token.kind == TOKEN_END ||
		    checker_is_section(checker)) {
			checker_report(
			    checker, type, "section is never closed (write })");
			return false;
		}
		if (!take_name(checker, &name))
			continue;
		if (is_set(checker))
			check_option(scope, &name);
		else
			refuse_statement(scope, &name);
	}
	return true;
}

/* Reads the name of a section into `name`; false, reported: it is none. */
static bool
check_section_name(
    struct checker *checker, const struct token *type, char *name)
{
	struct token title = checker->token;
	char what[WHAT_SIZE], text[CHECKER_NAME_SIZE];

	checker_copy(checker, type, text);
	if (title.kind == TOKEN_OPEN) {
		snprintf(what, sizeof(what),
		    "section has no name (write %s NAME {)", text);
		checker_report(checker, type, what);
		return false;
	}
	checker_advance(checker);
	checker_copy(checker, &title, name);
	if (!checker_is_name(name)) {
		checker_report(checker, &title,
		    "cannot be a service's name "
		    "(write 1 to 64 letters, digits, - _ .)");
		return false;
	}
	return true;
}

static void
add_section(struct scope *scope, const char *name, const struct token *type)
{
	struct section *section =
	    sections_add(scope->syntax->sections, scope->type, name);

	if (section == NULL) {
		scope->checker->errors->out_of_memory = true;
		return;
	}
	section->place =
	    (struct errors_place){ scope->checker->file, type->line };
	section->last_line = scope->checker->token.line;
}

/* Goes past a section of a type that nobody knows. */
static void
refuse_section(struct checker *checker, const struct token *type)
{
	char name[CHECKER_NAME_SIZE], why[WHY_SIZE];

	checker_copy(checker, type, name);
	unknown_section(name, why);
	checker_report(checker, type, why);
	while (checker->token.kind != TOKEN_OPEN)
		checker_advance(checker);
	checker_skip_block(checker);
	checker_blank(checker, type->at);
}

/* Reads a section, whose type has been read and whose { is sure to follow. */
static void
check_section(const struct scope *file, const struct token *type)
{
	struct checker *checker = file->checker;
	struct syntax_seen seen = { .count = 0 };
	struct scope scope = *file;
	char name[CHECKER_NAME_SIZE];
	bool named, whole;

	checker_copy(checker, type, name);
	scope.type = service_type_find(name);
	scope.seen = &seen;
	if (scope.type == NULL) {
		refuse_section(checker, type);
		return;
	}
	named = check_section_name(checker, type, name);
	checker_advance(checker);
	whole = check_body(&scope, type);
	if (named && whole)
		add_section(&scope, name, type);
	if (whole)
		checker_advance(checker);
	if (!named || !whole)
		checker_blank(checker, type->at);
}

/* True when [NAME] { follows. */
static bool
is_section(const struct checker *checker)
{
	struct token_reader ahead = checker->reader;

	if (checker->token.kind == TOKEN_OPEN)
		return true;
	return checker_is_text(&checker->token) &&
	    token_next(&ahead).kind == TOKEN_OPEN;
}

static void
check_statement(struct scope *scope)
{
	struct token name;

	if (!take_name(scope->checker, &name))
		return;
	if (is_set(scope->checker))
		check_option(scope, &name);
	else if (is_section(scope->checker))
		check_section(scope, &name);
	else
		refuse_statement(scope, &name);
}

void
syntax_check(
    struct syntax *syntax, size_t file, char *text, size_t len, size_t sound)
{
	struct checker checker = { .errors = syntax->errors,
		.file = file,
		.text = text,
		.reader = { .text = text, .len = sound, .line = 1 },
		.cut = sound < len };
	struct scope scope = { .syntax = syntax,
		.checker = &checker,
		.included = file > 0,
		.seen = &syntax->globals };

	checker_advance(&checker);
	while (checker.token.kind != TOKEN_END)
		check_statement(&scope);
	checker.token.at = len;
	checker_blank(&checker, sound);
}
