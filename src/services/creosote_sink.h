/* SPDX-License-Identifier: ISC */
/*
 * Where a bucket's records go: a file, the lines that wait to be written to it,
 * and what is missing there. While writing fails, lines wait; what finds no
 * room among them is said in the file, at its place.
 */
#ifndef SERVICES_CREOSOTE_SINK_H
#define SERVICES_CREOSOTE_SINK_H

#include "base/option.h"
#include "services/creosote_files.h"
#include "services/creosote_loss.h"
#include "services/creosote_queue.h"
#include "services/creosote_record.h"

/* For sync_ms, as words of an option: at the end alone, after each write. */
#define BUCKET_SYNC_NEVER  OPTION_WORD(0)
#define BUCKET_SYNC_ALWAYS OPTION_WORD(1)

/* Zeroed: how many failures were logged lately, by all sinks that share it. */
struct bucket_sink_says {
	int64_t silent_ms; /* when all may be logged again */
};

struct bucket_sink_config {
	const char *name; /* of the service, for the log */
	const struct record_style *style;
	struct bucket_memory *memory; /* in which lines wait */
	struct bucket_files *files;   /* that rotate; NULL: none do */
	struct bucket_sink_says *says;
	uint64_t sync_ms; /* how old what is not synced may get */
};

struct bucket_sink {
	struct bucket_sink_config config;
	struct bucket_file *file;
	struct bucket_files_item *item; /* the file among the files */
	struct bucket_queue queue;
	struct bucket_loss loss;
	bool is_full; /* a line found no room, and none was written since */

	int error;     /* of a write, until all is written; 0: all went well */
	bool is_stuck; /* the last write failed */
	bool is_said;  /* in the log */
	int64_t failed_ms, moved_ms; /* since when, and when the last moved */
	uint64_t written_before, lost_before; /* when it began to fail */

	bool is_dirty;    /* something is not synced yet */
	int64_t dirty_ms; /* since when */
	int sync_error;   /* of the last sync */

	uint64_t written, lost; /* records */
};

/* Begins with an open file, which it does not own. */
void bucket_sink_open(struct bucket_sink *sink, struct bucket_file *file,
    const struct bucket_sink_config *config);

/* Adds a record, which is written at the next flush. */
void bucket_sink_add(struct bucket_sink *sink, const struct record *record);

/* That `count` of something are missing here, as what says. */
void bucket_sink_add_word(
    struct bucket_sink *sink, uint64_t count, const char *what);

/* The sooner of two delays in ms, where -1 is never. */
int64_t bucket_sooner(int64_t a_ms, int64_t b_ms);

/*
 * Writes what waits, for some ms at the most, and syncs where it is due. After
 * a failure, only with `again`. Returns in how many ms it wants to be called
 * again with it; -1: not before something is added.
 */
int64_t bucket_sink_flush(struct bucket_sink *sink, bool again);

/*
 * Before the file may become another one: a line that was written in part is to
 * begin anew, and is taken back if it can be.
 */
void bucket_sink_take_back(struct bucket_sink *sink);

/*
 * Takes what waits for another one's file, to write it to its own, and what is
 * missing there. Out of memory: all stays where it is.
 */
void bucket_sink_take_over(struct bucket_sink *sink, struct bucket_sink *other);

/*
 * Writes what waits, and syncs it where that was asked, or `always`. What could
 * not be written is left in loss for another sink to say; with `always` the log
 * says it.
 */
void bucket_sink_close(struct bucket_sink *sink, bool always);

#endif
