/* SPDX-License-Identifier: ISC */
/* Option rows: storing values, printing them, describing what is allowed. */
#include "base/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/option_units.h"

#define QUOTE_SIZE 64

static void *
field(const struct option *row, const void *settings)
{
	return (char *)settings + row->offset;
}

static int
set_bool(
    const struct option *row, bool *value, const char *text, char why[WHY_SIZE])
{
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on" };
	char quoted[QUOTE_SIZE];

	(void)row;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(text, words[i]) == 0) {
			*value = i % 2;
			return 0;
		}
	return why_set(why, "%s is neither yes nor no (write yes or no)",
	    escape_quote(quoted, sizeof(quoted), text));
}

/* The index of a word among the choices, or -1. */
static int
find_choice(const struct option *row, const char *text)
{
	for (int i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
		if (strcmp(text, row->choices[i]) == 0)
			return i;
	return -1;
}

static int
set_quantity(const struct option *row, uint64_t *value, const char *text,
    char why[WHY_SIZE])
{
	char quoted[QUOTE_SIZE], allowed[OPTION_TEXT_SIZE];
	int word = find_choice(row, text);
	uint64_t parsed;

	if (word != -1) {
		*value = OPTION_WORD(word);
		return 0;
	}
	if (option_parse_quantity(row->kind, text, &parsed) == 0 &&
	    parsed >= row->min && parsed <= row->max) {
		*value = parsed;
		return 0;
	}
	option_describe(row, allowed);
	return why_set(why, "%s is not possible (write %.160s)",
	    escape_quote(quoted, sizeof(quoted), text), allowed);
}

static int
set_text(char **value, const char *text, char why[WHY_SIZE])
{
	char *copy;

	if ((copy = strdup(text)) == NULL)
		return why_set(why, "out of memory");
	free(*value);
	*value = copy;
	return 0;
}

static int
set_path(char **value, const char *text, char why[WHY_SIZE])
{
	char quoted[QUOTE_SIZE];

	if (text[0] != '/' && text[0] != '\0')
		return why_set(why, "%s is not an absolute path (write /...)",
		    escape_quote(quoted, sizeof(quoted), text));
	return set_text(value, text, why);
}

static int
set_choice(
    const struct option *row, int *value, const char *text, char why[WHY_SIZE])
{
	char quoted[QUOTE_SIZE], allowed[OPTION_TEXT_SIZE];
	int word = find_choice(row, text);

	if (word != -1) {
		*value = word;
		return 0;
	}
	option_describe(row, allowed);
	return why_set(why, "%s is not possible (write %.160s)",
	    escape_quote(quoted, sizeof(quoted), text), allowed);
}

static int
append_item(struct option_list *list, const char *text, char why[WHY_SIZE])
{
	char **items =
	    reallocarray(list->items, list->count + 1, sizeof(*items));

	if (items == NULL)
		return why_set(why, "out of memory");
	list->items = items;
	if ((items[list->count] = strdup(text)) == NULL)
		return why_set(why, "out of memory");
	list->count++;
	return 0;
}

int
option_set(const struct option *row, void *settings, const char *text,
    char why[WHY_SIZE])
{
	void *value = field(row, settings);

	switch (row->kind) {
	case OPTION_BOOL:
		return set_bool(row, value, text, why);
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_TIME:
	case OPTION_MODE:
		return set_quantity(row, value, text, why);
	case OPTION_PATH:
		return set_path(value, text, why);
	case OPTION_TEXT:
		return set_text(value, text, why);
	case OPTION_CHOICE:
		return set_choice(row, value, text, why);
	case OPTION_LIST:
		return append_item(value, text, why);
	}
	return -1;
}

int
option_set_defaults(const struct option *rows, void *settings)
{
	char why[WHY_SIZE];

	for (const struct option *row = rows; row->name != NULL; row++)
		if (row->initial != NULL &&
		    option_set(row, settings, row->initial, why) == -1)
			return -1;
	return 0;
}

/* A text that grows; what does not fit ends it. */
struct output {
	char *end;
	size_t room;
};

static struct output
begin(char text[OPTION_TEXT_SIZE])
{
	text[0] = '\0';
	return (struct output){ text, OPTION_TEXT_SIZE };
}

static void
put(struct output *output, const char *piece, size_t len)
{
	if (len >= output->room) {
		output->room = 0;
		return;
	}
	memcpy(output->end, piece, len);
	output->end += len;
	output->room -= len;
	*output->end = '\0';
}

/* In double quotes, as libconfuse reads them: it would expand ${NAME}. */
static void
put_quoted(struct output *output, const char *text)
{
	size_t len = strlen(text), taken;

	put(output, "\"", 1);
	for (size_t i = 0; i < len; i += taken) {
		char piece[ESCAPE_GROWTH];
		size_t n = escape_utf8_one(piece, text + i, len - i, &taken);

		if (text[i] == '"' || (text[i] == '$' && text[i + 1] == '{'))
			put(output, "\\", 1);
		put(output, piece, n);
	}
	put(output, "\"", 1);
}

/* One item stands alone; braces enclose more, or none. */
static void
format_list(const struct option_list *list, struct output *output)
{
	bool braces = list->count != 1;

	if (braces)
		put(output, "{", 1);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			put(output, ",", 1);
		if (braces)
			put(output, " ", 1);
		put_quoted(output, list->items[i]);
	}
	if (braces)
		put(output, " }", 2);
}

