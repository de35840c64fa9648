/* SPDX-License-Identifier: ISC */
/* The last of a sink: what cannot be written is taken back, and accounted for.
 */
#include "services/creosote_sink.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "services/creosote_sink_private.h"

/* How long a stop waits for a reader: while it takes nothing, and in all. */
#define LAST_WAIT_MS 500
#define LAST_MS      5000

void
bucket_sink_take_back(struct bucket_sink *sink)
{
	size_t done = sink->queue.done;

	if (done > 0 && bucket_file_take_back(sink->file, done))
		bucket_queue_rewind(&sink->queue);
}

/*
 * What finds no room before the first try here is missing for the other's
 * reason. The log says it anew when this one fails.
 */
static void
inherit_failure(struct bucket_sink *sink, const struct bucket_sink *other)
{
	if (sink->error != 0 || other->error == 0)
		return;
	sink->error = other->error;
	sink->failed_ms = other->failed_ms;
	sink->moved_ms = other->moved_ms;
	sink->written_before = sink->written;
	sink->lost_before = sink->lost;
}

void
bucket_sink_take_over(struct bucket_sink *sink, struct bucket_sink *other)
{
	bool is_empty = bucket_queue_len(&sink->queue) == 0;
	size_t done;

	bucket_sink_take_back(other);
	done = other->queue.done;
	if (!bucket_queue_append(&sink->queue, &other->queue))
		return;
	if (done > 0 && is_empty &&
	    bucket_file_continues(sink->file, other->file)) {
		sink->queue.done = done;
		sink->file->is_unseen = false;
	} else if (done > 0) {
		/* Then it is to be seen that the file ends within a line. */
		sink->file->is_unseen = true;
	}
	inherit_failure(sink, other);
	bucket_loss_merge(&sink->loss, &other->loss);
	other->loss = (struct bucket_loss){ 0 };
	other->is_full = false;
}

/* True when the reader takes more, within what a stop has time for. */
static bool
wait_at_stop(const struct bucket_sink *sink, int64_t end_ms)
{
	int64_t give_up_ms = sink->moved_ms + LAST_WAIT_MS;

	if (give_up_ms > end_ms)
		give_up_ms = end_ms;
	return bucket_file_wait(sink->file, give_up_ms - clock_monotonic_ms());
}

/* Writes all that waits. */
static void
write_last(struct bucket_sink *sink)
{
	int64_t now_ms = clock_monotonic_ms(), end_ms = now_ms + LAST_MS;

	sink->moved_ms = now_ms;
	sink_say_losses(sink);
	while (bucket_queue_len(&sink->queue) > 0) {
		sink_write(sink, clock_monotonic_ms());
		sink_say_losses(sink);
		if (sink->is_stuck &&
		    (sink->error != EAGAIN || !wait_at_stop(sink, end_ms)))
			return;
	}
}

/*
 * What waits will not be written: it is missing, with what its words tell of,
 * and what was not even said by a word.
 */
static void
give_up(struct bucket_sink *sink)
{
	const struct bucket_queue *queue = &sink->queue;
	uint64_t waited = bucket_queue_records(queue);
	uint64_t untold = bucket_queue_told(queue, BUCKET_WORD);
	uint64_t said = bucket_queue_told(queue, BUCKET_WORD_RECORDS);
	uint64_t drops = bucket_queue_told(queue, BUCKET_WORD_DROPS);
	int64_t now_ns = clock_now_ns();
	int64_t failed_ms = clock_monotonic_ms() - sink->failed_ms;

	sink->lost += waited + untold;
	if (waited + untold + said > 0)
		bucket_loss_add_records(&sink->loss, waited + untold + said,
		    now_ns - failed_ms * 1000000, now_ns, sink->error);
	if (drops > 0)
		bucket_loss_add_drops(&sink->loss, "several addresses", drops);
}
/* No file says it any more. */
static void
log_losses(const struct bucket_sink *sink)
{
	const struct bucket_loss *loss = &sink->loss;

	if (loss->records > 0)
		log_error("creosote '%s': %" PRIu64
			  " records that waited are lost: cannot write to %s: "
			  "%s",
		    sink->config.name, loss->records, sink_path(sink),
		    bucket_loss_reason(sink->error));
	if (loss->drops > 0)
		log_error("creosote '%s': %" PRIu64
			  " datagrams were lost on %s (receive queue full), "
			  "and %s does not say so: %s",
		    sink->config.name, loss->drops, loss->dropped_at,
		    sink_path(sink), bucket_loss_reason(sink->error));
}

void
bucket_sink_close(struct bucket_sink *sink, bool always)
{
	write_last(sink);
	give_up(sink);
	if (always)
		log_losses(sink);
	bucket_sink_take_back(sink);
	bucket_queue_free(&sink->queue);
	if (always || sink->config.sync_ms != BUCKET_SYNC_NEVER)
		sink_sync(sink);
}
