/* SPDX-License-Identifier: ISC */
/* netlab time: what time a service tells, and how far it is from ours. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "client/ask.h"
#include "client/connect.h"
#include "client/output.h"
#include "client/page.h"
#include "client/time_format.h"

#define LECTURE_PORT 8888
#define RFC868_PORT  37

/* No time is longer; what a service says more is not read. */
#define ANSWER_SIZE 256

struct answer {
	char data[ANSWER_SIZE];
	size_t len;
	unsigned transport;
	bool is_connected; /* to a stream */
	int64_t asked_ns, come_ns;
};

static const struct target_rules rules = {
	.command = &time_command,
	.transports = TRANSPORTS_STREAM | TRANSPORTS_DATAGRAM,
	.default_port = LECTURE_PORT,
	.hint = "write an address, or a name that ping finds",
};

/* Reads what is there. Returns its length, 0 at the end, -1 with errno. */
static ssize_t
read_some(struct answer *answer, int fd, int64_t deadline_ms)
{
	ssize_t n;

	do {
		if (connect_wait(fd, POLLIN, deadline_ms) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = recv(fd, answer->data + answer->len,
		    sizeof(answer->data) - answer->len, 0);
	} while (n == -1 && (errno == EAGAIN || errno == EINTR));
	if (n > 0 && answer->len == 0)
		answer->come_ns = clock_now_ns();
	return n;
}

/*
 * Reads until the server closes, the time is over or no time is that long. What
 * has come by then may be a time, so only an answer of nothing is an error.
 */
static int
read_stream(struct answer *answer, int fd, int timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
	ssize_t n = 1;

	while (n > 0 && answer->len < sizeof(answer->data)) {
		n = read_some(answer, fd, deadline_ms);
		if (n > 0)
			answer->len += (size_t)n;
	}
	return n == -1 && answer->len == 0 ? -1 : 0;
}

static int
ask_stream(struct answer *answer, const struct target *target, int timeout_ms)
{
	int fd, result, error;

	answer->transport = target->transports & TRANSPORTS_STREAM;
	answer->asked_ns = clock_now_ns();
	fd = connect_stream(target, timeout_ms);
	if (fd == -1)
		return -1;
	answer->is_connected = true;
	result = read_stream(answer, fd, timeout_ms);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

/* RFC 868: the question is an empty datagram. */
static int
ask_by_datagram(
    struct answer *answer, const struct target *target, int timeout_ms)
{
	struct ask ask;
	ssize_t n;
	int error;

	answer->transport = target->transports & TRANSPORTS_DATAGRAM;
	ask_open(&ask, target, timeout_ms);
	answer->asked_ns = clock_now_ns();
	n = ask_datagram(&ask, "", 0, answer->data, sizeof(answer->data));
	error = errno;
	answer->come_ns = clock_now_ns();
	ask_close(&ask);
	errno = error;
	if (n > 0)
		answer->len = (size_t)n;
	return n == -1 ? -1 : 0;
}

static enum status
print_json(const struct target *target, const struct answer *answer,
    const struct time_reading *reading)
{
	char utc[CLOCK_TEXT_SIZE], name[2 * sizeof(target->name)];
	int64_t error_ns,
	    offset_ns = time_format_offset(
		reading, answer->asked_ns, answer->come_ns, &error_ns);
	size_t len = escape_json(name, target->name, strlen(target->name));

	clock_format_iso8601(utc, reading->ns);
	printf("{\"server\":\"%.*s\",\"transport\":\"%s\",\"format\":\"%s\","
	       "\"time\":\"%s\",\"unix_ns\":%" PRId64
	       ",\"resolution_ns\":%" PRId64 ",\"zone_assumed\":%s,"
	       "\"offset_ns\":%" PRId64 ",\"offset_error_ns\":%" PRId64
	       ",\"round_trip_ns\":%" PRId64 "}\n",
	    (int)len, name, address_transport_name(answer->transport),
	    reading->format, utc, reading->ns, reading->resolution_ns,
	    reading->is_zone_assumed ? "true" : "false", offset_ns, error_ns,
	    answer->come_ns - answer->asked_ns);
	return fflush(stdout) == 0 ? STATUS_OK : output_complain(errno);
}

static void
print_local_time(struct page *page, const struct time_reading *reading)
{
	time_t second = reading->ns / CLOCK_NS_PER_S;
	char text[CLOCK_TEXT_SIZE], zone[16];
	struct tm tm;

	localtime_r(&second, &tm);
	strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%Z", &tm);
	if (reading->resolution_ns < CLOCK_NS_PER_S)
		page_print(page, "%s.%06d %s\n", text,
		    (int)(reading->ns % CLOCK_NS_PER_S / 1000), zone);
	else
		page_print(page, "%s %s\n", text, zone);
}

/* Of a time that tells no zone. */
static void
print_zone(struct page *page, int64_t offset_ns, bool agrees)
{
	int minutes = time_format_zone_minutes(offset_ns);

	if (agrees)
		page_puts(page, ", taking its time zone for this one");
	else if (minutes != 0)
		page_print(page, ", about %g h: another time zone?",
		    abs(minutes) / 60.0);
	else
		page_puts(page, ", unless its time zone is another one");
}

/* How far the two clocks are from each other. */
static void
print_offset(struct page *page, const struct answer *answer,
    const struct time_reading *reading)
{
	int64_t error_ns,
	    offset_ns = time_format_offset(
		reading, answer->asked_ns, answer->come_ns, &error_ns);
	bool agrees = llabs(offset_ns) <= error_ns;

	if (agrees)
		page_puts(page, "the local clock agrees");
	else
		page_print(page, "%.6g s %s the local clock",
		    (double)llabs(offset_ns) / 1e9,
		    offset_ns > 0 ? "ahead of" : "behind");
	page_print(page, " (within %.2g s", (double)error_ns / 1e9);
	if (reading->is_zone_assumed)
		print_zone(page, offset_ns, agrees);
	page_puts(page, ")");
}

static enum status
print_text(const struct target *target, const struct answer *answer,
    const struct time_reading *reading)
{
	double ms = (double)(answer->come_ns - answer->asked_ns) / 1e6;
	struct page page = { 0 };
	enum status status;
	size_t begin;

	print_local_time(&page, reading);
	begin = page.len;
	page_print(&page, "%s%s, format %s, after %.3g ms: ", target->name,
	    target_suffix(answer->transport), reading->format, ms);
	print_offset(&page, answer, reading);
	page_wrap(&page, begin,
	    (struct wrap){
		.columns = wrap_columns(STDOUT_FILENO), .indent = 2 });
	page_puts(&page, "\n");
	status = page_print_out(&page);
	page_free(&page);
	return status;
}

static enum status
tell(const struct arguments *arguments, const struct target *target,
    const struct answer *answer)
{
	struct time_reading reading;
	char text[ANSWER_SIZE + 1], quoted[96];

	if (answer->len == 0)
		return target_complain(target, answer->transport,
		    "the server closed the connection without an answer");
	if (!time_format_parse(answer->data, answer->len,
		target->port == RFC868_PORT, answer->come_ns, &reading)) {
		*(char *)mempcpy(text, answer->data, answer->len) = '\0';
		return target_complain(target, answer->transport,
		    "no time, but %s (is it a time service?)",
		    escape_quote(quoted, sizeof(quoted), text));
	}
	return (arguments->json ? print_json : print_text)(
	    target, answer, &reading);
}

static enum status
complain(const struct target *target, const struct answer *answer, int error,
    int timeout_ms)
{
	if (!answer->is_connected || error != ETIMEDOUT)
		return connect_complain(
		    target, answer->transport, error, timeout_ms);
	return target_complain(target, answer->transport,
	    "no answer in %g s (it is connected, but says nothing: is it a "
	    "time service? -t waits longer)",
	    timeout_ms / 1000.0);
}

/* Without a written transport: TCP. */
static enum status
time_run(const struct arguments *arguments)
{
	const char *text =
	    arguments->count > 0 ? arguments->operands[0] : "localhost";
	int timeout_ms = arguments->timeout_ms;
	struct answer answer = { .len = 0 };
	struct target target;
	enum status status;
	bool is_stream;

	if (arguments->count > 1)
		return command_refuse(&time_command, "more than one address");
	status = target_find(&target, &rules, text, timeout_ms);
	if (status != STATUS_OK)
		return status;
	is_stream = (target.transports & TRANSPORTS_STREAM) != 0;
	if ((is_stream ? ask_stream : ask_by_datagram)(
		&answer, &target, timeout_ms) == 0)
		status = tell(arguments, &target, &answer);
	else
		status = complain(&target, &answer, errno, timeout_ms);
	target_free(&target);
	return status;
}

const struct command time_command = {
	.name = "time",
	.usage = "[HOST[:PORT][/udp|/tcp]]",
	.summary = "ask for the time, and compare it with the local clock",
	.help =
	    "Asks a time service, prints its time as local time, and tells how "
	    "far it is from\nthe local clock. It reads ctime, daytime, "
	    "rfc868, iso8601 and unix. Without HOST\nit is localhost, without "
	    "PORT 8888, without /udp or /tcp TCP. HOST:PORT may be\n"
	    "unix:/path or unixgram:/path too.",
	.awaited = "an answer",
	.options = "tj",
	.run = time_run,
};
