/* SPDX-License-Identifier: ISC */
/* Blanks comments and finds what libconfuse would take otherwise than meant. */
#include "config/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

#define QUOTE_SIZE 64
#define WHAT_SIZE  256

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* Windows editors begin with it */

struct cleaner {
	char *text;
	size_t len;
	size_t at;
	unsigned line;
	size_t sound; /* what is before the first open quote or comment */
	text_fault_fn *fault;
	void *arg;
};

/* The character `ahead` of where the cleaner is; NUL after the end. */
static char
peek(const struct cleaner *cleaner, size_t ahead)
{
	return ahead < cleaner->len - cleaner->at
	    ? cleaner->text[cleaner->at + ahead]
	    : '\0';
}

static void
blank(char *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (text[i] != '\n')
			text[i] = ' ';
}

/* Reports the word that begins at `from` and puts a harmless one there. */
static void
replace(struct cleaner *cleaner, size_t from, const char *fault)
{
	char what[WHAT_SIZE], quoted[QUOTE_SIZE], copy[QUOTE_SIZE];
	size_t len = cleaner->at - from;

	if (len >= sizeof(copy))
		len = sizeof(copy) - 1;
	*(char *)mempcpy(copy, cleaner->text + from, len) = '\0';
	snprintf(what, sizeof(what), "%s: %s",
	    escape_quote(quoted, sizeof(quoted), copy), fault);
	cleaner->fault(cleaner->arg, cleaner->line, what);
	blank(cleaner->text, from, cleaner->at);
	cleaner->text[from] = 'x';
}

/* Reports what begins at `from` and has no end: nothing after it is sure. */
static void
leave_open(
    struct cleaner *cleaner, size_t from, unsigned line, const char *fault)
{
	cleaner->fault(cleaner->arg, line, fault);
	if (from < cleaner->sound)
		cleaner->sound = from;
}

static size_t
rest_of_line(const struct cleaner *cleaner)
{
	const char *at = cleaner->text + cleaner->at;
	const char *end = memchr(at, '\n', cleaner->len - cleaner->at);

	return end == NULL ? cleaner->len - cleaner->at : (size_t)(end - at);
}

static void
skip_line_comment(struct cleaner *cleaner)
{
	size_t from = cleaner->at;

	cleaner->at += rest_of_line(cleaner);
	blank(cleaner->text, from, cleaner->at);
}

static void
skip_block_comment(struct cleaner *cleaner)
{
	size_t from = cleaner->at;
	unsigned line = cleaner->line;
	const char *end =
	    memmem(cleaner->text + from + 2, cleaner->len - from - 2, "*/", 2);

	cleaner->at =
	    end == NULL ? cleaner->len : (size_t)(end + 2 - cleaner->text);
	for (size_t i = from; i < cleaner->at; i++)
		cleaner->line += cleaner->text[i] == '\n';
	if (end == NULL)
		leave_open(
		    cleaner, from, line, "comment is never closed (write */)");
	blank(cleaner->text, from, cleaner->at);
}

/* Goes past ${...}; false when it is not closed in its line. */
static bool
skip_variable(struct cleaner *cleaner)
{
	const char *end =
	    memchr(cleaner->text + cleaner->at, '}', rest_of_line(cleaner));

	if (end == NULL)
		return false;
	cleaner->at = (size_t)(end + 1 - cleaner->text);
	return true;
}

/* Reads up to `max` digits below `base` that begin `ahead`: how many. */
static size_t
read_digits(const struct cleaner *cleaner, size_t ahead, unsigned base,
    size_t max, unsigned *value)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (*value = 0; n < max; n++) {
		char c = peek(cleaner, ahead + n);
		const char *digit = c == '\0'
		    ? NULL
		    : strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c);

		if (digit == NULL || digit >= digits + base)
			break;
		*value = *value * base + (unsigned)(digit - digits);
	}
	return n;
}

/*
 * Goes past an escape in double quotes, as libconfuse reads it: \ooo, \xhh, or
 * \ and any character. False when it stands for no character, or for NUL.
 */
static bool
skip_escape(struct cleaner *cleaner)
{
	unsigned value = 1, decimal;
	size_t digits = read_digits(cleaner, 1, 10, SIZE_MAX, &decimal);
	size_t len = 2;

	if (digits > 0) {
		len = 1 + digits;
		if (read_digits(cleaner, 1, 8, 3, &value) < digits)
			value = 0;
	} else if (peek(cleaner, 1) == 'x') {
		digits = read_digits(cleaner, 2, 16, 2, &value);
		len = 2 + digits;
		if (digits == 0)
			value = 1;
	}
	cleaner->at += len;
	return value >= 1 && value <= 0xff;
}

enum step {
	STEP_SOUND,
	STEP_FAULTY,
	STEP_OPEN
};

