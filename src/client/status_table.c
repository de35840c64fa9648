/* SPDX-License-Identifier: ISC */
/* The state of a netlabd as text: the table of its services. */
#include "client/status_private.h"

#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/terminal.h"

/* The columns but for the first, which gets what is left. */
#define WHAT_COLUMNS   12
#define OPEN_COLUMNS   6
#define RATE_COLUMNS   9
#define NUMBER_COLUMNS 9
#define FEWEST_COLUMNS (WHAT_COLUMNS + 3 * NUMBER_COLUMNS)
/* How many of the line there must be for what the narrowest does without. */
#define RATE_FROM    (STATUS_COLUMNS_LEAST + OPEN_COLUMNS + RATE_COLUMNS)
#define AVERAGE_FROM STATUS_COLUMNS_DEFAULT
#define BYTES_FROM   (AVERAGE_FROM + 2 * NUMBER_COLUMNS)

/* What a service takes, and the figures that belong to it. */
static const struct traffic {
	const char *what;  /* a figure, too */
	const char *kinds; /* transports of listeners that bring it */
	bool is_refusable;
	const char *lost;     /* NULL: there is none */
	const char *in, *out; /* bytes */
	bool is_open;         /* it lasts, so that some are open */
} traffics[] = {
	{ "datagrams", "udp unixgram", true, "lost", "datagram-bytes",
	    "answer-bytes", false },
	{ "connections", "tcp unix", true, NULL, "read-bytes", "written-bytes",
	    true },
	{ "records", "", false, "records-lost", NULL, NULL, false },
};
#define TRAFFIC_COUNT (sizeof(traffics) / sizeof(*traffics))

static bool
is_refusal_of_streams(const char *name)
{
	return strstr(name, "connection") != NULL;
}

/* Whether a figure counts what this traffic was refused. */
static bool
is_refusal_of(const struct traffic *traffic, const char *name)
{
	if (!traffic->is_refusable ||
	    strncmp(name, "refused-", strlen("refused-")) != 0)
		return false;
	return traffic->is_open == is_refusal_of_streams(name);
}

static double
sum_refused(const struct traffic *traffic, json_t *figures)
{
	double sum = 0;
	const char *name;
	json_t *value;

	json_object_foreach(
	    figures, name, value) if (is_refusal_of(traffic, name)) sum +=
	    json_number_value(value);
	return sum;
}

/* Whether it has come already, or a listener waits for it. */
static bool
has_traffic(const struct traffic *traffic, const json_t *service)
{
	json_t *figures = json_object_get(service, "figures");
	const json_t *listeners = json_object_get(service, "listeners");
	json_t *item;
	size_t i;

	if (json_object_get(figures, traffic->what) != NULL ||
	    sum_refused(traffic, figures) > 0)
		return true;
	json_array_foreach(listeners, i, item)
	{
		const char *transport = status_text_of(item, "transport");
		const char *place = strstr(traffic->kinds, transport);

		/* "unix" is a part of "unixgram". */
		if (*transport != '\0' && place != NULL &&
		    strcspn(place, " ") == strlen(transport))
			return true;
	}
	return false;
}

bool
status_has_connections(const json_t *service)
{
	for (size_t i = 0; i < TRAFFIC_COUNT; i++)
		if (traffics[i].is_open && has_traffic(&traffics[i], service))
			return true;
	return status_number_of(service, "connections") > 0;
}

static size_t
table_columns(const struct status_style *style)
{
	size_t columns = status_columns(style);

	return columns < STATUS_COLUMNS_LEAST ? STATUS_COLUMNS_LEAST : columns;
}

static void
print_cell(struct page *page, int columns, const char *text)
{
	page_print(page, "%*s", columns, text);
}

/* A number that ought to be 0 is seen when it is not. */
static void
print_trouble(struct page *page, const struct status_style *style,
    const char *paint, double number)
{
	char text[HUMAN_SIZE];

	status_paint(page, style, number > 0 ? paint : NULL);
	print_cell(page, NUMBER_COLUMNS, human_count(text, number));
	status_paint(page, style, number > 0 ? "" : NULL);
}

static void
print_bytes(struct page *page, const json_t *figures, const char *name)
{
	char text[HUMAN_SIZE] = "";

	if (name != NULL)
		human_bytes(text, status_number_of(figures, name));
	print_cell(page, NUMBER_COLUMNS, text);
}

static void
print_rates(struct page *page, size_t columns, const struct traffic *traffic,
    const json_t *service)
{
	const json_t *rates = json_object_get(service, "rates");
	const json_t *second = json_object_get(rates, "second");
	const json_t *minute = json_object_get(rates, "minute");
	char text[HUMAN_SIZE] = "";

	if (columns < RATE_FROM)
		return;
	if (traffic->is_open)
		human_count(text, status_number_of(service, "connections"));
	print_cell(page, OPEN_COLUMNS, text);
	human_count(text, status_number_of(second, traffic->what));
	print_cell(page, RATE_COLUMNS, text);
	if (columns < AVERAGE_FROM)
		return;
	human_count(text, status_number_of(minute, traffic->what));
	print_cell(page, RATE_COLUMNS, text);
}

