/* SPDX-License-Identifier: ISC */
/* Entries of the journal (systemd.io, "Native Journal Protocol"). */
#include "services/creosote_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* alert: the journal shows emerg, the next, on every terminal. */
#define SEVERITY_MOST 1

/* Not netlabd's own, or senders would speak in its name. */
#define IDENTIFIER_SIZE 128

/* Of a sender's bytes nothing is known, not even whether they matter. */
#define SEVERITY_INFO 6

/* Names, numbers, lengths and newlines of all fields. */
#define HEADER_SIZE 512

struct relay *
journal_new(const char *path, char why[WHY_SIZE])
{
	struct address_list list = { .items = NULL };
	struct relay *relay = NULL;
	char text[sizeof("unixgram:") +
	    sizeof(((struct sockaddr_un *)0)->sun_path)];

	if ((size_t)snprintf(text, sizeof(text), "unixgram:%s", path) >=
	    sizeof(text))
		(void)why_set(why, "path too long");
	else if (address_parse(text, TRANSPORT_UNIXGRAM, &list, why) == 0 &&
	    (relay = relay_new(&list.items[0], true)) == NULL)
		(void)why_set(why, "out of memory");
	address_list_free(&list);
	return relay;
}

/* The length of a value, 64 bits with the lowest byte first. */
static char *
put_length(char *out, uint64_t len)
{
	for (int i = 0; i < 8; i++)
		*out++ = (char)(len >> 8 * i & 0xff);
	return out;
}

static char *
put_field(char *out, const char *name, struct slice value)
{
	bool lines =
	    value.len > 0 && memchr(value.data, '\n', value.len) != NULL;

	out = stpcpy(out, name);
	*out++ = lines ? '\n' : '=';
	if (lines)
		out = put_length(out, value.len);
	if (value.len > 0)
		out = mempcpy(out, value.data, value.len);
	*out++ = '\n';
	return out;
}

static char *
put_text(char *out, const char *name, const char *text)
{
	return put_field(out, name, (struct slice){ text, strlen(text) });
}

static char *
put_number(char *out, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return put_text(out, name, text);
}

void
journal_add(struct relay *relay, const struct journal_entry *entry)
{
	char *begin = relay_reserve(relay,
	    entry->message.len + entry->source.len + 2 * strlen(entry->bucket) +
		HEADER_SIZE);
	int severity = entry->severity >= 0 ? entry->severity : SEVERITY_INFO;
	char time[CLOCK_TEXT_SIZE], *out = begin;
	char identifier[IDENTIFIER_SIZE];

	if (begin == NULL)
		return;
	if (severity < SEVERITY_MOST)
		severity = SEVERITY_MOST;
	clock_format_iso8601(time, entry->time_ns);
	snprintf(identifier, sizeof(identifier), "creosote-%s", entry->bucket);
	out = put_field(out, "MESSAGE", entry->message);
	out = put_number(out, "PRIORITY", (uint64_t)severity);
	out = put_text(out, "SYSLOG_IDENTIFIER", identifier);
	if (entry->facility >= 0)
		out = put_number(
		    out, "SYSLOG_FACILITY", (uint64_t)entry->facility);
	out = put_field(out, "SENDER", entry->source);
	out = put_text(out, "NETLABD_BUCKET", entry->bucket);
	out = put_number(out, "NETLABD_SEQUENCE", entry->sequence);
	out = put_text(out, "NETLABD_TIME", time);
	relay_commit(relay, (size_t)(out - begin));
}