static void
format_quantity(
    const struct option *row, uint64_t value, char text[OPTION_TEXT_SIZE])
{
	for (int i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
		if (value == OPTION_WORD(i)) {
			snprintf(text, OPTION_TEXT_SIZE, "%s", row->choices[i]);
			return;
		}
	option_format_quantity(row->kind, value, text);
}

void
option_format(
    const struct option *row, const void *settings, char text[OPTION_TEXT_SIZE])
{
	const void *value = field(row, settings);
	struct output output = begin(text);
	const char *owned;

	switch (row->kind) {
	case OPTION_BOOL:
		strcpy(text, *(const bool *)value ? "yes" : "no");
		break;
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_TIME:
	case OPTION_MODE:
		format_quantity(row, *(const uint64_t *)value, text);
		break;
	case OPTION_PATH:
	case OPTION_TEXT:
		owned = *(char *const *)value;
		put_quoted(&output, owned != NULL ? owned : "");
		break;
	case OPTION_CHOICE:
		snprintf(text, OPTION_TEXT_SIZE, "%s",
		    row->choices[*(const int *)value]);
		break;
	case OPTION_LIST:
		format_list(value, &output);
		break;
	}
}

static void
describe_choices(const struct option *row, char text[OPTION_TEXT_SIZE])
{
	struct output output = begin(text);

	for (int i = 0; row->choices[i] != NULL; i++) {
		const char *join = i == 0         ? ""
		    : row->choices[i + 1] == NULL ? " or "
						  : ", ";

		put(&output, join, strlen(join));
		put(&output, row->choices[i], strlen(row->choices[i]));
	}
}

/* "never, always or 10ms to 1d, such as 500ms or 30s" */
static void
describe_quantity(const struct option *row, char text[OPTION_TEXT_SIZE])
{
	char min[OPTION_QUANTITY_SIZE], max[OPTION_QUANTITY_SIZE];
	size_t len = 0;

	option_format_quantity(row->kind, row->min, min);
	option_format_quantity(row->kind, row->max, max);
	for (int i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
		len += (size_t)snprintf(text + len, OPTION_TEXT_SIZE - len,
		    "%s%s", row->choices[i],
		    row->choices[i + 1] != NULL ? ", " : " or ");
	snprintf(text + len, OPTION_TEXT_SIZE - len, "%s to %s%s%s%s", min, max,
	    row->unit != NULL ? " " : "", row->unit != NULL ? row->unit : "",
	    row->kind == OPTION_TIME       ? ", such as 500ms or 30s"
		: row->kind == OPTION_MODE ? ", such as 0640"
					   : "");
}

void
option_describe(const struct option *row, char text[OPTION_TEXT_SIZE])
{
	switch (row->kind) {
	case OPTION_BOOL:
		strcpy(text, "yes or no");
		break;
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_TIME:
	case OPTION_MODE:
		describe_quantity(row, text);
		break;
	case OPTION_PATH:
		strcpy(text, "an absolute path");
		break;
	case OPTION_TEXT:
		strcpy(text, "\"...\"");
		break;
	case OPTION_CHOICE:
		describe_choices(row, text);
		break;
	case OPTION_LIST:
		strcpy(text, "\"...\" or { \"...\", \"...\" }");
		break;
	}
}

static void
free_list(struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

void
option_free(const struct option *rows, void *settings)
{
	for (const struct option *row = rows; row->name != NULL; row++) {
		if (row->kind == OPTION_LIST)
			free_list(field(row, settings));
		if (row->kind == OPTION_PATH || row->kind == OPTION_TEXT) {
			char **path = field(row, settings);

			free(*path);
			*path = NULL;
		}
	}
}

const struct option *
option_find(const struct option *rows, const char *name)
{
	for (const struct option *row = rows; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}
