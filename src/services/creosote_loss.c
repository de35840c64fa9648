/* SPDX-License-Identifier: ISC */
/* What is missing in a file, in words. */
#include "services/creosote_loss.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void
bucket_loss_add_drops(
    struct bucket_loss *loss, const char *local, uint64_t count)
{
	if (loss->drops == 0)
		snprintf(
		    loss->dropped_at, sizeof(loss->dropped_at), "%s", local);
	else if (strcmp(loss->dropped_at, local) != 0)
		strcpy(loss->dropped_at, "several addresses");
	loss->drops += count;
}

void
bucket_loss_add_record(struct bucket_loss *loss, int64_t time_ns, int error)
{
	bucket_loss_add_records(loss, 1, time_ns, time_ns, error);
}

void
bucket_loss_add_records(struct bucket_loss *loss, uint64_t count,
    int64_t from_ns, int64_t to_ns, int error)
{
	if (loss->records == 0) {
		loss->from_ns = from_ns;
		loss->error = error;
	}
	loss->to_ns = to_ns;
	loss->records += count;
}

void
bucket_loss_merge(struct bucket_loss *loss, const struct bucket_loss *other)
{
	if (other->drops > 0)
		bucket_loss_add_drops(loss, other->dropped_at, other->drops);
	if (other->records > 0)
		bucket_loss_add_records(loss, other->records, other->from_ns,
		    other->to_ns, other->error);
}

static void
describe_records(const struct bucket_loss *loss, char what[RECORD_WHAT_SIZE])
{
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE], why[128];

	clock_format_iso8601(from, loss->from_ns);
	clock_format_iso8601(to, loss->to_ns);
	if (loss->error == ENOMEM)
		strcpy(why, "out of memory");
	else if (loss->error == 0)
		strcpy(why, "queue full while writing was slow");
	else
		snprintf(why, sizeof(why),
		    "queue full while writing failed: %s",
		    bucket_loss_reason(loss->error));
	snprintf(what, RECORD_WHAT_SIZE,
	    "records lost here (%s, from %s to %s)", why, from, to);
}

uint64_t
bucket_loss_describe(
    const struct bucket_loss *loss, char what[RECORD_WHAT_SIZE])
{
	if (loss->drops > 0) {
		snprintf(what, RECORD_WHAT_SIZE,
		    "datagrams lost here on %s (receive queue full)",
		    loss->dropped_at);
		return loss->drops;
	}
	if (loss->records > 0)
		describe_records(loss, what);
	return loss->records;
}

void
bucket_loss_note_said(struct bucket_loss *loss)
{
	if (loss->drops > 0)
		loss->drops = 0;
	else
		loss->records = 0;
}

const char *
bucket_loss_reason(int error)
{
	return error == EAGAIN ? "its reader takes nothing" : strerror(error);
}
