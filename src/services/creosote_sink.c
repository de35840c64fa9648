/* SPDX-License-Identifier: ISC */
/* Where a bucket's records go. */
#include "services/creosote_sink.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "services/creosote_sink_private.h"

/* The most that one write takes: a slow disk holds up the loop for as long. */
#define WRITE_SIZE (1UL << 20)

/* After so long, the other services have their turn. */
#define FLUSH_MS 10

/* How soon a write is tried again: for a reader, and for all else. */
#define READER_MS 10
#define RETRY_MS  250

/* A reader that takes nothing for so long does not only read slowly. */
#define PATIENCE_MS 1000

/*
 * Failures are logged so often, and so many at once: the files of senders come
 * and go as often as senders like.
 */
#define SAY_MS    10000
#define SAY_BURST 20

const char *
sink_path(const struct bucket_sink *sink)
{
	const char *path = sink->file->path;

	return path[0] != '\0' ? path : "standard output";
}

void
bucket_sink_open(struct bucket_sink *sink, struct bucket_file *file,
    const struct bucket_sink_config *config)
{
	*sink = (struct bucket_sink){
		.config = *config,
		.file = file,
		.queue = { .memory = config->memory },
	};
	file->syncs = config->sync_ms != BUCKET_SYNC_NEVER;
}

/* False: there is no room for it. */
static bool
add_word(struct bucket_sink *sink, enum bucket_line kind, uint64_t count,
    const char *what)
{
	char *line = bucket_queue_reserve(&sink->queue, RECORD_HEADER_SIZE);

	return line != NULL &&
	    bucket_queue_commit_word(&sink->queue,
		record_format_loss(
		    line, sink->config.style, clock_now_ns(), count, what),
		kind, count);
}

void
sink_say_losses(struct bucket_sink *sink)
{
	char what[RECORD_WHAT_SIZE];
	uint64_t count;

	while (!sink->is_full &&
	    (count = bucket_loss_describe(&sink->loss, what)) > 0) {
		if (!add_word(sink,
			sink->loss.drops > 0 ? BUCKET_WORD_DROPS
					     : BUCKET_WORD_RECORDS,
			count, what))
			return;
		bucket_loss_note_said(&sink->loss);
	}
}

static void
lose_record(struct bucket_sink *sink, const struct record *record, int error)
{
	bucket_loss_add_record(&sink->loss, record->time_ns, error);
	sink->lost++;
}

/*
 * Once a record found no room, neither do those after it, until some was made:
 * what is missing is missing at one place.
 */
void
bucket_sink_add(struct bucket_sink *sink, const struct record *record)
{
	char *line;

	if (bucket_loss_is_any(&sink->loss))
		sink_say_losses(sink);
	if (bucket_loss_is_any(&sink->loss)) {
		lose_record(sink, record, sink->error);
		return;
	}
	line = bucket_queue_reserve(&sink->queue, record_room(record));
	if (line == NULL) {
		lose_record(sink, record, ENOMEM);
	} else if (!bucket_queue_commit(&sink->queue,
		       record_format(line, sink->config.style, record))) {
		sink->is_full = bucket_queue_len(&sink->queue) > 0;
		lose_record(sink, record, sink->error);
	}
}

/* Where there is no room for it, they are counted as lost for want of room. */
void
bucket_sink_add_word(struct bucket_sink *sink, uint64_t count, const char *what)
{
	int64_t now_ns = clock_now_ns();

	sink_say_losses(sink);
	if (!bucket_loss_is_any(&sink->loss) &&
	    add_word(sink, BUCKET_WORD, count, what))
		return;
	bucket_loss_add_records(
	    &sink->loss, count, now_ns, now_ns, sink->error);
	sink->lost += count;
}

static bool
may_say(struct bucket_sink_says *says, int64_t now_ms)
{
	if (says->silent_ms < now_ms)
		says->silent_ms = now_ms;
	if (says->silent_ms - now_ms > (SAY_BURST - 1) * SAY_MS)
		return false;
	says->silent_ms += SAY_MS;
	return true;
}

static void
note_failure(struct bucket_sink *sink, int error, int64_t now_ms)
{
	if (sink->error == 0) {
		sink->failed_ms = now_ms;
		sink->moved_ms = now_ms;
		sink->written_before = sink->written;
		sink->lost_before = sink->lost;
	}
	sink->error = error;
	sink->is_stuck = true;
	if (sink->is_said ||
	    (error == EAGAIN && !sink->is_full &&
		now_ms - sink->moved_ms < PATIENCE_MS) ||
	    !may_say(sink->config.says, now_ms))
		return;
	sink->is_said = true;
	log_error("creosote '%s': cannot write to %s: %s, keeping records in "
		  "memory until it can be written again",
	    sink->config.name, sink_path(sink), bucket_loss_reason(error));
}

/* All that waited is written. */
static void
note_recovery(struct bucket_sink *sink, int64_t now_ms)
{
	int64_t took_ms = now_ms - sink->failed_ms;

	if (sink->is_said)
		log_notice("creosote '%s': writing again after %" PRId64
			   ".%03d s: %" PRIu64 " records had waited, %" PRIu64
			   " are lost",
		    sink->config.name, took_ms / 1000, (int)(took_ms % 1000),
		    sink->written - sink->written_before,
		    sink->lost - sink->lost_before);
	sink->error = 0;
	sink->is_said = false;
}

/* Somebody removed the file: what is written now would be read by nobody. */
static int
replace_removed(struct bucket_sink *sink)
{
	char why[WHY_SIZE];

	if (bucket_file_reopen(sink->file, why) == -1)
		return -1;
	log_notice("creosote '%s': '%s' was removed, made it anew",
	    sink->config.name, sink->file->path);
	return 0;
}

