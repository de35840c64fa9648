/* SPDX-License-Identifier: ISC */
/* What the files of creosote_files share. */
#ifndef SERVICES_CREOSOTE_FILES_PRIVATE_H
#define SERVICES_CREOSOTE_FILES_PRIVATE_H

#include <limits.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "services/creosote_files.h"
#include "services/creosote_path.h"
#include "services/creosote_upkeep.h"

/* An open file; item comes first, as its user has a pointer to it. */
struct files_entry {
	struct bucket_files_item item;
	char name[SENDER_NAME_SIZE];
	char *path;
	struct files_entry *before, *after; /* by use, the latest first */
	struct files_entry *same_slot;

	/* What it was when it was last looked at. */
	dev_t dev;
	ino_t ino;
	bool is_regular;
	uint64_t size;
	int64_t changed_ns;

	struct rotation_period period;
	int64_t retry_ms; /* of a rotation that failed; 0: it did not */
};

struct bucket_files {
	LIST_ENTRY(bucket_files) next; /* of all that there are */
	bool waits; /* for another bucket to close a file that is rotated */
	const struct bucket_files_settings *settings;
	const struct bucket_files_calls *calls;
	void *arg;
	struct bucket_file_access access;
	bool has_sender;

	struct files_entry **slots; /* by the hash of the name */
	size_t slot_count;          /* a power of 2 */
	struct files_entry *first, *last;
	int64_t counted_ms; /* when those of senders were counted */

	struct upkeep *upkeep;
	struct rotation_period period; /* of all: they end together */
	uint64_t failing;              /* open files that cannot be rotated */
	struct bucket_files_figures figures;
};

/* Finds mode and group of the files: 0, or -1 with why. */
int bucket_files_find_access(const struct bucket_files_settings *settings,
    struct bucket_file_access *access, char why[WHY_SIZE]);

/* Those that know of each other: joined while they are there. */
void files_join(struct bucket_files *files);
void files_leave(struct bucket_files *files);

/* True for a file that any of them has open; arg: the one that asks. */
bool files_is_in_use(void *arg, dev_t dev, ino_t ino);

/* Another bucket of these files may wait for this one to be closed. */
void files_note_closed(
    const struct bucket_files *files, const struct files_entry *entry);

/* Looks at an open file; `since` begins its period anew. */
void
files_look(struct bucket_files *files, struct files_entry *entry, bool since);

/* Notes that a rotation failed (why), or did not (NULL). */
void files_note_rotation(
    struct bucket_files *files, struct files_entry *entry, const char *why);

#endif
