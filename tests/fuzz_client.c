/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what netlab makes of the answers of a control socket: whatever a
 * server says, the text is lines that drive no terminal. The first byte chooses
 * how the rest is meant: as it comes over HTTP, or what HTTP would bring.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/lines.h"
#include "client/page.h"
#include "client/record.h"
#include "client/response.h"
#include "client/status_text.h"
#include "fuzz.h"

/* 2026-11-23 12:00 UTC. */
#define NOW_NS (1795435200LL * 1000000000)

/* Longer lines are none, so that the limit is reached, too. */
#define LINE_MAX_BYTES 4096

/* Neither C0 but newlines, nor DEL, nor C1 in UTF-8. */
static void
require_harmless(const struct page *page)
{
	for (size_t i = 0; i < page->len; i++) {
		unsigned char byte = (unsigned char)page->data[i];
		unsigned char next =
		    i + 1 < page->len ? (unsigned char)page->data[i + 1] : 0;

		REQUIRE((byte >= 0x20 || byte == '\n') && byte != 0x7f);
		REQUIRE(byte != 0xc2 || next >= 0xa0);
	}
}

static void
print_status(const char *data, size_t len)
{
	struct status_style style = { .columns = 80 };
	json_t *json = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	struct page page = { 0 };

	if (json_is_object(json)) {
		status_print(&page, &style, json);
		style.columns = 120;
		status_print_service(&page, &style, json);
	}
	require_harmless(&page);
	page_free(&page);
	json_decref(json);
}

struct viewer {
	struct record_view view;
	struct page page;
};

static bool
print_record(void *arg, const char *line, size_t len)
{
	struct viewer *viewer = arg;
	json_t *json = json_loadb(line, len, 0, NULL);

	REQUIRE(memchr(line, '\n', len) == NULL && len <= LINE_MAX_BYTES);
	if (json_is_object(json))
		record_print(&viewer->view, &viewer->page, json, NOW_NS);
	json_decref(json);
	return true;
}

static bool
take_body(void *arg, const char *data, size_t len)
{
	print_status(data, len);
	return lines_take(arg, data, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	struct viewer viewer = { .view = { .is_aligned = true } };
	struct lines lines = {
		.max = LINE_MAX_BYTES, .line = print_record, .arg = &viewer
	};
	struct response response;

	if (size == 0)
		return 0;
	viewer.view.columns = data[0] & 1 ? 40 : 0;
	if (data[0] & 2) {
		(void)take_body(&lines, text, size - 1);
	} else {
		REQUIRE(response_open(&response, take_body, &lines) == 0);
		if (response_take(&response, text, (size - 1) / 2) &&
		    response_take(&response, text + (size - 1) / 2,
			size - 1 - (size - 1) / 2))
			(void)response_end(&response);
		response_close(&response);
	}
	require_harmless(&viewer.page);
	lines_free(&lines);
	page_free(&viewer.page);
	return 0;
}
