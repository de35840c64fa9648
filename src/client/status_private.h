/* SPDX-License-Identifier: ISC */
/* The parts that the overview and the view of one service have in common. */
#ifndef CLIENT_STATUS_PRIVATE_H
#define CLIENT_STATUS_PRIVATE_H

#include "client/status_text.h"

/* Where there is no terminal, or one that does not tell. */
#define STATUS_COLUMNS_DEFAULT 80

/* How wide a line may be, terminal or not. */
size_t status_columns(const struct status_style *style);

/* Words in lines that are broken between them. */
struct status_words {
	struct page *page;
	const struct status_style *style;
	const char *paint; /* of them all; NULL: none */
	size_t column;     /* where the next one stands */
	size_t count;
};

/* Begins a line with a title, which may be "". */
struct status_words status_words_begin(struct page *page,
    const struct status_style *style, const char *title, const char *paint);

/* Appends a word, which is escaped; a comma stands before all but the first. */
void status_word(struct status_words *words, const char *text);

void status_words_end(struct status_words *words);

/* Appends text of a JSON string, escaped; nothing of anything else. */
void status_print_text(struct page *page, const json_t *text);

/* Of an object; "" and 0 where there is none, or none of this type. */
const char *status_text_of(const json_t *object, const char *name);
double status_number_of(const json_t *object, const char *name);

/* A number of this name as a person reads it: bytes, or a count. */
const char *status_format(char *text, const char *name, double number);

/* A line of text, which goes on in the next where the terminal is narrow. */
void status_print_line(
    struct page *page, const struct status_style *style, const char *text);

/* Ends the line that begins there in the page, in the same way. */
void status_end_line(
    struct page *page, const struct status_style *style, size_t begin);

/* "creosote bucket" in bold; returns its columns. */
size_t status_print_name(
    struct page *page, const struct status_style *style, const json_t *service);

/* The lines below a service: where it listens, and how it stands. */
void status_print_listeners(
    struct page *page, const struct status_style *style, const json_t *service);
void status_print_state(
    struct page *page, const struct status_style *style, const json_t *service);

/* The services, each with the lines below it. */
void status_print_table(struct page *page, const struct status_style *style,
    const json_t *services);

/* Whether it listens for connections, has had some, or has some left. */
bool status_has_connections(const json_t *service);

void status_paint(
    struct page *page, const struct status_style *style, const char *code);

#endif