/* Ends a line that somebody else, or a crash, left without its end. */
static int
end_cut_line(struct bucket_sink *sink)
{
	char lines[1 + RECORD_HEADER_SIZE] = "\n";
	size_t len = 1 +
	    record_format_word(lines + 1, sink->config.style, clock_now_ns(),
		"the line before was cut, as writing it was interrupted");
	ssize_t n = bucket_file_write(sink->file, lines, len);

	if (n >= 0 && (size_t)n < len)
		errno = ENOSPC;
	return n == (ssize_t)len ? 0 : -1;
}

/* Sees that the file can be appended to: 0, or -1 with errno. */
static int
prepare_file(struct bucket_sink *sink)
{
	if (bucket_file_is_removed(sink->file) && replace_removed(sink) == -1)
		return -1;
	/*
	 * The rest of a line would not stand behind its beginning; and others,
	 * as the bucket that a reload has changed, may be within one of theirs.
	 */
	if (bucket_file_is_changed(sink->file))
		sink->file->is_unseen = true;
	if (!sink->file->is_unseen)
		return 0;
	bucket_queue_rewind(&sink->queue);
	if (bucket_file_ends_cut(sink->file) && end_cut_line(sink) == -1)
		return -1;
	sink->file->is_unseen = false;
	return 0;
}

static void
note_written(struct bucket_sink *sink, size_t len, int64_t now_ms)
{
	sink->written += bucket_queue_take(&sink->queue, len);
	sink->file->is_unseen = false;
	sink->is_full = false;
	sink->is_stuck = false;
	sink->moved_ms = now_ms;
	if (!sink->is_dirty)
		sink->dirty_ms = now_ms;
	sink->is_dirty = true;
}

/* How much is to be written next to the file, which may be another then. */
static size_t
next_part(struct bucket_sink *sink)
{
	size_t len = bucket_queue_len(&sink->queue);
	const char *data;

	if (len > WRITE_SIZE)
		len = WRITE_SIZE;
	if (len == 0 || sink->config.files == NULL)
		return len;
	data = bucket_queue_data(&sink->queue);
	if (sink->queue.done > 0) {
		const char *end = memchr(data, '\n', len);

		return end != NULL ? (size_t)(end - data) + 1 : len;
	}
	return bucket_files_part(
	    sink->config.files, sink->item, data, len, clock_now_ns());
}

void
sink_write(struct bucket_sink *sink, int64_t now_ms)
{
	int64_t end_ms = now_ms + FLUSH_MS;
	size_t len;

	if (prepare_file(sink) == -1) {
		note_failure(sink, errno, now_ms);
		return;
	}
	while (now_ms < end_ms && (len = next_part(sink)) > 0) {
		ssize_t n = -1;

		/* A rotation may have led to a file that others began. */
		if (!sink->file->is_unseen || prepare_file(sink) == 0)
			n = bucket_file_write(
			    sink->file, bucket_queue_data(&sink->queue), len);
		if (n == -1) {
			note_failure(sink, errno, now_ms);
			return;
		}
		now_ms = clock_monotonic_ms();
		note_written(sink, (size_t)n, now_ms);
	}
	if (bucket_queue_len(&sink->queue) == 0 && sink->error != 0)
		note_recovery(sink, now_ms);
}

void
sink_sync(struct bucket_sink *sink)
{
	int error = bucket_file_sync(sink->file) == 0 ? 0 : errno;

	if (error != 0 && sink->sync_error == 0)
		log_error("creosote '%s': cannot sync %s: %s, going on",
		    sink->config.name, sink_path(sink), strerror(error));
	sink->sync_error = error;
	sink->is_dirty = false;
}

/* In how many ms the file has to be synced; -1: not at all. */
static int64_t
sync_delay(const struct bucket_sink *sink, int64_t now_ms)
{
	int64_t due_ms;

	if (!sink->is_dirty || sink->config.sync_ms == BUCKET_SYNC_NEVER)
		return -1;
	if (sink->config.sync_ms == BUCKET_SYNC_ALWAYS)
		return 0;
	due_ms = sink->dirty_ms + (int64_t)sink->config.sync_ms;
	return due_ms > now_ms ? due_ms - now_ms : 0;
}

static int64_t
write_delay(const struct bucket_sink *sink, int64_t now_ms)
{
	if (bucket_queue_len(&sink->queue) == 0)
		return -1;
	if (!sink->is_stuck)
		return 0;
	return sink->error == EAGAIN && now_ms - sink->moved_ms < PATIENCE_MS
	    ? READER_MS
	    : RETRY_MS;
}

int64_t
bucket_sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms == -1 || (b_ms != -1 && b_ms < a_ms) ? b_ms : a_ms;
}

int64_t
bucket_sink_flush(struct bucket_sink *sink, bool again)
{
	int64_t now_ms = clock_monotonic_ms(), write_ms, sync_ms;

	sink_say_losses(sink);
	if (bucket_queue_len(&sink->queue) > 0 &&
	    (again || !sink->is_stuck || sink->error == EAGAIN))
		sink_write(sink, now_ms);
	/* What had no room before. */
	sink_say_losses(sink);
	/* Writing took its time, and the interval began with its end. */
	now_ms = clock_monotonic_ms();
	if (sync_delay(sink, now_ms) == 0)
		sink_sync(sink);
	write_ms = write_delay(sink, now_ms);
	sync_ms = sync_delay(sink, now_ms);
	return bucket_sooner(write_ms, sync_ms);
}
