/* SPDX-License-Identifier: ISC */
/*
 * The creosote log bucket (after Jeff Bauer's creosote.py): each datagram
 * becomes one line of harmless text. Records are gathered and written once a
 * batch; what is lost on the way is said in the log, at the place where it
 * happened.
 */
#include "core/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "services/creosote_file.h"
#include "services/creosote_record.h"

struct bucket_settings {
	char *file;
	struct record_style style;
};

struct bucket {
	struct bucket_file file;
	uint64_t sequence;  /* of the last record */
	int error;          /* of the last write; 0: it went well */
	bool misses_file;   /* it was removed, which was said */
	uint64_t written;   /* records */
	uint64_t unwritten; /* records given up, as writing failed */
	/* Not yet said in the file: of those, and what the kernel dropped. */
	uint64_t untold_records;
	uint64_t untold_drops;
	char dropped_at[ADDRESS_TEXT_SIZE];
};

static const char *const format_names[] = { "text", "raw", "json", NULL };
static const char *const escape_names[] = { "repr", "utf8", NULL };

/* The line of the longest datagram. */
#define LARGEST (DATAGRAM_SIZE * RECORD_GROWTH + RECORD_HEADER_SIZE)

#define FIELD(name) offsetof(struct bucket_settings, name)

static const struct option creosote_options[] = {
	{ .name = "file",
	    .kind = OPTION_PATH,
	    .offset = FIELD(file),
	    .initial = "",
	    .help = "where the records go; \"\": standard output" },
	{ .name = "format",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(style.format),
	    .initial = "text",
	    .choices = format_names,
	    .help = "text: time, sender, message; raw: the message alone; "
		    "json: an object a line" },
	{ .name = "escape",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(style.escape),
	    .initial = "repr",
	    .choices = escape_names,
	    .help = "repr: 7-bit text; utf8: printable UTF-8 passes" },
	{ .name = NULL },
};

/*
 * Gathered for one bucket at a time: it is written out before another socket is
 * served.
 */
static struct {
	char data[2 * LARGEST];
	size_t len;
	size_t records;
	size_t words; /* lines before the records that tell what is untold */
} output;

static void
log_write_failed(const struct service *service, const char *path, int error)
{
	log_error("creosote '%s': cannot write to %s: %s, ignoring records "
		  "until it can be written again",
	    service_name(service), path[0] != '\0' ? path : "standard output",
	    strerror(error));
}

/* The first words are in the file: the one on drops, if any, comes first. */
static void
note_told(struct bucket *bucket, size_t words)
{
	if (words > 0 && bucket->untold_drops > 0) {
		bucket->untold_drops = 0;
		words--;
	}
	if (words > 0)
		bucket->untold_records = 0;
}

/* Counts what came of a write and says once that it fails, or works again. */
static void
note_outcome(struct service *service, size_t lost_lines, int error)
{
	struct bucket *bucket = service_state(service);
	bool failed = lost_lines > 0;
	size_t lost = lost_lines < output.records ? lost_lines : output.records;

	note_told(bucket, output.words - (lost_lines - lost));
	bucket->written += output.records - lost;
	bucket->unwritten += lost;
	bucket->untold_records += lost;
	if (failed && bucket->error == 0)
		log_write_failed(service, bucket->file.path, error);
	if (!failed && bucket->error != 0)
		log_notice("creosote '%s': writing again, %" PRIu64
			   " records lost so far",
		    service_name(service), bucket->unwritten);
	bucket->error = failed ? error : 0;
}

static void
flush(struct service *service)
{
	struct bucket *bucket = service_state(service);
	size_t lost;

	if (output.len == 0)
		return;
	lost = bucket_file_write(&bucket->file, output.data, output.len);
	note_outcome(service, lost, errno);
	output.len = 0;
	output.records = 0;
	output.words = 0;
}

/* Adds the word that so many of something are missing here. */
static void
append_word(struct service *service, uint64_t count, const char *what)
{
	const struct bucket_settings *settings = service_settings(service);

	output.len += record_format_loss(output.data + output.len,
	    &settings->style, clock_now_ns(), count, what);
	output.words++;
}

