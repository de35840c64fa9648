/* SPDX-License-Identifier: ISC */
/* The open files of a bucket, by sender, the latest used first. */
#include "services/creosote_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "services/creosote_files_private.h"

/* How often files may be counted anew, as somebody may have removed some. */
#define COUNT_MS 60000

/*
 * How many files are asked whether they can be closed, the least lately used
 * first: each message may ask.
 */
#define ASKED_MAX 64

static struct files_entry **
find_slot(const struct bucket_files *files, const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &files->slots[hash & (files->slot_count - 1)];
}

static struct files_entry *
find_entry(const struct bucket_files *files, const char *name)
{
	struct files_entry *entry = *find_slot(files, name);

	while (entry != NULL && strcmp(entry->name, name) != 0)
		entry = entry->same_slot;
	return entry;
}

static void
unlink_use(struct bucket_files *files, struct files_entry *entry)
{
	*(entry->before != NULL ? &entry->before->after : &files->first) =
	    entry->after;
	*(entry->after != NULL ? &entry->after->before : &files->last) =
	    entry->before;
}

static void
link_use(struct bucket_files *files, struct files_entry *entry)
{
	entry->before = NULL;
	entry->after = files->first;
	*(files->first != NULL ? &files->first->before : &files->last) = entry;
	files->first = entry;
}

static void
close_entry(struct bucket_files *files, struct files_entry *entry)
{
	struct files_entry **link = find_slot(files, entry->name);

	files->calls->close(files->arg, &entry->item);
	if (entry->retry_ms != 0)
		files->failing--;
	while (*link != entry)
		link = &(*link)->same_slot;
	*link = entry->same_slot;
	unlink_use(files, entry);
	files->figures.open--;
	bucket_file_close(&entry->item.file);
	files_note_closed(files, entry);
	free(entry->path);
	free(entry);
}

static void
add_entry(struct bucket_files *files, struct files_entry *entry)
{
	struct files_entry **slot = find_slot(files, entry->name);

	entry->same_slot = *slot;
	*slot = entry;
	link_use(files, entry);
	files->figures.open++;
}

/* NULL with why and errno. */
static struct files_entry *
open_entry(struct bucket_files *files, const char *name, const char *path,
    char why[WHY_SIZE])
{
	struct files_entry *entry = calloc(1, sizeof(*entry));
	int error = ENOMEM;

	if (entry == NULL || (entry->path = strdup(path)) == NULL)
		why_set(why, "out of memory");
	else if (bucket_file_open(&entry->item.file, entry->path,
		     &files->access, why) == 0) {
		strcpy(entry->name, name);
		add_entry(files, entry);
		files_look(files, entry, true);
		return entry;
	} else
		error = errno;
	if (entry != NULL)
		free(entry->path);
	free(entry);
	errno = error;
	return NULL;
}

