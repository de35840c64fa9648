/* SPDX-License-Identifier: ISC */
/* netlab tail: the last records of a bucket, and those that come. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "client/bucket.h"
#include "client/control.h"
#include "client/lines.h"
#include "client/output.h"
#include "client/plain.h"
#include "client/record.h"
#include "client/signals.h"
#include "client/since.h"
#include "net/http.h"

/* Of the path and query that ask; the server takes no longer ones. */
#define PATH_SIZE HTTP_TARGET_MAX

/* How many records without -n, and with --since: as many as there are. */
#define LINES_DEFAULT 10
#define LINES_ALL     1000000

/* How often --retry tries. */
#define RETRY_MS 1000

/* A page is written when it is so long, if not before. */
#define PAGE_BYTES 32768

/* Times of records, as the server writes them. */
#define TIME_SIZE 48

struct tail {
	const struct arguments *arguments;
	struct control control;
	struct terminal terminal;
	struct record_view view;
	struct page page;
	struct lines lines;
	char bucket[BUCKET_NAME_SIZE]; /* "": not known yet */
	char since[CLOCK_TEXT_SIZE];   /* "": not asked for */
	char last_time[TIME_SIZE];     /* of the last record shown; "": none */
	json_int_t last_sequence;
	bool is_waiting; /* the connection is lost, and that was told */
	bool is_no_json; /* what came was none */
	bool is_refused; /* netlabd is there, and will say no again */
	int write_error; /* of standard output; 0: none */
};

/* False: there is no more to do, as the reader has gone. */
static bool
write_page(struct tail *tail)
{
	if (page_write(&tail->page, STDOUT_FILENO, tail->control.stop_fd) == 0)
		return true;
	tail->write_error = errno;
	return false;
}

/* What was shown before the connection was lost is not shown again. */
static bool
is_shown(const struct tail *tail, const char *time, json_int_t sequence)
{
	return sequence != 0 && sequence <= tail->last_sequence &&
	    strcmp(time, tail->last_time) <= 0;
}

static bool
is_news(struct tail *tail, const json_t *record)
{
	const char *time = json_string_value(json_object_get(record, "time"));
	json_int_t sequence =
	    json_integer_value(json_object_get(record, "sequence"));

	if (time == NULL || strlen(time) >= sizeof(tail->last_time))
		return true;
	if (is_shown(tail, time, sequence))
		return false;
	strcpy(tail->last_time, time);
	if (sequence != 0)
		tail->last_sequence = sequence;
	return true;
}

static void
print_json(struct tail *tail, const char *line, size_t len)
{
	if (tail->terminal.is_terminal)
		page_plain(&tail->page, line, len);
	else
		page_add(&tail->page, line, len);
	page_puts(&tail->page, "\n");
}

static bool
take_line(void *arg, const char *line, size_t len)
{
	struct tail *tail = arg;
	json_t *record;

	if (len == 0)
		return true; /* only tells that the server is there */
	record = json_loadb(line, len, 0, NULL);
	if (!json_is_object(record)) {
		json_decref(record);
		tail->is_no_json = true;
		return false;
	}
	if (is_news(tail, record)) {
		if (tail->arguments->json)
			print_json(tail, line, len);
		else
			record_print(
			    &tail->view, &tail->page, record, clock_now_ns());
	}
	json_decref(record);
	return tail->page.len < PAGE_BYTES || write_page(tail);
}

static bool
take_body(void *arg, const char *data, size_t len)
{
	struct tail *tail = arg;

	if (tail->is_waiting)
		log_notice("%s: back again", tail->control.target.name);
	tail->is_waiting = false;
	return lines_take(&tail->lines, data, len);
}

/* All that has come is shown before more is waited for. */
static bool
take_pause(void *arg)
{
	struct tail *tail = arg;

	if (!write_page(tail))
		return false;
	terminal_measure(&tail->terminal);
	if (!tail->arguments->wrap)
		tail->view.columns = tail->terminal.columns;
	return true;
}

/* --- The question */

static bool
append_query(char path[PATH_SIZE], const char *name, const char *value)
{
	size_t used = strlen(path);

	if (value == NULL || *value == '\0')
		return true;
	used += (size_t)snprintf(path + used, PATH_SIZE - used,
	    "%c%s=", strchr(path, '?') == NULL ? '?' : '&', name);
	return used < PATH_SIZE &&
	    http_encode(path + used, PATH_SIZE - used, value) <
	    PATH_SIZE - used;
}

/* Once records were shown, it goes on after the last of them. */
static bool
make_path(const struct tail *tail, char path[PATH_SIZE])
{
	const struct arguments *arguments = tail->arguments;
	bool is_anew = *tail->last_time != '\0';
	const char *since = is_anew ? tail->last_time : tail->since;
	int lines = arguments->lines;
	char number[16], name[3 * BUCKET_NAME_SIZE];

	if (is_anew || (lines == -1 && *since != '\0'))
		lines = LINES_ALL;
	else if (lines == -1)
		lines = LINES_DEFAULT;
	snprintf(number, sizeof(number), "%d", lines);
	(void)http_encode(name, sizeof(name), tail->bucket);
	snprintf(path, PATH_SIZE, "/buckets/%s/tail", name);
	return append_query(path, "n", number) &&
	    append_query(path, "since", since) &&
	    append_query(path, "from", arguments->from) &&
	    append_query(path, "match", arguments->match) &&
	    append_query(path, "follow", arguments->once ? NULL : "1");
}

/* --- The session */