/* Begins the output with what has not been told yet. */
static void
append_untold(struct service *service)
{
	struct bucket *bucket = service_state(service);
	char what[RECORD_WHAT_SIZE];

	if (bucket->untold_drops > 0) {
		snprintf(what, sizeof(what),
		    "datagrams lost here on %s (receive queue full)",
		    bucket->dropped_at);
		append_word(service, bucket->untold_drops, what);
	}
	if (bucket->untold_records > 0) {
		snprintf(what, sizeof(what),
		    "records lost here (writing failed: %s)",
		    strerror(bucket->error));
		append_word(service, bucket->untold_records, what);
	}
}

/* Makes room for a record. */
static char *
reserve(struct service *service)
{
	if (sizeof(output.data) - output.len < LARGEST)
		flush(service);
	if (output.len == 0)
		append_untold(service);
	return output.data + output.len;
}

static bool
creosote_datagram(struct service *service, struct datagram *datagram)
{
	const struct bucket_settings *settings = service_settings(service);
	struct bucket *bucket = service_state(service);
	char *line = reserve(service), source[ADDRESS_TEXT_SIZE];
	struct record record = {
		.sequence = ++bucket->sequence,
		.time_ns = datagram->received_ns,
		.source = { source,
		    address_format(
			source, datagram->peer, datagram->peer_len) },
		.data = { datagram->data, datagram->len },
		.wire_len = datagram->wire_len,
	};

	output.len += record_format(line, &settings->style, &record);
	output.records++;
	return false;
}

/* The records before this place are written first, so that the word follows. */
static void
creosote_lost(struct service *service, const char *local, uint64_t count)
{
	struct bucket *bucket = service_state(service);

	flush(service);
	if (bucket->untold_drops == 0)
		snprintf(bucket->dropped_at, sizeof(bucket->dropped_at), "%s",
		    local);
	else if (strcmp(bucket->dropped_at, local) != 0)
		strcpy(bucket->dropped_at, "several addresses");
	bucket->untold_drops += count;
}

/* Somebody removed the file: what is written now would be read by nobody. */
static void
replace_removed(struct service *service)
{
	struct bucket *bucket = service_state(service);
	char why[WHY_SIZE];

	if (!bucket_file_is_removed(&bucket->file))
		return;
	if (bucket_file_reopen(&bucket->file, why) == 0)
		log_notice("creosote '%s': '%s' was removed, made it anew",
		    service_name(service), bucket->file.path);
	else if (!bucket->misses_file)
		log_error("creosote '%s': the file was removed: %s, keeping "
			  "the removed one until it can be made anew",
		    service_name(service), why);
	bucket->misses_file = bucket_file_is_removed(&bucket->file);
}

static void
creosote_batch_end(struct service *service)
{
	const struct bucket *bucket = service_state(service);

	if (output.len == 0 && bucket->untold_drops > 0)
		append_untold(service);
	if (output.len == 0)
		return;
	replace_removed(service);
	flush(service);
}

static int
creosote_start(struct service *service, char why[WHY_SIZE])
{
	const struct bucket_settings *settings = service_settings(service);
	struct bucket *bucket = service_state(service);
	const struct bucket_file_access access = { 0640,
		BUCKET_FILE_ANY_GROUP };

	return bucket_file_open(&bucket->file, settings->file, &access, why);
}

static void
creosote_stop(struct service *service)
{
	struct bucket *bucket = service_state(service);

	flush(service);
	append_untold(service);
	flush(service);
	bucket_file_close(&bucket->file);
}

static int
creosote_reopen(struct service *service, char why[WHY_SIZE])
{
	struct bucket *bucket = service_state(service);

	return bucket_file_reopen(&bucket->file, why);
}

static void
creosote_report(
    const struct service *service, service_figure_fn *add, void *arg)
{
	const struct bucket *bucket = service_state_const(service);

	if (bucket->written != 0)
		add(arg, "records", bucket->written);
	if (bucket->unwritten != 0)
		add(arg, "records-lost", bucket->unwritten);
}

const struct service_type creosote_service = {
	.name = "creosote",
	.summary = "logs each datagram as a line: a bucket for what programs "
		   "spew",
	.example = "netlab spew %s hello",
	.options = creosote_options,
	.settings_size = sizeof(struct bucket_settings),
	.state_size = sizeof(struct bucket),
	.start = creosote_start,
	.stop = creosote_stop,
	.reopen = creosote_reopen,
	.datagram = creosote_datagram,
	.one_way = true,
	.lost = creosote_lost,
	.batch_end = creosote_batch_end,
	.report = creosote_report,
};
