/* SPDX-License-Identifier: ISC */
/* The state of one service as text, with each of its figures. */
#include "client/status_private.h"

#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/plain.h"
#include "client/terminal.h"

/* Room for the name of a figure, and the columns that it gets. */
#define NAME_SIZE    64
#define NAME_COLUMNS 42

/* Of each number, where there is room for three so wide, and where not. */
#define NUMBER_COLUMNS        12
#define NUMBER_COLUMNS_NARROW 9

static int
number_columns(const struct status_style *style)
{
	bool has_room =
	    status_columns(style) >= NAME_COLUMNS + 3 * NUMBER_COLUMNS;

	return has_room ? NUMBER_COLUMNS : NUMBER_COLUMNS_NARROW;
}

static bool
has_rates(const struct status_style *style)
{
	return status_columns(style) >=
	    NAME_COLUMNS + 3 * NUMBER_COLUMNS_NARROW;
}

/* A rate that is not told is none. */
static void
print_rate(struct page *page, const struct status_style *style,
    const json_t *rates, const char *name)
{
	char text[HUMAN_SIZE];

	page_print(page, "%*s", number_columns(style),
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
	page_print(page, "  %-*s", NAME_COLUMNS - 2,
	    plain_cut(plain, sizeof(plain), name));
	if (has_rates(style)) {
		print_rate(page, style, json_object_get(rates, "second"), name);
		print_rate(page, style, json_object_get(rates, "minute"), name);
	}
	page_print(page, "%*s", number_columns(style),
	    status_format(text, name, status_number_of(figures, name)));
	status_paint(page, style, paint == NULL ? NULL : "");
	page_puts(page, "\n");
}

static void
print_titles(struct page *page, const struct status_style *style)
{
	int columns = number_columns(style);

	status_paint(page, style, PAINT_FAINT);
	page_print(page, "  %-*s", NAME_COLUMNS - 2, "FIGURE");
	if (has_rates(style))
		page_print(
		    page, "%*s%*s", columns, "PER S", columns, "1MIN AVG");
	page_print(page, "%*s", columns, "TOTAL");
	status_paint(page, style, "");
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
	print_titles(page, style);
	json_object_foreach(figures, name, value)
	    print_figure(page, style, service, name);
	if (json_object_size(figures) == 0)
		page_puts(page, "  nothing has come yet\n");
}
