/* SPDX-License-Identifier: ISC */
/* What the parts of a bucket share: its options and its state. */
#ifndef SERVICES_CREOSOTE_BUCKET_H
#define SERVICES_CREOSOTE_BUCKET_H

#include <sys/queue.h>

#include "core/service.h"
#include "services/creosote_filter.h"
#include "services/creosote_outputs.h"
#include "services/creosote_sinks.h"

struct bucket_stream;
struct history;
struct netconsole;

enum bucket_decode {
	BUCKET_DECODE_NONE,
	BUCKET_DECODE_NETCONSOLE,
	BUCKET_DECODE_SYSLOG
};

struct bucket_settings {
	struct bucket_files_settings files;
	struct record_style style;
	uint64_t queue;
	uint64_t sync; /* ms, or BUCKET_SYNC_... */
	uint64_t max_record;
	uint64_t gather;  /* ms */
	uint64_t history; /* bytes; 0: none */
	int decode;       /* enum bucket_decode */
	struct bucket_filter_settings filter;
	struct bucket_outputs_settings outputs;
};

struct bucket {
	struct bucket_sinks sinks;
	uint64_t sequence; /* of the last record */

	struct netconsole *netconsole; /* NULL: not decoded */
	struct bucket_filter filter;
	struct bucket_outputs outputs;
	struct history *history; /* NULL: none */
	bool is_history_new;     /* its watchers are to be woken */

	LIST_HEAD(, bucket_stream) streams;
	bool holds; /* the connections, until there is room */
};

/* A message as it came. */
struct bucket_arrival {
	const struct sockaddr *peer;
	socklen_t peer_len;
	struct slice source; /* the peer's address as text */
	struct slice data;
	uint64_t true_len; /* above data.len when it was cut */
	int64_t time_ns;
};

/* What a bucket's messages pass: 0, or -1 with why. */
int bucket_intake_open(struct service *service, char why[WHY_SIZE]);
void bucket_intake_close(struct service *service);

/* Who numbers and shows its records: itself, or its successor. */
struct bucket *bucket_shown(struct service *service);

/* Takes a message: decoded, chosen, and added to the file and the rest. */
void bucket_take(struct service *service, const struct bucket_arrival *arrival);

/* The kernel dropped datagrams at this place. */
void
bucket_take_drops(struct service *service, const char *local, uint64_t count);

/*
 * Takes what has waited for more too long, and passes on what gathered; with
 * `last`, all. Returns in how many ms it wants to be called again, -1: not.
 */
int64_t bucket_intake_work(struct service *service, bool last);

/* Writes what waits, after a failure only with `again`, and sets the timer. */
void bucket_flush(struct service *service, bool again);

#endif
