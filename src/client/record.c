/* SPDX-License-Identifier: ISC */
/* A record of a bucket as a line for people. */
#include "client/record.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/address.h"
#include "base/clock.h"
#include "client/plain.h"
#include "client/time_format.h"

/* Longer senders push their own message to the right only. */
#define SOURCE_COLUMNS_MAX 22

/* Bytes of a message that are looked at for each column that is left for it. */
#define BYTES_A_COLUMN 8

/* Where there is no width, or too little of it to be of use. */
#define COLUMNS_LEAST 20

/* A sender that leaves less to its message is cut. */
#define MESSAGE_COLUMNS_LEAST 2

/* A cut line ends so. */
#define CUT_MARK '>'

/* A level of syslog, by its number. */
static const struct severity {
	const char *name;
	const char *paint; /* of its name and message; "": none */
} severities[] = {
	{ "emerg", PAINT_BAD },
	{ "alert", PAINT_BAD },
	{ "crit", PAINT_BAD },
	{ "err", "31" },
	{ "warning", PAINT_WARN },
	{ "notice", PAINT_BOLD },
	{ "info", "" },
	{ "debug", PAINT_FAINT },
};
#define SEVERITY_COUNT (sizeof(severities) / sizeof(*severities))

/* Colours that can be read on black and on white: contrast 3.6 and more. */
static const unsigned char palette[] = { 28, 30, 31, 27, 63, 98, 129, 133, 162,
	130, 94, 100, 64, 67 };

/* Of the eight that any terminal has, as SGR codes. */
static const unsigned char basic_colours[] = { 32, 36, 35, 34 };

/* How much of a sender is its host: all but the port. */
static size_t
host_len(const char *source)
{
	const char *colon = strrchr(source, ':');
	size_t digits = colon == NULL ? 0 : strspn(colon + 1, "0123456789");

	if (digits == 0 || colon[1 + digits] != '\0')
		return strlen(source);
	return (size_t)(colon - source);
}

/* FNV-1a, its halves folded, as its low bits alone are not mixed well. */
static uint32_t
hash_host(const char *source)
{
	uint32_t hash = 2166136261u;
	size_t len = host_len(source);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)source[i]) * 16777619u;
	return hash ^ hash >> 16;
}

unsigned
record_colour(const char *source)
{
	return palette[hash_host(source) % sizeof(palette)];
}

static void
paint(const struct record_view *view, struct page *page, const char *code)
{
	if (view->has_colours && *code != '\0')
		page_print(page, "\033[%sm", code);
}

static void
paint_source(
    const struct record_view *view, struct page *page, const char *source)
{
	if (view->has_palette)
		page_print(page, "\033[38;5;%um", record_colour(source));
	else if (view->has_colours)
		page_print(page, "\033[%um",
		    (unsigned)basic_colours[hash_host(source) %
			sizeof(basic_colours)]);
}

static void
paint_end(const struct record_view *view, struct page *page)
{
	if (view->has_colours)
		page_puts(page, "\033[m");
}

/* "" where there is no such text. */
static const char *
text_of(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));

	return text == NULL ? "" : text;
}

/* The level that a record tells, by name or by number; NULL: none. */
static const struct severity *
severity_of(const json_t *record)
{
	const json_t *value = json_object_get(record, "severity");
	const char *name = json_string_value(value);

	if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);

		return number >= 0 && number < (json_int_t)SEVERITY_COUNT
		    ? &severities[number]
		    : NULL;
	}
	for (size_t i = 0; name != NULL && i < SEVERITY_COUNT; i++)
		if (strcasecmp(severities[i].name, name) == 0)
			return &severities[i];
	return NULL;
}

static void
print_date(struct record_view *view, struct page *page, const struct tm *tm)
{
	char text[32];

	strftime(text, sizeof(text), "%a %Y-%m-%d", tm);
	paint(view, page, PAINT_FAINT);
	page_print(page, "-- %s --", text);
	paint_end(view, page);
	page_puts(page, "\n");
}

/* The local time of day; before it the date, where it is another one. */
static void
print_time(struct record_view *view, struct page *page, const char *text,
    int64_t now_ns)
{
	struct time_reading reading;
	time_t second, now = now_ns / CLOCK_NS_PER_S;
	struct tm tm, today;

	if (!time_format_parse(text, strlen(text), false, now_ns, &reading) ||
	    reading.ns < 0) {
		page_puts(page, "--:--:--.--- ");
		return;
	}
	second = reading.ns / CLOCK_NS_PER_S;
	localtime_r(&second, &tm);
	localtime_r(&now, &today);
	if (view->year == 0) {
		view->year = today.tm_year;
		view->yday = today.tm_yday;
	}
	if (tm.tm_year != view->year || tm.tm_yday != view->yday)
		print_date(view, page, &tm);
	view->year = tm.tm_year;
	view->yday = tm.tm_yday;
	paint(view, page, PAINT_FAINT);
	page_print(page, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)(reading.ns % CLOCK_NS_PER_S / 1000000));
	paint_end(view, page);
	page_puts(page, " ");
}

