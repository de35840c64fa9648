/* SPDX-License-Identifier: ISC */
/* The files that wait to be looked after, and the one that is compressed. */
#include "services/creosote_upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
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
	return upkeep;
}

void
upkeep_free(struct upkeep *upkeep)
{
	if (upkeep == NULL)
		return;
	for (size_t i = 0; i < upkeep->count; i++)
		free(upkeep->paths[i]);
	free(upkeep->paths);
	upkeep_abandon(upkeep);
	free(upkeep);
}

int
upkeep_add(struct upkeep *upkeep, const char *path)
{
	for (size_t i = 0; i < upkeep->count; i++)
		if (strcmp(upkeep->paths[i], path) == 0)
			return 0;
	return upkeep_add_new(upkeep, path);
}

int
upkeep_add_new(struct upkeep *upkeep, const char *path)
{
	char **paths;

	paths = reallocarray(
	    upkeep->paths, upkeep->count + 1, sizeof(*upkeep->paths));
	if (paths == NULL)
		return -1;
	upkeep->paths = paths;
	if ((paths[upkeep->count] = strdup(path)) == NULL)
		return -1;
	upkeep->count++;
	return 0;
}

/* Nothing is left to do for the first path. */
static void
drop_first(struct upkeep *upkeep)
{
	free(upkeep->paths[0]);
	memmove(upkeep->paths, upkeep->paths + 1,
	    --upkeep->count * sizeof(*upkeep->paths));
}

/* The others go on: what fails comes last from now on. */
static void
put_last(struct upkeep *upkeep)
{
	char *first = upkeep->paths[0];

	memmove(upkeep->paths, upkeep->paths + 1,
	    (upkeep->count - 1) * sizeof(*upkeep->paths));
	upkeep->paths[upkeep->count - 1] = first;
}

int
upkeep_fail(struct upkeep *upkeep, const char *what, const char *name)
{
	snprintf(upkeep->why, sizeof(upkeep->why),
	    "cannot %s '%.120s' in the directory of '%.120s': %s", what, name,
	    upkeep->paths[0], strerror(errno));
	return -1;
}

static void
note_failure(struct upkeep *upkeep)
{
	if (!upkeep->is_failing)
		upkeep->calls->say(upkeep->arg, true, upkeep->why);
	upkeep->is_failing = true;
	upkeep_abandon(upkeep);
	put_last(upkeep);
}

static void
note_done(struct upkeep *upkeep)
{
	drop_first(upkeep);
	if (upkeep->count > 0 || !upkeep->is_failing)
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

void
upkeep_work(struct upkeep *upkeep, int64_t now_ms)
{
	int result;

	if (upkeep_wait_ms(upkeep, now_ms) != 0)
		return;
	result = upkeep->gzip != NULL ? upkeep_compress(upkeep)
				      : upkeep_tidy(upkeep);
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
	if (upkeep->count == 0)
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
