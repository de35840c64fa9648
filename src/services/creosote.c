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
	int error;          /* of the last write; 0: it went well */
	bool misses_file;   /* it was removed, which was said */
	uint64_t written;   /* records */
	uint64_t unwritten; /* records given up, as writing failed */
	uint64_t untold;    /* of those, not yet said in the file */
};

static const char *const format_names[] = { "text", "raw", "json", NULL };
static const char *const escape_names[] = { "repr", "utf8", NULL };

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
	char data[2 * RECORD_SIZE];
	size_t len;
	size_t records;
	bool tells; /* it begins with the word on what is untold */
} output;

static void
log_write_failed(const struct service *service, const char *path, int error)
{
	log_error("creosote '%s': cannot write to %s: %s, ignoring records "
		  "until it can be written again",
	    service_name(service), path[0] != '\0' ? path : "standard output",
	    strerror(error));
}

/* Counts what came of a write and says once that it fails, or works again. */
static void
note_outcome(struct service *service, size_t lost, int error)
{
	struct bucket *bucket = service_state(service);
	bool failed = lost > 0;

	if (output.tells && lost <= output.records)
		bucket->untold = 0;
	else if (output.tells)
		lost--; /* the word on earlier losses is not a record */
	bucket->written += output.records - lost;
	bucket->unwritten += lost;
	bucket->untold += lost;
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
	output.tells = false;
}

/* Makes room for a record; the first tells what could not be written before. */
static char *
reserve(struct service *service)
{
	const struct bucket_settings *settings = service_settings(service);
	struct bucket *bucket = service_state(service);
	char what[RECORD_WHAT_SIZE];

	if (sizeof(output.data) - output.len < RECORD_SIZE)
		flush(service);
	if (output.len == 0 && bucket->untold > 0) {
		snprintf(what, sizeof(what),
		    "records lost here (writing failed: %s)",
		    strerror(bucket->error));
		output.len = record_format_loss(output.data, &settings->style,
		    clock_now_ns(), bucket->untold, what);
		output.tells = true;
	}
	return output.data + output.len;
}

static bool
creosote_datagram(struct service *service, struct datagram *datagram)
{
	const struct bucket_settings *settings = service_settings(service);
	char *record = reserve(service);

	output.len += record_format(record, &settings->style, datagram);
	output.records++;
	return false;
}

static void
creosote_lost(struct service *service, const char *local, uint64_t count)
{
	const struct bucket_settings *settings = service_settings(service);
	char what[RECORD_WHAT_SIZE], *record = reserve(service);

	snprintf(what, sizeof(what),
	    "datagrams lost here on %s (receive queue full)", local);
	output.len += record_format_loss(
	    record, &settings->style, clock_now_ns(), count, what);
	output.records++;
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

	return bucket_file_open(&bucket->file, settings->file, why);
}

static void
creosote_stop(struct service *service)
{
	struct bucket *bucket = service_state(service);

	if (bucket->untold > 0)
		(void)reserve(service);
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