/* Returns how many columns it took, of at most so many. */
static size_t
print_source(struct record_view *view, struct page *page, const json_t *record,
    size_t most)
{
	char source[ADDRESS_TEXT_SIZE];
	size_t columns = most - 1, pad = 0, len;

	plain_cut(source, sizeof(source), text_of(record, "source"));
	len = plain_fit(source, strlen(source), &columns);
	if (view->is_aligned && columns <= SOURCE_COLUMNS_MAX) {
		if (columns > view->source_columns)
			view->source_columns = columns;
		pad = view->source_columns - columns;
		if (pad > most - 1 - columns)
			pad = most - 1 - columns;
	}
	paint_source(view, page, source);
	page_add(page, source, len);
	paint_end(view, page);
	page_print(page, "%*s ", (int)pad, "");
	return columns + pad + 1;
}

/*
 * What stands before the text of a decoded message, behind its level: the
 * kernel's release, "host program[7]: "
 */
static void
print_origin(struct page *page, const json_t *record)
{
	const char *release = text_of(record, "release");
	const char *host = text_of(record, "host");
	const char *program = text_of(record, "program");
	const char *process = text_of(record, "process");

	if (*release != '\0') {
		page_plain(page, release, strlen(release));
		page_puts(page, " ");
	}
	if (*host != '\0') {
		page_plain(page, host, strlen(host));
		page_puts(page, *program == '\0' ? ": " : " ");
	}
	if (*program == '\0')
		return;
	page_plain(page, program, strlen(program));
	if (*process != '\0') {
		page_puts(page, "[");
		page_plain(page, process, strlen(process));
		page_puts(page, "]");
	}
	page_puts(page, ": ");
}

/* Cuts what was printed from `start` on to the columns that are left. */
static void
cut(struct page *page, size_t start, size_t left, bool was_cut)
{
	size_t columns = left;
	size_t len = page->len - start;

	if (page->is_short ||
	    (plain_fit(page->data + start, len, &columns) == len && !was_cut))
		return;
	columns = left - 1;
	page->len = start + plain_fit(page->data + start, len, &columns);
	page_add(page, (const char[]){ CUT_MARK }, 1);
}

/* `used`: the columns that stand before it. */
static void
print_message(const struct record_view *view, struct page *page,
    const json_t *record, size_t used)
{
	const struct severity *severity = severity_of(record);
	const char *text = text_of(record, "text");
	size_t start, len, left = SIZE_MAX, most;

	if (*text == '\0')
		text = text_of(record, "message");
	if (view->columns >= COLUMNS_LEAST)
		left = view->columns - used;
	most =
	    left > SIZE_MAX / BYTES_A_COLUMN ? SIZE_MAX : left * BYTES_A_COLUMN;
	if (severity != NULL)
		paint(view, page, severity->paint);
	start = page->len;
	if (severity != NULL)
		page_print(page, "%s ", severity->name);
	print_origin(page, record);
	len = strlen(text);
	page_plain(page, text, len < most ? len : most);
	if (left != SIZE_MAX)
		cut(page, start, left, len > most);
	if (severity != NULL && *severity->paint != '\0')
		paint_end(view, page);
}

/* The server left out what this viewer was too slow for. */
static void
print_missed(const struct record_view *view, struct page *page, json_int_t n)
{
	paint(view, page, PAINT_BAD);
	page_print(page, "-- %" JSON_INTEGER_FORMAT " record%s missed here --",
	    n, n == 1 ? "" : "s");
	paint_end(view, page);
	page_puts(page, "\n");
}

/* netlabd's own word of a loss: it is never cut, as every number counts. */
static void
print_lost(const struct record_view *view, struct page *page,
    const json_t *record, json_int_t n)
{
	const char *message = text_of(record, "message");

	paint(view, page, PAINT_BAD);
	page_puts(page, "netlabd ");
	if (*message == '\0')
		page_print(
		    page, "%" JSON_INTEGER_FORMAT " records lost here", n);
	else
		page_plain(page, message, strlen(message));
	paint_end(view, page);
}

void
record_print(struct record_view *view, struct page *page, const json_t *record,
    int64_t now_ns)
{
	const json_t *missed = json_object_get(record, "missed");
	const json_t *lost = json_object_get(record, "lost");
	size_t used = sizeof("00:00:00.000 ") - 1, most = SIZE_MAX;

	if (json_is_integer(missed)) {
		print_missed(view, page, json_integer_value(missed));
		return;
	}
	print_time(view, page, text_of(record, "time"), now_ns);
	if (json_is_integer(lost) && json_integer_value(lost) > 0) {
		print_lost(view, page, record, json_integer_value(lost));
	} else {
		if (view->columns >= COLUMNS_LEAST)
			most = view->columns - used - MESSAGE_COLUMNS_LEAST;
		used += print_source(view, page, record, most);
		print_message(view, page, record, used);
	}
	page_puts(page, "\n");
}
