/* SPDX-License-Identifier: ISC */
/* The errors of a configuration, in the order of files and lines. */
#include "config/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
errors_add_file(struct errors *errors, const char *name, size_t *file)
{
	char **files =
	    reallocarray(errors->files, errors->file_count + 1, sizeof(*files));

	if (files == NULL)
		return -1;
	errors->files = files;
	if ((files[errors->file_count] = strdup(name)) == NULL)
		return -1;
	*file = errors->file_count++;
	return 0;
}

/* "FILE:LINE: " and the text; NULL: out of memory. */
static char *
format_error(
    const struct errors *errors, struct errors_place place, const char *what)
{
	const char *file = errors->files[place.file];
	char *text;
	int len = place.line == 0
	    ? asprintf(&text, "%s: %s", file, what)
	    : asprintf(&text, "%s:%u: %s", file, place.line, what);

	return len == -1 ? NULL : text;
}

/* True when an earlier pass has found something in the same line. */
static bool
is_hidden(const struct errors *errors, enum errors_pass pass,
    struct errors_place place)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct errors_item *item = &errors->items[i];

		if (item->place.file == place.file &&
		    item->place.line == place.line && item->pass < pass)
			return true;
	}
	return false;
}

void
errors_add(struct errors *errors, enum errors_pass pass,
    struct errors_place place, const char *format, ...)
{
	struct errors_item *item = &errors->items[errors->count];
	char *what;
	va_list ap;

	if (place.line != 0 && is_hidden(errors, pass, place))
		return;
	if (errors->count == ERRORS_MAX) {
		errors->more = true;
		return;
	}
	va_start(ap, format);
	if (vasprintf(&what, format, ap) == -1)
		what = NULL;
	va_end(ap);
	if (what != NULL)
		item->text = format_error(errors, place, what);
	if (what == NULL || item->text == NULL) {
		errors->out_of_memory = true;
	} else {
		item->pass = pass;
		item->place = place;
		errors->count++;
	}
	free(what);
}

bool
errors_has(
    const struct errors *errors, struct errors_place first, unsigned last_line)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct errors_item *item = &errors->items[i];

		if (item->place.file == first.file &&
		    item->place.line >= first.line &&
		    item->place.line <= last_line)
			return true;
	}
	return false;
}

bool
errors_any(const struct errors *errors)
{
	return errors->count > 0 || errors->out_of_memory;
}

static bool
is_before(struct errors_place a, struct errors_place b)
{
	return a.file != b.file ? a.file < b.file : a.line < b.line;
}

/* Insertion sort: few items, and those of one line keep their order. */
static void
sort_items(struct errors *errors)
{
	for (size_t i = 1; i < errors->count; i++) {
		struct errors_item item = errors->items[i];
		size_t at = i;

		for (; at > 0 &&
		     is_before(item.place, errors->items[at - 1].place);
		     at--)
			errors->items[at] = errors->items[at - 1];
		errors->items[at] = item;
	}
}

/* What is said after the errors themselves, when there is more to say. */
static char *
last_words(const struct errors *errors)
{
	char *text;

	if (!errors->more && !errors->out_of_memory)
		return NULL;
	if (asprintf(&text, "%s: %s",
		errors->file_count > 0 ? errors->files[0] : "configuration",
		errors->more ? "too many errors, the others are not shown"
			     : "out of memory") == -1)
		return NULL;
	return text;
}

/* Parsers of values have but words for it. */
static bool
is_memory(const char *text)
{
	static const char words[] = "out of memory";
	size_t len = strlen(text);

	return len >= strlen(words) &&
	    strcmp(text + len - strlen(words), words) == 0;
}

void
errors_deliver(struct errors *errors, struct config_errors *list)
{
	char *last = last_words(errors);

	sort_items(errors);
	list->count = 0;
	list->lacked_memory = errors->out_of_memory;
	list->items = calloc(errors->count + 1, sizeof(*list->items));
	for (size_t i = 0; i < errors->count; i++) {
		list->lacked_memory |= is_memory(errors->items[i].text);
		if (list->items != NULL)
			list->items[list->count++] = errors->items[i].text;
		else
			free(errors->items[i].text);
	}
	if (list->items != NULL && last != NULL)
		list->items[list->count++] = last;
	else
		free(last);
	for (size_t i = 0; i < errors->file_count; i++)
		free(errors->files[i]);
	free(errors->files);
	memset(errors, 0, sizeof(*errors));
}

void
config_errors_free(struct config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->items[i]);
	free(errors->items);
	errors->items = NULL;
	errors->count = 0;
}
