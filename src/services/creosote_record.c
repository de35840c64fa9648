/* SPDX-License-Identifier: ISC */
/* A bucket's records. */
#include "services/creosote_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"

static size_t
escape_message(
    char *out, const struct record_style *style, const char *data, size_t len)
{
	return style->escape == RECORD_UTF8 ? escape_utf8(out, data, len)
					    : escape_repr(out, data, len);
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

/* 2026-11-23T06:31:00.123456Z 192.0.2.7:40123 message */
static char *
format_text(char *out, const struct record_style *style,
    const struct datagram *datagram)
{
	out += clock_format_iso8601(out, datagram->received_ns);
	*out++ = ' ';
	out += address_format(out, datagram->peer, datagram->peer_len);
	*out++ = ' ';
	return out +
	    escape_message(out, style, datagram->data,
		strip_newline(datagram->data, datagram->len));
}

/* {"time":"…","source":"192.0.2.7:40123","bytes":12,"message":"…"} */
static char *
format_json(char *out, const struct record_style *style,
    const struct datagram *datagram)
{
	static char message[DATAGRAM_SIZE * ESCAPE_GROWTH];
	char source[ADDRESS_TEXT_SIZE];
	size_t len = escape_message(message, style, datagram->data,
	    strip_newline(datagram->data, datagram->len));

	out = append(out, "{\"time\":\"", 9);
	out += clock_format_iso8601(out, datagram->received_ns);
	out = append(out, "\",\"source\":\"", 12);
	out += escape_json(out, source,
	    address_format(source, datagram->peer, datagram->peer_len));
	out +=
	    sprintf(out, "\",\"bytes\":%zu,\"message\":\"", datagram->wire_len);
	out += escape_json(out, message, len);
	return append(out, "\"}", 2);
}

size_t
record_format(char out[RECORD_SIZE], const struct record_style *style,
    const struct datagram *datagram)
{
	char *end;

	switch (style->format) {
	case RECORD_TEXT:
		end = format_text(out, style, datagram);
		break;
	case RECORD_JSON:
		end = format_json(out, style, datagram);
		break;
	default:
		end = out +
		    escape_message(out, style, datagram->data, datagram->len);
	}
	*end++ = '\n';
	return (size_t)(end - out);
}

size_t
record_format_loss(char out[RECORD_SIZE], const struct record_style *style,
    int64_t now_ns, uint64_t count, const char *what)
{
	char time[CLOCK_TEXT_SIZE], escaped[2 * RECORD_WHAT_SIZE];

	clock_format_iso8601(time, now_ns);
	escaped[escape_json(escaped, what, strlen(what))] = '\0';
	if (style->format == RECORD_JSON)
		return (size_t)snprintf(out, RECORD_HEADER_SIZE,
		    "{\"time\":\"%s\",\"source\":\"netlabd\",\"lost\":%" PRIu64
		    ",\"message\":\"%" PRIu64 " %s\"}\n",
		    time, count, count, escaped);
	return (size_t)snprintf(out, RECORD_HEADER_SIZE,
	    "%s%snetlabd: %" PRIu64 " %s\n",
	    style->format == RECORD_TEXT ? time : "",
	    style->format == RECORD_TEXT ? " " : "", count, what);
}
