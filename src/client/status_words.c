/* SPDX-License-Identifier: ISC */
/* The parts that the overview and the view of one service have in common. */
#include "client/status_private.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/plain.h"
#include "client/terminal.h"

/* Room for a word, escaped; what is longer is cut. */
#define WORD_SIZE 512

/* What a line that goes on begins with. */
#define INDENT 4

size_t
status_columns(const struct status_style *style)
{
	return style->columns == 0 ? STATUS_COLUMNS_DEFAULT : style->columns;
}

void
status_paint(
    struct page *page, const struct status_style *style, const char *code)
{
	if (style->has_colours && code != NULL)
		page_print(page, "\033[%sm", code);
}

struct status_words
status_words_begin(struct page *page, const struct status_style *style,
    const char *title, const char *paint)
{
	status_paint(page, style, paint);
	page_print(page, "%s%s", *title == '\0' ? " " : "  ", title);
	return (struct status_words){ .page = page,
		.style = style,
		.paint = paint,
		.column = *title == '\0' ? 1 : 2 + strlen(title) };
}

void
status_word(struct status_words *words, const char *text)
{
	char word[WORD_SIZE];
	size_t columns = SIZE_MAX;

	plain_cut(word, sizeof(word), text);
	(void)plain_fit(word, strlen(word), &columns);
	if (words->count++ > 0) {
		page_puts(words->page, ",");
		words->column++;
	}
	/* A comma after it must fit, too. */
	if (words->column + 1 + columns + 1 > status_columns(words->style) &&
	    words->column > INDENT) {
		page_print(words->page, "\n%*s", INDENT, "");
		words->column = INDENT;
	} else {
		page_puts(words->page, " ");
		words->column++;
	}
	page_puts(words->page, word);
	words->column += columns;
}

void
status_words_end(struct status_words *words)
{
	status_paint(
	    words->page, words->style, words->paint == NULL ? NULL : "");
	page_puts(words->page, "\n");
}

void
status_print_text(struct page *page, const json_t *text)
{
	const char *string = json_string_value(text);

	if (string != NULL)
		page_plain(page, string, strlen(string));
}

void
status_print_line(
    struct page *page, const struct status_style *style, const char *text)
{
	size_t begin = page->len;

	page_puts(page, text);
	status_end_line(page, style, begin);
}

void
status_end_line(
    struct page *page, const struct status_style *style, size_t begin)
{
	page_wrap(page, begin,
	    (struct wrap){ .columns = style->columns, .indent = INDENT });
	page_puts(page, "\n");
}

const char *
status_text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

double
status_number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* Whether a figure of this name counts bytes, by its last word. */
static bool
is_bytes(const char *name)
{
	size_t len = strlen(name);

	while (len > 0 && name[len - 1] != '-' && name[len - 1] != '_')
		len--;
	return strcmp(name + len, "size") == 0 ||
	    strcmp(name + len, "bytes") == 0;
}

const char *
status_format(char *text, const char *name, double number)
{
	return is_bytes(name) ? human_bytes(text, number)
			      : human_count(text, number);
}

size_t
status_print_name(
    struct page *page, const struct status_style *style, const json_t *service)
{
	char name[WORD_SIZE];
	char text[2 * WORD_SIZE];
	size_t columns = SIZE_MAX;

	plain_cut(text, WORD_SIZE, status_text_of(service, "type"));
	strcat(text, " ");
	strcat(text,
	    plain_cut(name, sizeof(name), status_text_of(service, "name")));
	status_paint(page, style, PAINT_BOLD);
	page_puts(page, text);
	status_paint(page, style, "");
	(void)plain_fit(text, strlen(text), &columns);
	return columns;
}

void
status_print_listeners(
    struct page *page, const struct status_style *style, const json_t *service)
{
	const json_t *listeners = json_object_get(service, "listeners");
	struct status_words words;
	json_t *item;
	size_t i;

	if (json_array_size(listeners) == 0)
		return;
	words = status_words_begin(page, style, "listens on", NULL);
	json_array_foreach(listeners, i, item)
	{
		char text[WORD_SIZE];

		snprintf(text, sizeof(text), "%s %s",
		    status_text_of(item, "transport"),
		    status_text_of(item, "address"));
		status_word(&words, text);
	}
	status_words_end(&words);
}

/* One thing that a service says of how it stands; false: nothing to show. */
static bool
format_state(char text[WORD_SIZE], const char *name, const json_t *value)
{
	char number[HUMAN_SIZE];

	if (json_is_string(value) && *json_string_value(value) != '\0')
		snprintf(
		    text, WORD_SIZE, "%s %s", name, json_string_value(value));
	else if (json_is_number(value))
		snprintf(text, WORD_SIZE, "%s %s", name,
		    status_format(number, name, json_number_value(value)));
	else if (json_is_boolean(value))
		snprintf(text, WORD_SIZE, "%s %s", name,
		    json_is_true(value) ? "yes" : "no");
	else
		return false;
	return true;
}

void
status_print_state(
    struct page *page, const struct status_style *style, const json_t *service)
{
	json_t *state = json_object_get(service, "state"), *value;
	struct status_words words = { .page = NULL };
	char text[WORD_SIZE];
	const char *name;

	json_object_foreach(state, name, value)
	{
		if (!format_state(text, name, value))
			continue;
		if (words.page == NULL)
			words = status_words_begin(page, style, "", NULL);
		status_word(&words, text);
	}
	if (words.page != NULL)
		status_words_end(&words);
}
