/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes syslog's decoder: its slices stand in the message one after the other,
 * with nothing between them but what a header is made of, and mean the same
 * again when they are put into a message of RFC 5424.
 */
#include "services/creosote_syslog.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char bom[] = "\xef\xbb\xbf";

/* Between two fields there is this. */
static void
require_punctuation(const char *begin, const char *end)
{
	REQUIRE(begin <= end);
	if (end - begin >= 3 && memcmp(end - 3, bom, 3) == 0)
		end -= 3;
	REQUIRE(end - begin <= 20);
	for (; begin < end; begin++)
		REQUIRE(strchr("<>0123456789 []:-", *begin) != NULL &&
		    *begin != '\0');
}

static void
require_order(
    const struct creosote_fields *fields, const char *data, size_t size)
{
	const struct slice *const order[] = { &fields->time, &fields->host,
		&fields->program, &fields->process, &fields->message_id,
		&fields->structured, &fields->text };
	const char *at = data, *end = data + size;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (order[i]->len == 0 && order[i] != &fields->text)
			continue;
		require_punctuation(at, order[i]->data);
		at = order[i]->data + order[i]->len;
		REQUIRE(at <= end);
	}
	REQUIRE(end - at <= 2);
	for (; at < end; at++)
		REQUIRE(*at == '\n' || *at == '\0');
}

static void
require_priority(const struct creosote_fields *fields, const char *data)
{
	REQUIRE(fields->facility >= -1 && fields->facility <= 23);
	REQUIRE(fields->severity >= -1 && fields->severity <= 7);
	REQUIRE((fields->facility == -1) == (fields->severity == -1));
	if (fields->facility == -1)
		REQUIRE(fields->text.data == data);
	else
		REQUIRE(strtol(data + 1, NULL, 10) ==
		    fields->facility * 8 + fields->severity);
}

struct text {
	char *data;
	size_t len;
};

static void
add(struct text *text, const char *data, size_t len)
{
	if (len > 0)
		memcpy(text->data + text->len, data, len);
	text->len += len;
}

static void
add_field(struct text *text, struct slice field)
{
	if (field.len > 0)
		add(text, field.data, field.len);
	else
		add(text, "-", 1);
	add(text, " ", 1);
}

static void
require_equal(struct slice a, struct slice b)
{
	REQUIRE(a.len == b.len);
	REQUIRE(a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* A time of RFC 3164's own form has no place in RFC 5424. */
static struct slice
iso_time(const struct creosote_fields *fields)
{
	struct slice none = { NULL, 0 };

	return fields->time.len > 0 && *fields->time.data >= '0' &&
		*fields->time.data <= '9'
	    ? fields->time
	    : none;
}

static bool
is_dash(struct slice field)
{
	return field.len == 1 && *field.data == '-';
}

static void
require_round_trip(const struct creosote_fields *fields, size_t size)
{
	struct text text = { malloc(size + 64), 0 };
	struct creosote_fields again;

	REQUIRE(text.data != NULL);
	text.len = (size_t)sprintf(
	    text.data, "<%d>1 ", fields->facility * 8 + fields->severity);
	add_field(&text, iso_time(fields));
	add_field(&text, fields->host);
	add_field(&text, fields->program);
	add_field(&text, fields->process);
	add_field(&text, fields->message_id);
	add_field(&text, fields->structured);
	add(&text, bom, 3);
	add(&text, fields->text.data, fields->text.len);
	add(&text, "\n", 1);
	syslog_decode(&again, text.data, text.len);
	REQUIRE(again.facility == fields->facility);
	REQUIRE(again.severity == fields->severity);
	require_equal(again.time, iso_time(fields));
	require_equal(again.host, fields->host);
	require_equal(again.program, fields->program);
	require_equal(again.process, fields->process);
	require_equal(again.message_id, fields->message_id);
	require_equal(again.structured, fields->structured);
	require_equal(again.text, fields->text);
	free(text.data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct creosote_fields fields;

	memset(&fields, 0xff, sizeof(fields));
	syslog_decode(&fields, (const char *)data, size);
	if (size == 0)
		return 0;
	require_order(&fields, (const char *)data, size);
	require_priority(&fields, (const char *)data);
	REQUIRE(!fields.has_sequence && fields.release.len == 0 &&
	    fields.dictionary.len == 0 && fields.continued == 0);
	if (fields.facility != -1 && !is_dash(fields.host) &&
	    !is_dash(fields.program) && !is_dash(fields.process))
		require_round_trip(&fields, size);
	return 0;
}
