/* SPDX-License-Identifier: ISC */
/* The state of a netlabd as text: the overview. */
#include "client/status_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/human.h"
#include "client/reload.h"
#include "client/status_private.h"
#include "client/terminal.h"
#include "client/time_format.h"

/* The table's columns but for the first, which gets what is left. */
#define WHAT_COLUMNS   12
#define OPEN_COLUMNS   6
#define RATE_COLUMNS   9
#define NUMBER_COLUMNS 9
#define TABLE_COLUMNS \
	(WHAT_COLUMNS + OPEN_COLUMNS + 2 * RATE_COLUMNS + 3 * NUMBER_COLUMNS)
/* With so many columns, bytes have theirs too. */
#define WIDE_COLUMNS (STATUS_COLUMNS_LEAST + 2 * NUMBER_COLUMNS)

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

/* The cells of one kind of traffic. */
static void
print_traffic(struct page *page, const struct status_style *style,
    const struct traffic *traffic, const json_t *service)
{
	json_t *figures = json_object_get(service, "figures");
	const json_t *rates = json_object_get(service, "rates");
	char text[HUMAN_SIZE];

	page_print(page, "%-*s", WHAT_COLUMNS, traffic->what);
	print_cell(page, OPEN_COLUMNS,
	    traffic->is_open
		? human_count(text, status_number_of(service, "connections"))
		: "");
	print_cell(page, RATE_COLUMNS,
	    human_count(text,
		status_number_of(
		    json_object_get(rates, "second"), traffic->what)));
	print_cell(page, RATE_COLUMNS,
	    human_count(text,
		status_number_of(
		    json_object_get(rates, "minute"), traffic->what)));
	print_cell(page, NUMBER_COLUMNS,
	    human_count(text, status_number_of(figures, traffic->what)));
	if (style->columns >= WIDE_COLUMNS) {
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
	size_t table = TABLE_COLUMNS +
	    (style->columns >= WIDE_COLUMNS ? 2 * NUMBER_COLUMNS : 0);

	return style->columns - table;
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
print_table(
    struct page *page, const struct status_style *style, const json_t *services)
{
	json_t *service;
	size_t i;

	status_paint(page, style, PAINT_FAINT);
	page_print(page, "%-*s%-*s%*s%*s%*s%*s", (int)name_columns(style),
	    "SERVICE", WHAT_COLUMNS, "TRAFFIC", OPEN_COLUMNS, "OPEN",
	    RATE_COLUMNS, "PER S", RATE_COLUMNS, "1MIN AVG", NUMBER_COLUMNS,
	    "TOTAL");
	if (style->columns >= WIDE_COLUMNS)
		page_print(page, "%*s%*s", NUMBER_COLUMNS, "BYTES IN",
		    NUMBER_COLUMNS, "OUT");
	page_print(
	    page, "%*s%*s", NUMBER_COLUMNS, "REFUSED", NUMBER_COLUMNS, "LOST");
	status_paint(page, style, "");
	page_puts(page, "\n");
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

static void
print_daemon(
    struct page *page, const struct status_style *style, const json_t *status)
{
	const json_t *connections = json_object_get(status, "connections");
	struct status_words words = { .page = page, .style = style };
	char text[96], number[HUMAN_SIZE], more[HUMAN_SIZE];

	status_paint(page, style, PAINT_BOLD);
	page_puts(page, "netlabd ");
	status_print_text(page, json_object_get(status, "version"));
	status_paint(page, style, "");
	words.column = sizeof("netlabd 0.0.0") - 1;
	words.count = 1;
	snprintf(text, sizeof(text), "pid %" JSON_INTEGER_FORMAT,
	    json_integer_value(json_object_get(status, "pid")));
	status_word(&words, text);
	snprintf(text, sizeof(text), "up %s",
	    human_span(number, status_number_of(status, "uptime")));
	status_word(&words, text);
	snprintf(text, sizeof(text), "%s resident",
	    human_bytes(number, status_number_of(status, "resident")));
	status_word(&words, text);
	snprintf(text, sizeof(text), "%s of %s connections open",
	    human_count(number, status_number_of(connections, "open")),
	    human_count(more, status_number_of(connections, "max")));
	status_word(&words, text);
	status_words_end(&words);
}

/* How far it is confined; one of before does not tell. */
static void
print_sandbox(struct page *page, const json_t *sandbox)
{
	json_int_t landlock =
	    json_integer_value(json_object_get(sandbox, "landlock"));
	char text[96];

	if (!json_is_object(sandbox))
		return;
	snprintf(text, sizeof(text), "sandbox: %s%s%s\n",
	    json_is_true(json_object_get(sandbox, "no-new-privileges"))
		? "no new privileges"
		: "none",
	    landlock > 0 ? ", Landlock" : "",
	    json_is_true(json_object_get(sandbox, "seccomp")) ? ", seccomp"
							      : "");
	page_puts(page, text);
}

/* The errors of a reload that was refused, a line each. */
static void
print_errors(struct page *page, const json_t *reload)
{
	const json_t *errors = json_object_get(reload, "errors");
	json_t *item;
	size_t i;

	json_array_foreach(errors, i, item)
	{
		page_puts(page, "  ");
		status_print_text(page, item);
		page_puts(page, "\n");
	}
}

/* A time of ISO 8601 as local time; as it is, when it is none. */
static void
print_local_time(struct page *page, const char *text)
{
	struct time_reading reading;
	char local[32];
	struct tm tm;
	time_t second;

	if (!time_format_parse(
		text, strlen(text), false, clock_now_ns(), &reading)) {
		page_plain(page, text, strlen(text));
		return;
	}
	second = reading.ns / CLOCK_NS_PER_S;
	localtime_r(&second, &tm);
	strftime(local, sizeof(local), "%Y-%m-%d %H:%M:%S", &tm);
	page_puts(page, local);
}

static void
print_reload(
    struct page *page, const struct status_style *style, const json_t *reload)
{
	bool is_refused =
	    strcmp(status_text_of(reload, "outcome"), "refused") == 0;

	if (!json_is_object(reload)) {
		page_puts(page, "not reloaded since it was started\n");
		return;
	}
	status_paint(page, style, is_refused ? PAINT_BAD : NULL);
	page_puts(page, "last reload ");
	print_local_time(page, status_text_of(reload, "time"));
	page_puts(page, ": ");
	if (is_refused)
		page_puts(page, "refused, so it serves on as before");
	else
		reload_print_counts(page, reload);
	status_paint(page, style, is_refused ? "" : NULL);
	page_puts(page, "\n");
	if (is_refused)
		print_errors(page, reload);
}

void
status_print(
    struct page *page, const struct status_style *style, const json_t *status)
{
	print_daemon(page, style, status);
	print_sandbox(page, json_object_get(status, "sandbox"));
	print_reload(page, style, json_object_get(status, "reload"));
	page_puts(page, "\n");
	print_table(page, style, json_object_get(status, "services"));
}
