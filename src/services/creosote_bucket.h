/* SPDX-License-Identifier: ISC */
/* What the parts of a bucket share: its options and its state. */
#ifndef SERVICES_CREOSOTE_BUCKET_H
#define SERVICES_CREOSOTE_BUCKET_H

#include <sys/queue.h>

#include "core/service.h"
#include "services/creosote_sink.h"

struct bucket_stream;

struct bucket_settings {
	char *file;
	struct record_style style;
	uint64_t queue;
	uint64_t sync; /* ms, or BUCKET_SYNC_... */
	uint64_t max_record;
};

struct bucket {
	struct bucket_memory memory;
	struct bucket_file file;
	struct bucket_sink sink;
	uint64_t sequence; /* of the last record */

	LIST_HEAD(, bucket_stream) streams;
	bool holds; /* the connections, until there is room */
};

/*
 * Takes a message of true_len bytes, of which there are len, that came at that
 * time from there (an address as text).
 */
void bucket_take(struct service *service, struct slice source,
    struct slice data, uint64_t true_len, int64_t time_ns);

/* Writes what waits, after a failure only with `again`, and sets the timer. */
void bucket_flush(struct service *service, bool again);

#endif
