/* SPDX-License-Identifier: ISC */
/*
 * The time, to whoever asks: the lecture's (ctime), daytime (RFC 867), the time
 * protocol (RFC 868), ISO 8601 and Unix time.
 */
#include "core/service.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* RFC 868 counts from 1900-01-01, Unix from 1970-01-01. */
#define SECONDS_1900_TO_1970 2208988800U

enum time_format {
	TIME_CTIME,
	TIME_DAYTIME,
	TIME_RFC868,
	TIME_ISO8601,
	TIME_UNIX
};

struct time_settings {
	int format; /* enum time_format */
};

static const char *const time_formats[] = { "ctime", "daytime", "rfc868",
	"iso8601", "unix", NULL };

static const struct option time_options[] = {
	{ .name = "format",
	    .kind = OPTION_CHOICE,
	    .offset = offsetof(struct time_settings, format),
	    .initial = "ctime",
	    .choices = time_formats,
	    .help = "how the time is told" },
	{ .name = NULL },
};

/* Four bytes, most significant first; wraps in 2036 as the RFC's does. */
static size_t
format_rfc868(char text[CLOCK_TEXT_SIZE], int64_t now_ns)
{
	uint32_t seconds =
	    (uint32_t)(now_ns / CLOCK_NS_PER_S) + SECONDS_1900_TO_1970;

	for (int i = 0; i < 4; i++)
		text[i] = (char)(seconds >> (24 - 8 * i));
	return 4;
}

static size_t
time_format(
    const struct service *service, char text[CLOCK_TEXT_SIZE], int64_t now_ns)
{
	const struct time_settings *settings = service_settings(service);
	size_t len;

	switch (settings->format) {
	case TIME_DAYTIME:
		len = clock_format_ctime(text, now_ns);
		memcpy(text + len, "\r\n", 2);
		return len + 2;
	case TIME_RFC868:
		return format_rfc868(text, now_ns);
	case TIME_ISO8601:
		return clock_format_iso8601(text, now_ns);
	case TIME_UNIX:
		return (size_t)snprintf(
		    text, CLOCK_TEXT_SIZE, "%lld", now_ns / CLOCK_NS_PER_S);
	default:
		return clock_format_ctime(text, now_ns);
	}
}

/*
 * Whatever was asked; RFC 868 asks with an empty datagram. Half a time would be
 * a wrong one.
 */
static bool
time_datagram(struct service *service, struct datagram *datagram)
{
	char text[CLOCK_TEXT_SIZE];

	datagram->len = time_format(service, text, datagram->received_ns);
	if (datagram->len <= datagram->size)
		memcpy(datagram->data, text, datagram->len);
	return true;
}

static void
time_open(struct stream *stream)
{
	char text[CLOCK_TEXT_SIZE];
	size_t len = time_format(stream_service(stream), text, clock_now_ns());

	stream_finish(stream, text, len);
}

const struct service_type time_service = {
	.name = "time",
	.summary = "tells the time and closes (RFC 867, RFC 868)",
	.example = "netlab time %s",
	.options = time_options,
	.settings_size = sizeof(struct time_settings),
	.datagram = time_datagram,
	.ignores_data = true,
	.amplification = 2, /* the longest format has 28 bytes */
	.stream.open = time_open,
};
