/* SPDX-License-Identifier: ISC */
/* When the files of a bucket are rotated and looked after. */
#include "services/creosote_files_private.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"

/* After a rotation that failed. */
#define RETRY_MS 10000

/* How often is looked whether that is over. */
#define FAILING_MS 1000

/* The wall clock may be set at any time. */
#define CLOCK_MS 60000

void
files_look(struct bucket_files *files, struct files_entry *entry, bool since)
{
	struct stat st;

	(void)files;
	if (fstat(entry->item.file.fd, &st) == -1)
		memset(&st, 0, sizeof(st));
	entry->dev = st.st_dev;
	entry->ino = st.st_ino;
	entry->is_regular = S_ISREG(st.st_mode);
	entry->size = (uint64_t)st.st_size;
	if (!since)
		return;
	entry->period = (struct rotation_period){ 0 };
	entry->changed_ns = entry->size > 0
	    ? st.st_mtim.tv_sec * CLOCK_NS_PER_S + st.st_mtim.tv_nsec
	    : clock_now_ns();
}

void
files_note_rotation(
    struct bucket_files *files, struct files_entry *entry, const char *why)
{
	bool failed = entry->retry_ms != 0;

	entry->retry_ms = why != NULL ? clock_monotonic_ms() + RETRY_MS : 0;
	if (why != NULL && !failed && files->failing++ == 0)
		files->calls->say(files->arg, true, why);
	if (why == NULL && failed && --files->failing == 0)
		files->calls->say(
		    files->arg, false, "the file can be rotated again");
}

static bool
is_over(struct bucket_files *files, struct files_entry *entry, int64_t now_ns)
{
	return entry->is_regular &&
	    rotation_is_over(&entry->period,
		files->settings->rotation.interval_ms, entry->changed_ns,
		now_ns);
}

static void
begin_period(
    struct bucket_files *files, struct rotation_period *period, int64_t now_ns)
{
	if (files->settings->rotation.interval_ms > 0)
		rotation_begin(
		    period, files->settings->rotation.interval_ms, now_ns);
}

static int
rotate(struct bucket_files *files, struct files_entry *entry, int64_t now_ns,
    char why[WHY_SIZE])
{
	ino_t ino = entry->ino;

	if (rotation_rotate(&entry->item.file, &files->settings->rotation,
		now_ns, why) == -1) {
		files_note_rotation(files, entry, why);
		return -1;
	}
	files_note_rotation(files, entry, NULL);
	files_look(files, entry, true);
	begin_period(files, &entry->period, now_ns);
	if (entry->ino != ino) {
		files->figures.rotations++;
		files_note_closed(files, entry);
	}
	if (entry->path[0] != '\0') /* standard output has none aside */
		(void)upkeep_add(files->upkeep, entry->path);
	return 0;
}

/* True when a line of so many bytes belongs into the next file. */
static bool
is_due(struct bucket_files *files, struct files_entry *entry, size_t len,
    int64_t now_ns)
{
	uint64_t limit = files->settings->rotation.size;

	if (entry->size == 0 || clock_monotonic_ms() < entry->retry_ms)
		return false;
	return (limit > 0 && entry->size + len > limit) ||
	    is_over(files, entry, now_ns);
}

/* Whole lines in so many bytes, but at least one. */
static size_t
cut_lines(const char *lines, size_t len, uint64_t room)
{
	const char *newline;

	if (len <= room)
		return len;
	newline = memrchr(lines, '\n', room);
	if (newline == NULL)
		newline = memchr(lines, '\n', len);
	return newline != NULL ? (size_t)(newline - lines) + 1 : len;
}

size_t
bucket_files_part(struct bucket_files *files, struct bucket_files_item *item,
    const char *lines, size_t len, int64_t now_ns)
{
	struct files_entry *entry = (struct files_entry *)item;
	uint64_t limit = files->settings->rotation.size;
	char why[WHY_SIZE];

	files_look(files, entry, false);
	if (!entry->is_regular)
		return len;
	if (entry->size == 0 && is_over(files, entry, now_ns))
		begin_period(files, &entry->period, now_ns);
	if (is_due(files, entry, cut_lines(lines, len, 0), now_ns))
		(void)rotate(files, entry, now_ns, why);
	if (limit == 0 || entry->retry_ms != 0)
		return len;
	return cut_lines(
	    lines, len, limit > entry->size ? limit - entry->size : 0);
}

int
bucket_files_rotate(
    struct bucket_files *files, int64_t now_ns, char why[WHY_SIZE])
{
	char later[WHY_SIZE];
	int result = 0;

	for (struct files_entry *entry = files->first; entry != NULL;
	     entry = entry->after) {
		files_look(files, entry, false);
		if (rotate(files, entry, now_ns, result == 0 ? why : later) ==
		    -1)
			result = -1;
	}
	return result;
}

int
bucket_files_reopen(struct bucket_files *files, char why[WHY_SIZE])
{
	char later[WHY_SIZE];
	int result = 0;

	for (struct files_entry *entry = files->first; entry != NULL;
	     entry = entry->after) {
		if (bucket_file_reopen(
			&entry->item.file, result == 0 ? why : later) == -1)
			result = -1;
		else {
			files_look(files, entry, true);
			files_note_closed(files, entry);
		}
	}
	return result;
}

/* One at a time; the period of all is over when that of each is. */
static bool
rotate_one(struct bucket_files *files, int64_t now_ns)
{
	char why[WHY_SIZE];

	for (struct files_entry *entry = files->first; entry != NULL;
	     entry = entry->after) {
		if (clock_monotonic_ms() < entry->retry_ms ||
		    !is_over(files, entry, now_ns))
			continue;
		files_look(files, entry, false);
		if (entry->size == 0)
			begin_period(files, &entry->period, now_ns);
		else
			(void)rotate(files, entry, now_ns, why);
		return true;
	}
	return false;
}

void
bucket_files_work(struct bucket_files *files, int64_t now_ns)
{
	uint64_t interval_ms = files->settings->rotation.interval_ms;

	if (rotation_is_over(&files->period, interval_ms, now_ns, now_ns)) {
		if (rotate_one(files, now_ns))
			return;
		if (files->failing == 0)
			rotation_begin(&files->period, interval_ms, now_ns);
	}
	upkeep_work(files->upkeep, clock_monotonic_ms());
}

int64_t
bucket_files_wait_ms(const struct bucket_files *files, int64_t now_ns)
{
	int64_t wait_ms = upkeep_wait_ms(files->upkeep, clock_monotonic_ms());
	int64_t end_ms;

	if (files->settings->rotation.interval_ms == 0)
		return wait_ms;
	end_ms = files->period.end_s * 1000 - now_ns / 1000000;
	if (end_ms > CLOCK_MS)
		end_ms = CLOCK_MS;
	if (end_ms < 0)
		end_ms = files->failing == 0 ? 0 : FAILING_MS;
	return wait_ms == -1 || end_ms < wait_ms ? end_ms : wait_ms;
}

struct bucket_files_figures
bucket_files_figures(const struct bucket_files *files)
{
	struct bucket_files_figures figures = files->figures;

	figures.compressed = upkeep_compressed(files->upkeep);
	figures.deleted = upkeep_deleted(files->upkeep);
	return figures;
}
