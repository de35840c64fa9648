/* SPDX-License-Identifier: ISC */
/* Upper-case echo, the lecture's first server: ASCII letters come back large.
 */
#include "core/service.h"

#include <string.h>

#include "base/ascii.h"

struct echo_upper_settings {
	bool end_on_empty_line;
};

/* Zero is where a session begins: at the start of a line. */
struct echo_upper_session {
	bool in_line;
	bool holds_cr; /* a CR at the start of a line: LF may follow */
};

static const struct option echo_upper_options[] = {
	{ .name = "end-on-empty-line",
	    .kind = OPTION_BOOL,
	    .offset = offsetof(struct echo_upper_settings, end_on_empty_line),
	    .initial = "yes",
	    .help = "an empty line ends a connection" },
	{ .name = NULL },
};

static bool
echo_upper_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	ascii_to_upper(datagram->data, datagram->len);
	return true;
}

/*
 * Finds the empty line (LF or CR LF at the start of a line) that ends the
 * session. Returns how many bytes come before it; *ends tells whether it is
 * there. A last CR that may belong to it is held and not counted.
 */
static size_t
find_empty_line(struct echo_upper_session *session, const char *data,
    size_t len, bool *ends)
{
	const char *at = data, *end = data + len;

	*ends = false;
	while (at < end) {
		size_t cr = !session->in_line && *at == '\r';

		if (cr && at + 1 == end) {
			session->holds_cr = true;
			break;
		}
		if (!session->in_line && at[cr] == '\n') {
			*ends = true;
			break;
		}
		at = memchr(at, '\n', (size_t)(end - at));
		session->in_line = at == NULL;
		if (at == NULL)
			return len;
		at++;
	}
	return (size_t)(at - data);
}

static void
echo_upper_end(struct stream *stream)
{
	struct echo_upper_session *session = stream_state(stream);

	if (session->holds_cr)
		stream_write(stream, "\r", 1);
	session->holds_cr = false;
}

static void
echo_upper_data(struct stream *stream, char *data, size_t len)
{
	const struct echo_upper_settings *settings =
	    service_settings(stream_service(stream));
	struct echo_upper_session *session = stream_state(stream);
	bool ends = false;

	if (session->holds_cr && data[0] != '\n') {
		echo_upper_end(stream);
		session->in_line = true;
	}
	if (session->holds_cr) {
		stream_close(stream);
		return;
	}
	if (settings->end_on_empty_line)
		len = find_empty_line(session, data, len, &ends);
	ascii_to_upper(data, len);
	stream_write(stream, data, len);
	if (ends)
		stream_close(stream);
}

const struct service_type echo_upper_service = {
	.name = "echo-upper",
	.summary = "sends back what it receives in upper case",
	.example = "netlab send %s hello",
	.options = echo_upper_options,
	.settings_size = sizeof(struct echo_upper_settings),
	.stream_state_size = sizeof(struct echo_upper_session),
	.datagram = echo_upper_datagram,
	.stream.data = echo_upper_data,
	.stream.end = echo_upper_end,
};
