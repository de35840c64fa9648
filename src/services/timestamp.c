/* SPDX-License-Identifier: ISC */
/* Timestamp, the lecture's: one line comes back as "[ctime] line". */
#include "core/service.h"

#include <string.h>

#include "base/clock.h"

#define MAX_LINE (1 << 20)

/* "[Sun Apr  6 12:34:56 2013] ", and years of five digits. */
#define STAMP_SIZE 32

struct timestamp_settings {
	uint64_t max_line;
};

static const struct option timestamp_options[] = {
	{ .name = "max-line",
	    .kind = OPTION_SIZE,
	    .offset = offsetof(struct timestamp_settings, max_line),
	    .initial = "64K",
	    .min = 1,
	    .max = MAX_LINE,
	    .help = "a longer line closes the connection" },
	{ .name = NULL },
};

static size_t
timestamp_max_line(const struct service *service)
{
	const struct timestamp_settings *settings = service_settings(service);

	return settings->max_line;
}

static size_t
format_stamp(char stamp[CLOCK_TEXT_SIZE], int64_t now_ns)
{
	char text[CLOCK_TEXT_SIZE];
	size_t len = clock_format_ctime(text, now_ns);

	stamp[0] = '[';
	memcpy(stamp + 1, text, len);
	memcpy(stamp + 1 + len, "] ", 2);
	return len + 3;
}

/* A datagram that the stamp would make too long for one gets no answer. */
static bool
timestamp_datagram(struct service *service, struct datagram *datagram)
{
	char stamp[CLOCK_TEXT_SIZE];
	size_t len = format_stamp(stamp, datagram->received_ns);

	(void)service;
	if (datagram->len + len <= datagram->size) {
		memmove(datagram->data + len, datagram->data, datagram->len);
		memcpy(datagram->data, stamp, len);
	}
	datagram->len += len;
	return true;
}

/* Written at once, so that the client's first read has all of it. */
static void
timestamp_line(struct stream *stream, char *line, size_t len)
{
	static char answer[STAMP_SIZE + MAX_LINE];
	char stamp[CLOCK_TEXT_SIZE];
	size_t stamp_len = format_stamp(stamp, clock_now_ns());

	memcpy(answer, stamp, stamp_len);
	memcpy(answer + stamp_len, line, len);
	stream_write(stream, answer, stamp_len + len);
	stream_close(stream);
}

const struct service_type timestamp_service = {
	.name = "timestamp",
	.summary = "sends a line back with the time before it and closes",
	.example = "netlab send %s hello",
	.options = timestamp_options,
	.settings_size = sizeof(struct timestamp_settings),
	.datagram = timestamp_datagram,
	.amplification = 2,
	.stream.line = timestamp_line,
	.max_line = timestamp_max_line,
};
