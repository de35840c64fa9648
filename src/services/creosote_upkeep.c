/* SPDX-License-Identifier: ISC */
/* The files that wait to be looked after, and the one that is compressed. */
#include "services/creosote_upkeep.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/creosote_upkeep_private.h"

/* Between two slices, for the services. */
#define PAUSE_MS 2
/* After a failure. */
#define RETRY_MS 60000
/* While another one works there. */
#define BUSY_MS 500

struct upkeep *
upkeep_new(const struct rotation_settings *settings,
    const struct bucket_file_access *access, const struct upkeep_calls *calls,
    void *arg)
{
	struct upkeep *upkeep = calloc(1, sizeof(*upkeep));

	if (upkeep == NULL)
		return NULL;
	upkeep->settings = settings;
	upkeep->access = *access;
	upkeep->calls = calls;
	upkeep->arg = arg;
	TAILQ_INIT(&upkeep->paths);
	return upkeep;
}

static int
compare_paths(const void *one, const void *other)
{
	return strcmp(((const struct upkeep_path *)one)->path,
	    ((const struct upkeep_path *)other)->path);
}

void
upkeep_forget(struct upkeep_path *path)
{
	rotated_list_free(&path->list);
	path->state = UPKEEP_UNKNOWN;
}

static void
remove_path(struct upkeep *upkeep, struct upkeep_path *path)
{
	TAILQ_REMOVE(&upkeep->paths, path, next);
	tdelete(path, &upkeep->by_path, compare_paths);
	rotated_list_free(&path->list);
	free(path);
}

void
upkeep_free(struct upkeep *upkeep)
{
	if (upkeep == NULL)
		return;
	upkeep_end_scan(upkeep);
	upkeep_abandon(upkeep);
	while (!TAILQ_EMPTY(&upkeep->paths))
		remove_path(upkeep, TAILQ_FIRST(&upkeep->paths));
	free(upkeep);
}

int
upkeep_add(struct upkeep *upkeep, const char *path)
{
	struct upkeep_path *fresh =
	    calloc(1, sizeof(*fresh) + strlen(path) + 1);
	struct upkeep_path **found;

	if (fresh == NULL)
		return -1;
	strcpy(fresh->path, path);
	found = tsearch(fresh, &upkeep->by_path, compare_paths);
	if (found != NULL && *found == fresh) {
		TAILQ_INSERT_TAIL(&upkeep->paths, fresh, next);
		return 0;
	}
	free(fresh);
	if (found == NULL)
		return -1;
	upkeep_forget(*found);
	return 0;
}

/* The others go on: what fails comes last from now on. */
static void
put_last(struct upkeep *upkeep)
{
	struct upkeep_path *first = TAILQ_FIRST(&upkeep->paths);

	upkeep_forget(first);
	TAILQ_REMOVE(&upkeep->paths, first, next);
	TAILQ_INSERT_TAIL(&upkeep->paths, first, next);
}

int
upkeep_fail(struct upkeep *upkeep, const char *what, const char *name)
{
	snprintf(upkeep->why, sizeof(upkeep->why),
	    "cannot %s '%.120s' in the directory of '%.120s': %s", what, name,
	    TAILQ_FIRST(&upkeep->paths)->path, strerror(errno));
	return -1;
}

static void
note_failure(struct upkeep *upkeep)
{
	if (!upkeep->is_failing)
		upkeep->calls->say(upkeep->arg, true, upkeep->why);
	upkeep->is_failing = true;
	upkeep_end_scan(upkeep);
	upkeep_abandon(upkeep);
	put_last(upkeep);
}

static void
note_done(struct upkeep *upkeep)
{
	remove_path(upkeep, TAILQ_FIRST(&upkeep->paths));
	if (!TAILQ_EMPTY(&upkeep->paths) || !upkeep->is_failing)
		return;
	upkeep->is_failing = false;
	upkeep->calls->say(upkeep->arg, false,
	    "rotated files are compressed and deleted again");
}

static int64_t
pause_after(int result)
{
	switch (result) {
	case -1:
		return RETRY_MS;
	case UPKEEP_BUSY:
		return BUSY_MS;
	default:
		return PAUSE_MS;
	}
}

static int
take_step(struct upkeep *upkeep)
{
	if (upkeep->gzip != NULL && !upkeep->is_written)
		return upkeep_compress(upkeep);
	if (TAILQ_FIRST(&upkeep->paths)->state != UPKEEP_KNOWN)
		return upkeep_scan(upkeep);
	return upkeep->gzip != NULL ? upkeep_install(upkeep)
				    : upkeep_tidy(upkeep);
}

void
upkeep_work(struct upkeep *upkeep, int64_t now_ms)
{
	int result;

	if (upkeep_wait_ms(upkeep, now_ms) != 0)
		return;
	result = take_step(upkeep);
	upkeep->not_before_ms = now_ms + pause_after(result);
	if (result == UPKEEP_BUSY)
		put_last(upkeep);
	else if (result == -1)
		note_failure(upkeep);
	else if (result == 0)
		note_done(upkeep);
}

int64_t
upkeep_wait_ms(const struct upkeep *upkeep, int64_t now_ms)
{
	if (TAILQ_EMPTY(&upkeep->paths))
		return -1;
	return now_ms < upkeep->not_before_ms ? upkeep->not_before_ms - now_ms
					      : 0;
}

uint64_t
upkeep_compressed(const struct upkeep *upkeep)
{
	return upkeep->compressed;
}

uint64_t
upkeep_deleted(const struct upkeep *upkeep)
{
	return upkeep->deleted;
}
