/* SPDX-License-Identifier: ISC */
/* A bucket's records. */
#include "services/creosote_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"

static size_t
escape_message(
    char *out, const struct record_style *style, const char *data, size_t len)
{
	return style->escape == RECORD_UTF8 ? escape_utf8(out, data, len)
					    : escape_repr(out, data, len);
}

struct slice
record_message(const struct record *record)
{
	struct slice message = record->data;

	if (record->fields != NULL)
		return record->fields->text;
	if (message.len > 0 && message.data[message.len - 1] == '\n')
		message.len--;
	return message;
}

size_t
record_room(const struct record *record)
{
	const struct creosote_fields *fields = record->fields;
	size_t len = record->data.len;

	if (fields != NULL)
		len += fields->text.len;
	for (unsigned i = 0; fields != NULL && i < CREOSOTE_FIELDS_SLICES; i++)
		len += creosote_fields_slice_const(fields, i)->len;
	return len * RECORD_GROWTH + RECORD_HEADER_SIZE;
}

static char *
append(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	return out + len;
}

static char *
append_slice(char *out, const struct record_style *style, struct slice slice)
{
	return out + escape_message(out, style, slice.data, slice.len);
}

/* That the message was longer, or came late. */
static char *
append_marks(char *out, const struct record *record)
{
	if (record->is_cut)
		out +=
		    sprintf(out, " [cut: %" PRIu64 " bytes]", record->wire_len);
	if (record->is_late)
		out = append(out, " [late]", 7);
	return out;
}

/* "daemon.err ", or without a facility "err " */
static char *
append_level(char *out, const struct creosote_fields *fields)
{
	if (fields->facility != -1)
		out = stpcpy(
		    stpcpy(out, creosote_facility_name(fields->facility)), ".");
	if (fields->severity != -1)
		out = stpcpy(
		    stpcpy(out, creosote_severity_name(fields->severity)), " ");
	return out;
}

/* What was told of a message: "daemon.err host prog[42]: ". */
static char *
append_fields(char *out, const struct record_style *style,
    const struct creosote_fields *fields)
{
	const struct slice words[] = { fields->release, fields->host };

	out = append_level(out, fields);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].len > 0) {
			out = append_slice(out, style, words[i]);
			*out++ = ' ';
		}
	if (fields->program.len == 0 && fields->process.len == 0)
		return out;
	out = append_slice(out, style, fields->program);
	if (fields->process.len > 0) {
		*out++ = '[';
		out = append_slice(out, style, fields->process);
		*out++ = ']';
	}
	return append(out, ": ", 2);
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
	if (record->fields != NULL)
		out = append_fields(out, style, record->fields);
	out = append_slice(out, style, record_message(record));
	return append_marks(out, record);
}

/* "name":"slice", */
static char *
append_member(char *out, const struct record_style *style, const char *name,
    struct slice slice)
{
	static char escaped[RECORD_MAX * ESCAPE_GROWTH];

	*out++ = '"';
	out = stpcpy(stpcpy(out, name), "\":\"");
	out += escape_json(out, escaped,
	    escape_message(escaped, style, slice.data, slice.len));
	return append(out, "\",", 2);
}

static char *
append_json_fields(char *out, const struct record_style *style,
    const struct creosote_fields *fields)
{
	if (fields->facility != -1)
		out += sprintf(out, "\"facility\":\"%s\",",
		    creosote_facility_name(fields->facility));
	if (fields->severity != -1)
		out += sprintf(out, "\"severity\":\"%s\",",
		    creosote_severity_name(fields->severity));
	if (fields->has_sequence)
		out += sprintf(out,
		    "\"kernel_sequence\":%" PRIu64 ",\"uptime\":%" PRIu64
		    ".%06" PRIu64 ",",
		    fields->sequence, fields->uptime_us / 1000000,
		    fields->uptime_us % 1000000);
	for (unsigned i = 0; i < CREOSOTE_FIELDS_SLICES; i++) {
		const struct slice *slice =
		    creosote_fields_slice_const(fields, i);

		if (slice->len > 0)
			out = append_member(
			    out, style, creosote_fields_name(i), *slice);
	}
	return out;
}

/* {"sequence":7,"time":"…","source":"…","bytes":12,"message":"…"} */
static char *
format_json(
    char *out, const struct record_style *style, const struct record *record)
{
	out = stpcpy(out, "{\"sequence\":");
	out += decimal_format(out, record->sequence);
	out = stpcpy(out, ",\"time\":\"");
	out += clock_format_iso8601(out, record->time_ns);
	out = stpcpy(out, "\",\"source\":\"");
	out += escape_json(out, record->source.data, record->source.len);
	out = stpcpy(out, "\",\"bytes\":");
	out += decimal_format(out, record->wire_len);
	out = stpcpy(out, record->is_cut ? ",\"cut\":true," : ",");
	if (record->is_late)
		out = stpcpy(out, "\"late\":true,");
	if (record->fields != NULL)
		out = append_json_fields(out, style, record->fields);
	out = append_member(out, style, "message", record_message(record));
	out[-1] = '}';
	return out;
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
		end = append_marks(
		    append_slice(out, style, record->data), record);
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
