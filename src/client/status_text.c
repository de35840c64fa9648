/* SPDX-License-Identifier: ISC */
/* The state of a netlabd as text: the overview, above its table. */
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

/* How far it is confined, as its log says; one of before does not tell. */
static void
print_sandbox(
    struct page *page, const struct status_style *style, const json_t *sandbox)
{
	json_int_t landlock =
	    json_integer_value(json_object_get(sandbox, "landlock"));
	char text[96], fence[48] = "no Landlock";

	if (!json_is_object(sandbox))
		return;
	if (!json_is_true(json_object_get(sandbox, "no-new-privileges"))) {
		status_print_line(page, style, "sandbox: none");
		return;
	}
	if (landlock > 0)
		snprintf(fence, sizeof(fence),
		    "Landlock ABI %" JSON_INTEGER_FORMAT, landlock);
	snprintf(text, sizeof(text), "sandbox: no new privileges, %s, %s",
	    fence,
	    json_is_true(json_object_get(sandbox, "seccomp")) ? "seccomp"
							      : "no seccomp");
	status_print_line(page, style, text);
}

/* The errors of a reload that was refused, a line each. */
static void
print_errors(
    struct page *page, const struct status_style *style, const json_t *reload)
{
	const json_t *errors = json_object_get(reload, "errors");
	json_t *item;
	size_t i;

	json_array_foreach(errors, i, item)
	{
		size_t begin = page->len;

		page_puts(page, "  ");
		status_print_text(page, item);
		status_end_line(page, style, begin);
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

	size_t begin;

	if (!json_is_object(reload)) {
		status_print_line(
		    page, style, "not reloaded since it was started");
		return;
	}
	status_paint(page, style, is_refused ? PAINT_BAD : NULL);
	begin = page->len;
	page_puts(page, "last reload ");
	print_local_time(page, status_text_of(reload, "time"));
	page_puts(page, ": ");
	if (is_refused)
		page_puts(page, "refused, so it serves on as before");
	else
		reload_print_counts(page, reload);
	status_end_line(page, style, begin);
	status_paint(page, style, is_refused ? "" : NULL);
	if (is_refused)
		print_errors(page, style, reload);
}

void
status_print(
    struct page *page, const struct status_style *style, const json_t *status)
{
	print_daemon(page, style, status);
	print_sandbox(page, style, json_object_get(status, "sandbox"));
	print_reload(page, style, json_object_get(status, "reload"));
	page_puts(page, "\n");
	status_print_table(page, style, json_object_get(status, "services"));
}
