/* SPDX-License-Identifier: ISC */
/* The state of one service as text, with each of its figures. */
#include "client/status_private.h"

#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/plain.h"
#include "client/terminal.h"

/* Room for the name of a figure, and the columns of the numbers. */
#define NAME_SIZE      64
#define NUMBER_COLUMNS 12

/* A rate that is not told is none. */
static void
print_rate(struct page *page, const json_t *rates, const char *name)
{
	char text[HUMAN_SIZE];

	page_print(page, "%*s", NUMBER_COLUMNS,
	    status_format(text, name, status_number_of(rates, name)));
}

static bool
is_trouble(const char *name)
{
	return strstr(name, "lost") != NULL || strstr(name, "fail") != NULL;
}

static void
print_figure(struct page *page, const struct status_style *style,
    const json_t *service, const char *name)
{
	const json_t *rates = json_object_get(service, "rates");
	const json_t *figures = json_object_get(service, "figures");
	const char *paint = is_trouble(name) ? PAINT_BAD
	    : strstr(name, "refuse") != NULL ? PAINT_WARN
					     : NULL;
	char text[HUMAN_SIZE], plain[NAME_SIZE];

	status_paint(page, style, paint);
	page_print(page, "  %-40s", plain_cut(plain, sizeof(plain), name));
	print_rate(page, json_object_get(rates, "second"), name);
	print_rate(page, json_object_get(rates, "minute"), name);
	page_print(page, "%*s", NUMBER_COLUMNS,
	    status_format(text, name, status_number_of(figures, name)));
	status_paint(page, style, paint == NULL ? NULL : "");
	page_puts(page, "\n");
}

void
status_print_service(
    struct page *page, const struct status_style *style, const json_t *service)
{
	json_t *figures = json_object_get(service, "figures"), *value;
	const char *name;
	char text[HUMAN_SIZE];

	(void)status_print_name(page, style, service);
	if (status_has_connections(service))
		page_print(page, ": %s connections open",
		    human_count(
			text, status_number_of(service, "connections")));
	page_puts(page, "\n");
	status_print_listeners(page, style, service);
	status_print_state(page, style, service);
	page_puts(page, "\n");
	status_paint(page, style, PAINT_FAINT);
	page_print(page, "  %-40s%*s%*s%*s", "FIGURE", NUMBER_COLUMNS, "PER S",
	    NUMBER_COLUMNS, "1MIN AVG", NUMBER_COLUMNS, "TOTAL");
	status_paint(page, style, "");
	page_puts(page, "\n");
	json_object_foreach(figures, name, value)
	    print_figure(page, style, service, name);
	if (json_object_size(figures) == 0)
		page_puts(page, "  nothing has come yet\n");
}
