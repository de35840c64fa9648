/* SPDX-License-Identifier: ISC */
/* The state of a netlabd as text, out of the JSON that it tells. */
#ifndef CLIENT_STATUS_TEXT_H
#define CLIENT_STATUS_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "client/page.h"

/* The overview fits into so many columns, but for words that are longer. */
#define STATUS_COLUMNS_LEAST 47

struct status_style {
	size_t columns; /* of the terminal; 0: not known */
	bool has_colours;
};

/*
 * Appends the daemon, its last reload and a few lines for each service, of GET
 * /status. What is missing, or of another type, is left out.
 */
void status_print(
    struct page *page, const struct status_style *style, const json_t *status);

/* Appends one service, with each of its figures, of GET /services/NAME. */
void status_print_service(
    struct page *page, const struct status_style *style, const json_t *service);

#endif
