/* SPDX-License-Identifier: ISC */
/* What the files of creosote_upkeep share. */
#ifndef SERVICES_CREOSOTE_UPKEEP_PRIVATE_H
#define SERVICES_CREOSOTE_UPKEEP_PRIVATE_H

#include "services/creosote_gzip.h"
#include "services/creosote_rotation_name.h"
#include "services/creosote_upkeep.h"

struct upkeep {
	const struct rotation_settings *settings;
	struct bucket_file_access access;
	const struct upkeep_calls *calls;
	void *arg;

	char **paths; /* of files whose rotated ones wait; the first is next */
	size_t count;
	int64_t not_before_ms;
	bool is_failing; /* and was said to */
	char why[2 * WHY_SIZE];

	/* The file that is compressed, of the first path; NULL: none. */
	struct gzip *gzip;
	struct rotation_place place;

	uint64_t compressed, deleted;
};

/* Another bucket, or netlabd, compresses a file of that path now. */
#define UPKEEP_BUSY 2

/*
 * Each is one step for the first path: 1 when there may be more to do, 0 when
 * there is not, UPKEEP_BUSY, -1 with why.
 */
int upkeep_tidy(struct upkeep *upkeep);
int upkeep_compress(struct upkeep *upkeep);

/* Begins to compress a file of the list, if there is one: takes the place. */
int upkeep_begin_compress(struct upkeep *upkeep,
    const struct rotation_place *place, const struct rotated_list *list);

/* Gives up what is compressed, and what came of it. */
void upkeep_abandon(struct upkeep *upkeep);

/* Says in why what could not be done with that name, and returns -1. */
int upkeep_fail(struct upkeep *upkeep, const char *what, const char *name);

/* True for a file of ours that nobody writes to any more. */
bool
upkeep_is_done(const struct upkeep *upkeep, const struct rotated_file *file);

#endif