/* Counts the files of senders; with upkeep, those have their rotated ones. */
static int
count_known(struct bucket_files *files, bool upkeep)
{
	const char *pattern = files->settings->path;
	char directory[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	DIR *folder;
	uint64_t known = 0;

	bucket_path_directory(directory, pattern);
	if ((folder = opendir(directory[0] != '\0' ? directory : "/")) == NULL)
		return -1;
	while ((entry = readdir(folder)) != NULL) {
		if (!bucket_path_matches(pattern, entry->d_name))
			continue;
		known++;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (upkeep && known <= files->settings->max_files)
			(void)upkeep_add(files->upkeep, path);
	}
	closedir(folder);
	files->figures.known = known;
	files->counted_ms = clock_monotonic_ms();
	return 0;
}

/* True when a sender may have one more file. */
static bool
has_room(struct bucket_files *files)
{
	if (files->figures.known >= files->settings->max_files &&
	    clock_monotonic_ms() - files->counted_ms > COUNT_MS)
		(void)count_known(files, false);
	return files->figures.known < files->settings->max_files;
}

/*
 * Closes a file, but none that something waits for, nor that of the others,
 * which would come and go with each message; false: there is none.
 */
static bool
make_place(struct bucket_files *files)
{
	struct files_entry *entry = files->last;

	for (int i = 0; i < ASKED_MAX && entry != NULL; i++) {
		if (strcmp(entry->name, SENDER_OTHERS) != 0 &&
		    files->calls->empty(files->arg, &entry->item)) {
			close_entry(files, entry);
			files->figures.closed++;
			return true;
		}
		entry = entry->before;
	}
	return false;
}

static struct files_entry *
open_sender(struct bucket_files *files, const char *name)
{
	bool is_others = strcmp(name, SENDER_OTHERS) == 0, is_missing;
	char path[PATH_MAX], why[WHY_SIZE];
	struct files_entry *entry;

	if (bucket_path_format(path, files->settings->path, name) == -1)
		return NULL;
	is_missing = access(path, F_OK) == -1 && errno == ENOENT;
	if (!is_others && is_missing && !has_room(files))
		return NULL;
	while (files->figures.open >= files->settings->max_open)
		if (!make_place(files)) {
			if (!is_others)
				return NULL;
			break;
		}
	entry = open_entry(files, name, path, why);
	if (entry != NULL && is_missing && !is_others)
		files->figures.known++;
	return entry;
}

/* The file of that name, which is now the one used last. */
static struct files_entry *
use_entry(struct bucket_files *files, const char *name)
{
	struct files_entry *entry = find_entry(files, name);

	if (entry == NULL)
		entry = open_sender(files, name);
	if (entry == NULL || entry == files->first)
		return entry;
	unlink_use(files, entry);
	link_use(files, entry);
	return entry;
}

struct bucket_files_item *
bucket_files_find_same(
    struct bucket_files *files, const struct bucket_files_item *item)
{
	const struct files_entry *other = (const void *)item;
	struct files_entry *entry = use_entry(files, other->name);

	return entry != NULL ? &entry->item : NULL;
}

struct bucket_files_item *
bucket_files_find(
    struct bucket_files *files, const struct sockaddr *peer, socklen_t len)
{
	char name[SENDER_NAME_SIZE];
	struct files_entry *entry;

	if (!files->has_sender)
		return &files->first->item;
	if (peer != NULL)
		sender_name(name, peer, len);
	else
		strcpy(name, SENDER_OTHERS);
	entry = use_entry(files, name);
	if (entry == NULL && peer != NULL) {
		files->figures.others++;
		return bucket_files_find(files, NULL, 0);
	}
	return entry != NULL ? &entry->item : NULL;
}

struct bucket_files_item *
bucket_files_next(struct bucket_files *files, struct bucket_files_item *item)
{
	struct files_entry *entry =
	    item != NULL ? ((struct files_entry *)item)->after : files->first;

	return entry != NULL ? &entry->item : NULL;
}

/* Otherwise what looks like a rotated file may be that of another program. */
static bool
rotates(const struct bucket_files *files)
{
	return files->settings->rotation.size > 0 ||
	    files->settings->rotation.interval_ms > 0;
}

/* The directory of the files of senders: they can be made later. */
static int
open_directory(struct bucket_files *files, char why[WHY_SIZE])
{
	char directory[PATH_MAX], path[PATH_MAX];

	bucket_path_directory(directory, files->settings->path);
	if (directory[0] == '\0')
		strcpy(directory, "/");
	if (count_known(files, rotates(files)) == -1 ||
	    access(directory, W_OK | X_OK) == -1)
		return why_set(why,
		    "cannot make files in '%.120s': %s (make it, for netlabd's "
		    "user to read and write)",
		    directory, strerror(errno));
	if (rotates(files) &&
	    bucket_path_format(path, files->settings->path, SENDER_OTHERS) == 0)
		(void)upkeep_add(files->upkeep, path);
	return 0;
}

static int
open_only(struct bucket_files *files, char why[WHY_SIZE])
{
	char path[PATH_MAX];

	if (bucket_path_format(path, files->settings->path, "") == -1)
		return why_set(why, "file: the path is too long");
	if (open_entry(files, "", path, why) == NULL)
		return -1;
	if (rotates(files))
		(void)upkeep_add(files->upkeep, path);
	return 0;
}

static void
say(void *arg, bool is_error, const char *what)
{
	const struct bucket_files *files = arg;

	files->calls->say(files->arg, is_error, what);
}

static const struct upkeep_calls upkeep_calls = { files_is_in_use, say };

static int
begin(struct bucket_files *files, char why[WHY_SIZE])
{
	const struct bucket_files_settings *settings = files->settings;

	files->slot_count = 16;
	while (files->slot_count < settings->max_open)
		files->slot_count *= 2;
	files->slots = calloc(files->slot_count, sizeof(*files->slots));
	files->upkeep = upkeep_new(
	    &settings->rotation, &files->access, &upkeep_calls, files);
	if (files->slots == NULL || files->upkeep == NULL)
		return why_set(why, "out of memory");
	if (settings->rotation.interval_ms > 0)
		rotation_begin(&files->period, settings->rotation.interval_ms,
		    clock_now_ns());
	return files->has_sender ? open_directory(files, why)
				 : open_only(files, why);
}

struct bucket_files *
bucket_files_new(const struct bucket_files_settings *settings,
    const struct bucket_files_calls *calls, void *arg, char why[WHY_SIZE])
{
	struct bucket_files *files;
	struct bucket_file_access access;

	if (bucket_files_find_access(settings, &access, why) == -1)
		return NULL;
	if ((files = calloc(1, sizeof(*files))) == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	files->settings = settings;
	files->calls = calls;
	files->arg = arg;
	files->access = access;
	files->has_sender = bucket_path_has_sender(settings->path);
	files_join(files);
	if (begin(files, why) == 0)
		return files;
	bucket_files_free(files);
	return NULL;
}

void
bucket_files_free(struct bucket_files *files)
{
	if (files == NULL)
		return;
	while (files->first != NULL)
		close_entry(files, files->first);
	files_leave(files);
	upkeep_free(files->upkeep);
	free(files->slots);
	free(files);
}
