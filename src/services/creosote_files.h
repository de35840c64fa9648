/* SPDX-License-Identifier: ISC */
/*
 * The files of a bucket: one, or with %a in its path one for each sender. Opens
 * them when they are needed, bounds how many there are, rotates them, and
 * compresses and deletes the rotated ones a slice at a time.
 */
#ifndef SERVICES_CREOSOTE_FILES_H
#define SERVICES_CREOSOTE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/why.h"
#include "core/service.h"
#include "services/creosote_file.h"
#include "services/creosote_rotation.h"

struct bucket_files_settings {
	char *path;    /* "": standard output; %a: the sender, %%: a percent */
	uint64_t mode; /* of the files that are made */
	char *group;   /* their group, by name or number; "": as it comes */
	uint64_t max_open;
	uint64_t max_files;
	struct rotation_settings rotation;
};

/* All rows, for settings of that type with a bucket_files_settings in them. */
#define BUCKET_FILES_OPTIONS(type, member)                                   \
	{ .name = "file",                                                    \
		.kind = OPTION_PATH,                                         \
		.offset = offsetof(type, member.path),                       \
		.initial = "",                                               \
		.help = "where the records go, %a: a file for each sender; " \
			"\"\": standard output" },                           \
	    { .name = "file-mode",                                           \
		    .kind = OPTION_MODE,                                     \
		    .offset = offsetof(type, member.mode),                   \
		    .initial = "0640",                                       \
		    .max = 0777,                                             \
		    .help = "who may read and write the files" },            \
	    { .name = "file-group",                                          \
		    .kind = OPTION_TEXT,                                     \
		    .offset = offsetof(type, member.group),                  \
		    .initial = "",                                           \
		    .help = "the group of the files, a name or a number" },  \
	    { .name = "max-open-files",                                      \
		    .kind = OPTION_NUMBER,                                   \
		    .offset = offsetof(type, member.max_open),               \
		    .initial = "64",                                         \
		    .min = 2,                                                \
		    .max = 10000,                                            \
		    .unit = "files",                                         \
		    .help = "with %a: files that are open at once" },        \
	    { .name = "max-files",                                           \
		    .kind = OPTION_NUMBER,                                   \
		    .offset = offsetof(type, member.max_files),              \
		    .initial = "1000",                                       \
		    .min = 1,                                                \
		    .max = 1000000,                                          \
		    .unit = "files",                                         \
		    .help = "with %a: senders with a file of their own; "    \
			    "those beyond share one, \"others\"" },          \
	    ROTATION_OPTIONS(type, member.rotation)

/* An open file. */
struct bucket_files_item {
	struct bucket_file file; /* to bucket_file_write() to */
	void *queue;             /* the user's own; NULL at first */
};

/* What the files ask of their user; arg is the one of bucket_files_new(). */
struct bucket_files_calls {
	/*
	 * Another file wants the place of this one: writes what waits for it,
	 * if that can be done. False: something still waits.
	 */
	bool (*empty)(void *arg, struct bucket_files_item *item);
	/*
	 * The file is closed after this, as another needs its place, or all are
	 * closed: write what waits for it, and free queue.
	 */
	void (*close)(void *arg, struct bucket_files_item *item);
	/* To be logged: something fails (said once), or works again. */
	void (*say)(void *arg, bool is_error, const char *what);
};

struct bucket_files;

/* Whether files could be written as things are: 0, or -1 with why. */
int bucket_files_probe(
    const struct bucket_files_settings *settings, char why[WHY_SIZE]);

/* The files of two buckets, held against each other: as below. */
int bucket_files_check_pair(const struct bucket_files_settings *settings,
    const struct bucket_files_settings *other, char why[WHY_SIZE]);

/* The options, held against each other: 0, or -1 with why. */
int bucket_files_check(
    const struct bucket_files_settings *settings, char why[WHY_SIZE]);

/*
 * Opens the file, or without one yet the directory of those of the senders.
 * The settings have to outlive it. NULL: why says what is wrong.
 */
struct bucket_files *
bucket_files_new(const struct bucket_files_settings *settings,
    const struct bucket_files_calls *calls, void *arg, char why[WHY_SIZE]);

/* Closes all files, each with a call before. */
void bucket_files_free(struct bucket_files *files);

/*
 * The file for what comes from this peer (NULL: netlabd itself, which is
 * "others" where each sender has a file). It may close another, for which
 * nothing waits, with a call before, and stays open until the next find or
 * free. Where none can be closed, it is that of the others, one more than may
 * be open. NULL with errno: neither the sender's file nor that of the others
 * can be opened.
 */
struct bucket_files_item *bucket_files_find(
    struct bucket_files *files, const struct sockaddr *peer, socklen_t len);

/* The file that has this one's place here; as above. */
struct bucket_files_item *bucket_files_find_same(
    struct bucket_files *files, const struct bucket_files_item *item);

/* The open files, one after the other: NULL begins, NULL ends. */
struct bucket_files_item *
bucket_files_next(struct bucket_files *files, struct bucket_files_item *item);

/*
 * How many bytes of these whole lines are to be written to the file now, at
 * least one line, after rotating it where that is due. A rotation that fails is
 * said once, tried again later, and keeps nothing from being written.
 */
size_t
bucket_files_part(struct bucket_files *files, struct bucket_files_item *item,
    const char *lines, size_t len, int64_t now_ns);

/*
 * Rotates every open file that has something in it: 0, or -1 with the first
 * why. What waits for them is to be written before.
 */
int bucket_files_rotate(
    struct bucket_files *files, int64_t now_ns, char why[WHY_SIZE]);

/* Opens every open file anew, as they may have been renamed: as above. */
int bucket_files_reopen(struct bucket_files *files, char why[WHY_SIZE]);

/*
 * Rotates an open file whose interval is over, or does a slice of the work that
 * waits: compressing, deleting. What waits for the files is to be written
 * before.
 */
void bucket_files_work(struct bucket_files *files, int64_t now_ns);

/*
 * In how many milliseconds there is work; -1: none before the next rotation. To
 * be asked again after each part, rotate and work: it costs nothing.
 */
int64_t bucket_files_wait_ms(const struct bucket_files *files, int64_t now_ns);

struct bucket_files_figures {
	uint64_t open, known; /* files now; known: of senders, in all */
	uint64_t rotations, compressed, deleted, closed;
	uint64_t others; /* times that a sender got no file of its own */
};

struct bucket_files_figures
bucket_files_figures(const struct bucket_files *files);

#endif
