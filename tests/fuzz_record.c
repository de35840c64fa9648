/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what netlab shows of a bucket's records, and how it reads times: in
 * whatever colours and width, each record is a line that fits and drives the
 * terminal no further than to the colours.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/human.h"
#include "client/plain.h"
#include "client/record.h"
#include "client/since.h"
#include "client/time_format.h"
#include "fuzz.h"

/* 2026-11-23 12:00 UTC. */
#define NOW_NS (INT64_C(1795435200) * CLOCK_NS_PER_S)

/* The oldest and the newest time that a text may mean. */
#define FIRST_NS (INT64_C(-9100000000) * CLOCK_NS_PER_S)

/* Takes the colours out; anything else that begins with ESC stays. */
static size_t
strip(char *text, size_t len)
{
	size_t out = 0, i = 0;

	while (i < len) {
		size_t end = i + 2;

		if (text[i] == '\033' && end < len && text[i + 1] == '[') {
			while (end < len &&
			    strchr("0123456789;", text[end]) != NULL)
				end++;
			if (end < len && text[end] == 'm') {
				i = end + 1;
				continue;
			}
		}
		text[out++] = text[i++];
	}
	return out;
}

/* Neither C0, nor DEL, nor C1 in UTF-8; in no more columns than there are. */
static void
require_line(const char *line, size_t len, size_t width)
{
	size_t columns = SIZE_MAX;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];
		unsigned char next =
		    i + 1 < len ? (unsigned char)line[i + 1] : 0;

		REQUIRE(byte >= 0x20 && byte != 0x7f);
		REQUIRE(byte != 0xc2 || next >= 0xa0);
	}
	REQUIRE(plain_fit(line, len, &columns) == len);
	REQUIRE(width == 0 || columns <= width);
}

/* A record is a line, and a date before it is another. */
static void
fuzz_record(struct record_view *view, const json_t *record)
{
	struct page page = { 0 };
	bool is_cut = view->columns >= 20 &&
	    !json_is_integer(json_object_get(record, "missed")) &&
	    !json_is_integer(json_object_get(record, "lost"));
	char *line, *newline;
	size_t lines = 0, len;

	record_print(view, &page, record, NOW_NS);
	len = strip(page.data, page.len);
	for (line = page.data; len > 0; line = newline + 1, lines++) {
		newline = memchr(line, '\n', len);
		REQUIRE(newline != NULL);
		len -= (size_t)(newline - line) + 1;
		require_line(
		    line, (size_t)(newline - line), is_cut ? view->columns : 0);
	}
	REQUIRE(lines == 1 || lines == 2);
	page_free(&page);
}

static void
fuzz_time(const char *text, size_t len)
{
	struct time_reading reading;
	char human[HUMAN_SIZE];
	int64_t ns;

	for (int rfc868 = 0; rfc868 < 2; rfc868++) {
		if (!time_format_parse(
			text, len, rfc868 != 0, NOW_NS, &reading))
			continue;
		REQUIRE(reading.format != NULL && reading.resolution_ns > 0);
		ns = time_format_offset(&reading, NOW_NS, NOW_NS + 1, &ns);
		(void)time_format_zone_minutes(ns);
		human_span(human, (double)ns / (double)CLOCK_NS_PER_S);
		REQUIRE(strlen(human) < HUMAN_SIZE);
	}
	if (since_parse(text, NOW_NS, &ns) == 0)
		REQUIRE(ns > FIRST_NS || memchr(text, '-', len) != NULL);
}

/* How it is shown; then records and times, each a line. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	unsigned code = fuzz_byte(&input);
	struct record_view view = { .is_aligned = (code & 1) != 0,
		.has_colours = (code & 6) != 0,
		.has_palette = (code & 6) == 6,
		.columns = fuzz_byte(&input) };
	char *text =
	    strndup((const char *)input.at, (size_t)(input.end - input.at));
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		json_t *json = json_loadb(line, strlen(line), 0, NULL);

		if (json_is_object(json))
			fuzz_record(&view, json);
		else
			fuzz_time(line, strlen(line));
		json_decref(json);
	}
	free(text);
	return 0;
}
