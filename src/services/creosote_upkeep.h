/* SPDX-License-Identifier: ISC */
/*
 * Looks after rotated files: compresses them, deletes what is more than is to
 * be kept, and finishes what a crash interrupted; a slice at a time, one file
 * after the other, for all files of a bucket. A directory is read for many of
 * them at once, as with a file for each sender it has very many names.
 */
#ifndef SERVICES_CREOSOTE_UPKEEP_H
#define SERVICES_CREOSOTE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "services/creosote_file.h"
#include "services/creosote_rotation.h"

struct upkeep_calls {
	/* True for a file that is still written to. */
	bool (*is_in_use)(void *arg, dev_t dev, ino_t ino);
	/* To be logged: something fails (said once), or works again. */
	void (*say)(void *arg, bool is_error, const char *what);
};

struct upkeep;

/* The settings have to outlive it. NULL: out of memory. */
struct upkeep *upkeep_new(const struct rotation_settings *settings,
    const struct bucket_file_access *access, const struct upkeep_calls *calls,
    void *arg);
void upkeep_free(struct upkeep *upkeep);

/*
 * The rotated files of this path want to be looked at, as they may be others
 * than before. -1: out of memory.
 */
int upkeep_add(struct upkeep *upkeep, const char *path);

/* Works a slice, where it is time to (clock_monotonic_ms()). */
void upkeep_work(struct upkeep *upkeep, int64_t now_ms);

/* In how many ms there is work; -1: none. */
int64_t upkeep_wait_ms(const struct upkeep *upkeep, int64_t now_ms);

/* Files compressed and deleted so far. */
uint64_t upkeep_compressed(const struct upkeep *upkeep);
uint64_t upkeep_deleted(const struct upkeep *upkeep);

#endif
