/* SPDX-License-Identifier: ISC */
/* What the files of creosote_upkeep share. */
#ifndef SERVICES_CREOSOTE_UPKEEP_PRIVATE_H
#define SERVICES_CREOSOTE_UPKEEP_PRIVATE_H

#include <sys/queue.h>

#include "services/creosote_gzip.h"
#include "services/creosote_rotation_name.h"
#include "services/creosote_upkeep.h"

/* What is known of the rotated files of a path. */
enum upkeep_state {
	UPKEEP_UNKNOWN,
	UPKEEP_READING, /* the scan that goes on will tell */
	UPKEEP_KNOWN    /* but for what others may do there */
};

/* A file whose rotated ones wait to be looked after. */
struct upkeep_path {
	TAILQ_ENTRY(upkeep_path) next;
	enum upkeep_state state;
	struct rotated_list list; /* the oldest first */
	char path[];
};

struct upkeep_scan;

struct upkeep {
	const struct rotation_settings *settings;
	struct bucket_file_access access;
	const struct upkeep_calls *calls;
	void *arg;

	TAILQ_HEAD(upkeep_paths, upkeep_path) paths; /* the first is next */
	void *by_path;                               /* a tree of them */
	struct upkeep_scan *scan;                    /* NULL: none goes on */
	int64_t not_before_ms;
	bool is_failing; /* and was said to */
	char why[2 * WHY_SIZE];

	/* The file that is compressed, of the first path; NULL: none. */
	struct gzip *gzip;
	bool is_written; /* all of it */
	struct rotation_place place;

	uint64_t compressed, deleted;
};

/* Another bucket, or netlabd, compresses a file of that path now. */
#define UPKEEP_BUSY 2

/*
 * Each is one step for the first path: 1 when there may be more to do, 0 when
 * there is not, UPKEEP_BUSY, -1 with why. Its list is known before it is
 * tidied, or a compressed file installed.
 */
int upkeep_scan(struct upkeep *upkeep);
int upkeep_tidy(struct upkeep *upkeep);
int upkeep_compress(struct upkeep *upkeep);
int upkeep_install(struct upkeep *upkeep);

/* Begins to compress a file of the first path, if one is to be: takes place. */
int upkeep_begin_compress(
    struct upkeep *upkeep, const struct rotation_place *place);

/* Ends a scan before its time. */
void upkeep_end_scan(struct upkeep *upkeep);

/* The list of a path, if it is known, is out of date. */
void upkeep_forget(struct upkeep_path *path);

/*
 * Looks at the files of the first path's list, as they may have grown. false:
 * they are others now, and the list is forgotten.
 */
bool upkeep_look(struct upkeep *upkeep, const struct rotation_place *place);

/* Gives up what is compressed, and what came of it. */
void upkeep_abandon(struct upkeep *upkeep);

/* Says in why what could not be done with that name, and returns -1. */
int upkeep_fail(struct upkeep *upkeep, const char *what, const char *name);

/* True for a file of ours that nobody writes to any more. */
bool
upkeep_is_done(const struct upkeep *upkeep, const struct rotated_file *file);

#endif
