/* SPDX-License-Identifier: ISC */
/* A bucket's records. */
#include "services/creosote_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static size_t
escape_message(
    char *out, const struct record_style *style, const char *data, size_t len)
{
	return style->escape == RECORD_UTF8 ? escape_utf8(out, data, len)
					    : escape_repr(out, data, len);
}

static bool
is_cut(const struct record *record)
{
	return record->wire_len > record->data.len;
}

/* The length without one newline at the end. */
static size_t
strip_newline(const char *data, size_t len)
{
	return len > 0 && data[len - 1] == '\n' ? len - 1 : len;
}

static char *
append(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	return out + len;
}

/* The message, and that it was longer. */
static char *
append_message(char *out, const struct record_style *style,
    const struct record *record, size_t len)
{
	out += escape_message(out, style, record->data.data, len);
	if (is_cut(record))
		out += sprintf(out, " [cut: %zu bytes]", record->wire_len);
	return out;
}

/* 2026-11-23T06:31:00.123456Z 192.0.2.7:40123 message */
static char *
format_text(
    char *out, const struct record_style *style, const struct record *record)
{
	out += clock_format_iso8601(out, record->time_ns);
	*out++ = ' ';
	out = append(out, record->source.data, record->source.len);
	*out++ = ' ';
	return append_message(out, style, record,
	    strip_newline(record->data.data, record->data.len));
}

/* {"sequence":7,"time":"…","source":"…","bytes":12,"message":"…"} */
static char *
format_json(
    char *out, const struct record_style *style, const struct record *record)
{
	static char message[RECORD_MAX * ESCAPE_GROWTH];
	size_t len = escape_message(message, style, record->data.data,
	    strip_newline(record->data.data, record->data.len));

	out += sprintf(
	    out, "{\"sequence\":%" PRIu64 ",\"time\":\"", record->sequence);
	out += clock_format_iso8601(out, record->time_ns);
	out = append(out, "\",\"source\":\"", 12);
	out += escape_json(out, record->source.data, record->source.len);
	out += sprintf(out, "\",\"bytes\":%zu,%s\"message\":\"",
	    record->wire_len, is_cut(record) ? "\"cut\":true," : "");
	out += escape_json(out, message, len);
	return append(out, "\"}", 2);
}

size_t
record_format(
    char *out, const struct record_style *style, const struct record *record)
{
	char *end;

	switch (style->format) {
	case RECORD_TEXT:
		end = format_text(out, style, record);
		break;
	case RECORD_JSON:
		end = format_json(out, style, record);
		break;
	default:
		end = append_message(out, style, record, record->data.len);
	}
	*end++ = '\n';
	return (size_t)(end - out);
}

/* `member` is of the JSON object, with its comma. */
static size_t
format_word(char *out, const struct record_style *style, int64_t now_ns,
    const char *member, const char *text)
{
	char time[CLOCK_TEXT_SIZE], escaped[2 * RECORD_HEADER_SIZE];

	clock_format_iso8601(time, now_ns);
	if (style->format == RECORD_RAW)
		return (size_t)sprintf(out, "netlabd: %s\n", text);
	if (style->format == RECORD_TEXT)
		return (size_t)sprintf(out, "%s netlabd: %s\n", time, text);
	escaped[escape_json(escaped, text, strlen(text))] = '\0';
	return (size_t)sprintf(out,
	    "{\"time\":\"%s\",\"source\":\"netlabd\",%s\"message\":\"%s\"}\n",
	    time, member, escaped);
}

size_t
record_format_loss(char out[RECORD_HEADER_SIZE],
    const struct record_style *style, int64_t now_ns, uint64_t count,
    const char *what)
{
	char member[64], text[RECORD_WHAT_SIZE + 32];

	snprintf(member, sizeof(member), "\"lost\":%" PRIu64 ",", count);
	snprintf(text, sizeof(text), "%" PRIu64 " %.*s", count,
	    RECORD_WHAT_SIZE - 1, what);
	return format_word(out, style, now_ns, member, text);
}

size_t
record_format_word(char out[RECORD_HEADER_SIZE],
    const struct record_style *style, int64_t now_ns, const char *what)
{
	char text[RECORD_WHAT_SIZE];

	snprintf(text, sizeof(text), "%s", what);
	return format_word(out, style, now_ns, "", text);
}
