/* SPDX-License-Identifier: ISC */
/* Entries of the journal (systemd.io, "Native Journal Protocol"). */
#include "services/creosote_journal.h"

#include <ctype.h>
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
#define HEADER_SIZE 1024

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

/* Senders may say who they are, but not in the names of the journal's own. */
static char *
put_decoded(char *out, const struct creosote_fields *fields)
{
	for (unsigned i = 0; i < CREOSOTE_FIELDS_SLICES; i++) {
		const struct slice *slice =
		    creosote_fields_slice_const(fields, i);
		char name[32];

		if (slice->len == 0)
			continue;
		snprintf(
		    name, sizeof(name), "SENDER_%s", creosote_fields_name(i));
		for (char *c = name; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		out = put_field(out, name, *slice);
	}
	return out;
}

static char *
put_level(char *out, const struct creosote_fields *fields)
{
	int severity = fields != NULL && fields->severity >= 0
	    ? fields->severity
	    : SEVERITY_INFO;

	if (severity < SEVERITY_MOST)
		severity = SEVERITY_MOST;
	out = put_number(out, "PRIORITY", (uint64_t)severity);
	if (fields != NULL && fields->facility >= 0)
		out = put_number(
		    out, "SYSLOG_FACILITY", (uint64_t)fields->facility);
	return out;
}

/* What netlabd says of the record. */
static char *
put_own(char *out, const char *bucket, const struct record *record)
{
	char time[CLOCK_TEXT_SIZE], identifier[IDENTIFIER_SIZE];

	clock_format_iso8601(time, record->time_ns);
	snprintf(identifier, sizeof(identifier), "creosote-%s", bucket);
	out = put_text(out, "SYSLOG_IDENTIFIER", identifier);
	out = put_field(out, "SENDER", record->source);
	out = put_text(out, "NETLABD_BUCKET", bucket);
	out = put_number(out, "NETLABD_SEQUENCE", record->sequence);
	out = put_text(out, "NETLABD_TIME", time);
	if (record->is_cut)
		out = put_number(out, "NETLABD_CUT", record->wire_len);
	if (record->is_late)
		out = put_number(out, "NETLABD_LATE", 1);
	return out;
}

static size_t
room(const char *bucket, const struct record *record)
{
	size_t len = record_message(record).len + record->source.len +
	    2 * strlen(bucket) + HEADER_SIZE;

	for (unsigned i = 0;
	     record->fields != NULL && i < CREOSOTE_FIELDS_SLICES; i++)
		len += creosote_fields_slice_const(record->fields, i)->len;
	return len;
}

void
journal_add(
    struct relay *relay, const char *bucket, const struct record *record)
{
	char *begin = relay_reserve(relay, room(bucket, record)), *out;

	if (begin == NULL)
		return;
	out = put_field(begin, "MESSAGE", record_message(record));
	out = put_level(out, record->fields);
	out = put_own(out, bucket, record);
	if (record->fields != NULL)
		out = put_decoded(out, record->fields);
	relay_commit(relay, (size_t)(out - begin));
}
