/* SPDX-License-Identifier: ISC */
/* What netconsole's decoder emits, as a text. */
#ifndef CHECK_NETCONSOLE_H
#define CHECK_NETCONSOLE_H

#include "services/creosote_netconsole.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

#define MS INT64_C(1000000)

struct said {
	char *text; /* a line a message */
	size_t size;
	FILE *file;
};

static inline void
said_open(struct said *said)
{
	said->file = open_memstream(&said->text, &said->size);
}

/* What was said since it was asked last; good until it is asked again. */
static inline const char *
said_take(struct said *said)
{
	static char *last;

	fclose(said->file);
	free(last);
	last = said->text;
	said_open(said);
	return last;
}

static inline void
said_slice(struct said *said, const char *name, struct slice slice)
{
	if (slice.len == 0)
		return;
	fprintf(said->file, "%s", name);
	for (size_t i = 0; i < slice.len; i++)
		fputc(slice.data[i] == '\n' ? '|' : slice.data[i], said->file);
	fputc(' ', said->file);
}

/* LOST late MISSING/TOTAL FACILITY.SEVERITY SEQUENCE@USEC ... "TEXT" */
static inline void
said_note(void *arg, const struct creosote_fields *fields,
    const struct netconsole_note *note)
{
	struct said *said = arg;

	ck_assert_ptr_nonnull(fields->text.data);
	if (note->lost > 0)
		fprintf(said->file, "lost %u ", note->lost);
	if (note->late)
		fprintf(said->file, "late ");
	if (note->total > 0)
		fprintf(said->file, "-%zu/%zu ", note->missing, note->total);
	if (fields->facility != -1)
		fprintf(
		    said->file, "%d.%d ", fields->facility, fields->severity);
	if (fields->has_sequence)
		fprintf(said->file, "%llu@%llu ",
		    (unsigned long long)fields->sequence,
		    (unsigned long long)fields->uptime_us);
	if (fields->continued != '\0')
		fprintf(said->file, "%c ", fields->continued);
	said_slice(said, "release=", fields->release);
	said_slice(said, "process=", fields->process);
	fprintf(
	    said->file, "\"%.*s\"", (int)fields->text.len, fields->text.data);
	said_slice(said, "", fields->dictionary);
	fputc('\n', said->file);
}

/* Memory of just that size, for the address sanitizer. */
static inline void
said_feed(struct said *said, struct netconsole *netconsole, const char *source,
    const char *data, size_t len, int64_t now_ns)
{
	char *copy = malloc(len);

	memcpy(copy, data, len);
	netconsole_take(netconsole, source, copy, len, now_ns, said_note, said);
	free(copy);
}

#endif