/* Goes past the next character of a quoted text. */
static enum step
skip_quoted_character(struct cleaner *cleaner, char quote)
{
	char c = peek(cleaner, 0), next = peek(cleaner, 1);

	if (c == '\0' || c == '\n')
		return STEP_OPEN;
	if (c == '\\' && (next == '\0' || next == '\n'))
		return STEP_OPEN;
	if (quote == '"' && c == '\\')
		return skip_escape(cleaner) ? STEP_SOUND : STEP_FAULTY;
	if (quote == '"' && c == '$' && next == '{')
		return skip_variable(cleaner) ? STEP_SOUND : STEP_OPEN;
	cleaner->at += c == '\\' ? 2 : 1;
	return STEP_SOUND;
}

static const char too_long[] = "too long (write at most 4096 characters)";
_Static_assert(TEXT_WORD_MAX == 4096, "the text above says how much it is");

/*
 * Goes past a quoted text. It must end in its own line: one that does not was
 * most often forgotten to be closed.
 */
static void
skip_quoted(struct cleaner *cleaner)
{
	size_t from = cleaner->at;
	char quote = cleaner->text[cleaner->at++];
	bool faulty = false;

	while (peek(cleaner, 0) != quote) {
		enum step step = skip_quoted_character(cleaner, quote);

		faulty = faulty || step == STEP_FAULTY;
		if (step == STEP_OPEN) {
			cleaner->at += rest_of_line(cleaner);
			leave_open(cleaner, from, cleaner->line,
			    quote == '"' ? "quote is not closed (write \")"
					 : "quote is not closed (write ')");
			return;
		}
	}
	cleaner->at++;
	if (faulty)
		replace(cleaner, from,
		    "escape that is no character (write \\\\ for a backslash)");
	else if (cleaner->at - from - 2 > TEXT_WORD_MAX)
		replace(cleaner, from, too_long);
}

/* True at a * or + that libconfuse would drop in silence. */
static bool
is_dropped(const struct cleaner *cleaner)
{
	return peek(cleaner, 0) == '*' ||
	    (peek(cleaner, 0) == '+' && peek(cleaner, 1) != '=');
}

static bool
is_variable(const struct cleaner *cleaner)
{
	return peek(cleaner, 0) == '$' && peek(cleaner, 1) == '{';
}

/* Goes past ${NAME} in a word; false, reported, when it has no end. */
static bool
skip_word_variable(struct cleaner *cleaner)
{
	size_t from = cleaner->at;

	if (skip_variable(cleaner))
		return true;
	leave_open(
	    cleaner, from, cleaner->line, "${ is not closed (write ${NAME})");
	cleaner->at += rest_of_line(cleaner);
	return false;
}

/*
 * Goes past an unquoted word. ${NAME} can be a word, but not a part of one:
 * libconfuse would see several.
 */
static void
skip_word(struct cleaner *cleaner)
{
	size_t from = cleaner->at, variable_end = 0;
	bool dropped = false, variable = false;

	while (is_dropped(cleaner) || is_variable(cleaner) ||
	    text_is_word(peek(cleaner, 0))) {
		if (!is_variable(cleaner)) {
			dropped = dropped || is_dropped(cleaner);
			cleaner->at++;
			continue;
		}
		variable = true;
		if (!skip_word_variable(cleaner))
			return;
		if (variable_end == 0 && cleaner->text[from] == '$')
			variable_end = cleaner->at;
	}
	if (dropped)
		replace(cleaner, from, "* and + need quotes (write \"...\")");
	else if (variable && variable_end != cleaner->at)
		replace(cleaner, from,
		    "${ } in a text needs quotes (write \"...\")");
	else if (cleaner->at - from > TEXT_WORD_MAX)
		replace(cleaner, from, too_long);
}

static void
clean_next(struct cleaner *cleaner)
{
	char c = peek(cleaner, 0), next = peek(cleaner, 1);

	if (c == '#' || (c == '/' && next == '/')) {
		skip_line_comment(cleaner);
	} else if (c == '/' && next == '*') {
		skip_block_comment(cleaner);
	} else if (c == '"' || c == '\'') {
		skip_quoted(cleaner);
	} else if (text_is_word(c) || is_dropped(cleaner)) {
		skip_word(cleaner);
	} else {
		cleaner->line += c == '\n';
		cleaner->at++;
	}
}

size_t
text_clean(char *text, size_t len, text_fault_fn *fault, void *arg)
{
	struct cleaner cleaner = { .text = text,
		.len = len,
		.line = 1,
		.sound = len,
		.fault = fault,
		.arg = arg };
	const char *nul = memchr(text, '\0', len);

	if (nul != NULL) {
		for (const char *at = text; at < nul; at++)
			cleaner.line += *at == '\n';
		fault(arg, cleaner.line, "NUL byte (write text)");
		return 0;
	}
	if (len >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0)
		blank(text, 0, 3);
	while (cleaner.at < len)
		clean_next(&cleaner);
	return cleaner.sound;
}

size_t
text_squeeze(char *text, size_t len)
{
	size_t out = 0, run;

	for (size_t at = 0; at < len; at += run) {
		for (run = 0; at + run < len &&
		     (text[at + run] == ' ' || text[at + run] == '\t');
		     run++)
			;
		if (run > TEXT_WORD_MAX) {
			text[out++] = ' ';
			continue;
		}
		run += run == 0;
		memmove(text + out, text + at, run);
		out += run;
	}
	return out;
}