/* The cells of one kind of traffic. */
static void
print_traffic(struct page *page, const struct status_style *style,
    const struct traffic *traffic, const json_t *service)
{
	json_t *figures = json_object_get(service, "figures");
	size_t columns = table_columns(style);
	char text[HUMAN_SIZE];

	page_print(page, "%-*s", WHAT_COLUMNS, traffic->what);
	print_rates(page, columns, traffic, service);
	print_cell(page, NUMBER_COLUMNS,
	    human_count(text, status_number_of(figures, traffic->what)));
	if (columns >= BYTES_FROM) {
		print_bytes(page, figures, traffic->in);
		print_bytes(page, figures, traffic->out);
	}
	if (traffic->is_refusable)
		print_trouble(
		    page, style, PAINT_WARN, sum_refused(traffic, figures));
	else
		print_cell(page, NUMBER_COLUMNS, "");
	if (traffic->lost != NULL)
		print_trouble(page, style, PAINT_BAD,
		    status_number_of(figures, traffic->lost));
	page_puts(page, "\n");
}

static size_t
name_columns(const struct status_style *style)
{
	size_t columns = table_columns(style), others = FEWEST_COLUMNS;

	if (columns >= RATE_FROM)
		others += OPEN_COLUMNS + RATE_COLUMNS;
	if (columns >= AVERAGE_FROM)
		others += RATE_COLUMNS;
	if (columns >= BYTES_FROM)
		others += 2 * NUMBER_COLUMNS;
	return columns - others;
}

/* The figures whose names begin so, without the beginning, after a title. */
static void
print_reasons(struct page *page, const struct status_style *style,
    const json_t *service, const char *beginning, const char *title)
{
	json_t *figures = json_object_get(service, "figures"), *value;
	struct status_words words = { .page = NULL };
	const char *name;

	json_object_foreach(figures, name, value)
	{
		char text[128], number[HUMAN_SIZE];

		if (strncmp(name, beginning, strlen(beginning)) != 0)
			continue;
		if (words.page == NULL)
			words =
			    status_words_begin(page, style, title, PAINT_WARN);
		snprintf(text, sizeof(text), "%s %s",
		    human_count(number, json_number_value(value)),
		    name + strlen(beginning));
		status_word(&words, text);
	}
	if (words.page != NULL)
		status_words_end(&words);
}

/* A row for each kind of traffic, the name before the first. */
static void
print_rows(
    struct page *page, const struct status_style *style, const json_t *service)
{
	size_t column = status_print_name(page, style, service);
	size_t width = name_columns(style);

	if (column >= width) {
		page_puts(page, "\n");
		column = 0;
	}
	for (size_t i = 0; i < TRAFFIC_COUNT; i++) {
		if (!has_traffic(&traffics[i], service))
			continue;
		page_print(page, "%*s", (int)(width - column), "");
		print_traffic(page, style, &traffics[i], service);
		column = 0;
	}
	if (column > 0)
		page_puts(page, "\n");
}

static void
print_titles(struct page *page, const struct status_style *style)
{
	size_t columns = table_columns(style);

	status_paint(page, style, PAINT_FAINT);
	page_print(page, "%-*s%-*s", (int)name_columns(style), "SERVICE",
	    WHAT_COLUMNS, "TRAFFIC");
	if (columns >= RATE_FROM) {
		print_cell(page, OPEN_COLUMNS, "OPEN");
		print_cell(page, RATE_COLUMNS, "PER S");
	}
	if (columns >= AVERAGE_FROM)
		print_cell(page, RATE_COLUMNS, "1MIN AVG");
	print_cell(page, NUMBER_COLUMNS, "TOTAL");
	if (columns >= BYTES_FROM) {
		print_cell(page, NUMBER_COLUMNS, "BYTES IN");
		print_cell(page, NUMBER_COLUMNS, "OUT");
	}
	print_cell(page, NUMBER_COLUMNS, "REFUSED");
	print_cell(page, NUMBER_COLUMNS, "LOST");
	status_paint(page, style, "");
	page_puts(page, "\n");
}

void
status_print_table(
    struct page *page, const struct status_style *style, const json_t *services)
{
	json_t *service;
	size_t i;

	print_titles(page, style);
	json_array_foreach(services, i, service)
	{
		print_rows(page, style, service);
		status_print_listeners(page, style, service);
		/* Their sum stands in the table. */
		print_reasons(page, style, service, "refused-", "refused:");
		print_reasons(
		    page, style, service, "would-refuse-", "would refuse:");
		status_print_state(page, style, service);
	}
}