/* Why the stream has ended that was to go on; 0: it was all that was asked. */
static int
explain_end(const struct tail *tail, unsigned status, int result,
    char why[CONTROL_WHY_SIZE])
{
	if (tail->is_no_json || tail->lines.is_too_long)
		snprintf(why, CONTROL_WHY_SIZE,
		    "a line that is no record (is this the control socket "
		    "of a netlabd?)");
	else if (tail->lines.is_out_of_memory)
		snprintf(why, CONTROL_WHY_SIZE, "out of memory");
	else if (result == 0 && tail->arguments->once)
		return 0;
	else if (result == 0)
		snprintf(why, CONTROL_WHY_SIZE,
		    "netlabd has ended the "
		    "stream%s",
		    tail->arguments->retry
			? ""
			: " (--retry waits until it is back)");
	else if (status == 200 && !tail->arguments->retry)
		snprintf(why + strlen(why), CONTROL_WHY_SIZE - strlen(why),
		    "; --retry waits until it is back");
	return -1;
}

/* A bucket that was shown may come back by another reload. */
static bool
is_final(const struct tail *tail, unsigned status)
{
	bool is_gone = status == 404 && *tail->last_time != '\0';

	return status >= 400 && status < 500 && !is_gone;
}

/* Asks once. 0: there is nothing more to do; -1: with why. */
static int
attempt(struct tail *tail, char why[CONTROL_WHY_SIZE])
{
	const struct control_sink sink = { take_body, take_pause, tail };
	char path[PATH_SIZE];
	unsigned status;
	int result;

	if (*tail->bucket == '\0' &&
	    bucket_find_only(&tail->control, tail->bucket, &status, why) ==
		-1) {
		tail->is_refused = status == 200 || is_final(tail, status);
		return -1;
	}
	if (!make_path(tail, path)) {
		snprintf(why, CONTROL_WHY_SIZE, "the question is too long");
		tail->is_refused = true;
		return -1;
	}
	tail->lines.len = 0;
	result = control_stream(&tail->control, path, &sink, &status, why);
	tail->is_refused = is_final(tail, status);
	return explain_end(tail, status, result, why);
}

/* True when a signal, or the reader of the output, has ended it. */
static bool
is_ended(struct tail *tail, int wait_ms)
{
	struct pollfd ready[] = {
		{ .fd = tail->control.stop_fd, .events = POLLIN },
		{ .fd = tail->control.reader_fd },
	};

	return tail->write_error != 0 || poll(ready, 2, wait_ms) != 0;
}

static enum status
follow(struct tail *tail)
{
	char why[CONTROL_WHY_SIZE], told[CONTROL_WHY_SIZE] = "";

	while (attempt(tail, why) == -1 && !is_ended(tail, 0)) {
		if (!tail->arguments->retry || tail->is_no_json ||
		    tail->is_refused)
			return control_complain(&tail->control, why);
		if (!tail->is_waiting || strcmp(why, told) != 0)
			log_notice("%s: %s; waiting until it is back",
			    tail->control.target.name, why);
		strcpy(told, why);
		tail->is_waiting = true;
		if (is_ended(tail, RETRY_MS))
			break;
	}
	return tail->write_error == 0 ? STATUS_OK
				      : output_complain(tail->write_error);
}

static enum status
read_since(struct tail *tail)
{
	const char *text = tail->arguments->since;
	char quoted[64];
	int64_t ns;

	if (text == NULL)
		return STATUS_OK;
	if (since_parse(text, clock_now_ns(), &ns) == -1)
		return command_refuse(&tail_command,
		    "time %s is none (write 5m, 14:30, or 2026-11-23T14:30)",
		    escape_quote(quoted, sizeof(quoted), text));
	clock_format_iso8601(tail->since, ns);
	return STATUS_OK;
}

static enum status
read_operands(struct tail *tail)
{
	const struct arguments *arguments = tail->arguments;
	const char *name = arguments->count == 0 ? "" : arguments->operands[0];

	if (arguments->count > 1)
		return command_refuse(&tail_command, "more than one bucket");
	if (strlen(name) >= sizeof(tail->bucket))
		return command_refuse(&tail_command,
		    "no bucket has a name of "
		    "so many letters");
	strcpy(tail->bucket, name);
	return read_since(tail);
}

static int
open_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

	return signals_open(ends, sizeof(ends) / sizeof(*ends));
}

static enum status
tail_run(const struct arguments *arguments)
{
	struct tail tail = { .arguments = arguments };
	enum status status = read_operands(&tail);

	if (status == STATUS_OK)
		status = control_open(&tail.control, &tail_command, arguments);
	if (status != STATUS_OK)
		return status;
	terminal_open(&tail.terminal);
	tail.view = (struct record_view){
		.is_aligned = tail.terminal.is_terminal,
		.has_colours = tail.terminal.has_colours,
		.has_palette = tail.terminal.has_palette,
		.columns = arguments->wrap ? 0 : tail.terminal.columns,
	};
	tail.lines = (struct lines){
		.max = CONTROL_ANSWER_MAX, .line = take_line, .arg = &tail
	};
	tail.control.stop_fd = open_signals();
	tail.control.reader_fd = STDOUT_FILENO;
	status = follow(&tail);
	lines_free(&tail.lines);
	page_free(&tail.page);
	control_close(&tail.control);
	return status;
}

const struct command tail_command = {
	.name = "tail",
	.usage = "[BUCKET]",
	.summary = "show the last records of a bucket, and those that come",
	.help = "Shows the last records that netlabd remembers of a bucket, "
		"and then each as it\ncomes, until Ctrl-C. Without BUCKET it "
		"is the only one. Times are local; what\nwas lost, or missed "
		"by a slow reader, stands at its place.",
	.awaited = "netlabd",
	.options = "SnBFM1fRWjt",
	.run = tail_run,
};
