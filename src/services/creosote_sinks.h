/* SPDX-License-Identifier: ISC */
/*
 * All sinks of a bucket: one for each of its open files, which are one, or one
 * for each sender. They share the memory in which lines wait.
 */
#ifndef SERVICES_CREOSOTE_SINKS_H
#define SERVICES_CREOSOTE_SINKS_H

#include "services/creosote_files.h"
#include "services/creosote_sink.h"

struct bucket_sinks {
	struct bucket_sink_config config; /* of each */
	struct bucket_memory memory;
	struct bucket_sink_says says;
	const char *path; /* of the settings */
	struct bucket_files *files;
	struct bucket_loss loss; /* where there was no file to say it in */
	uint64_t written, lost;  /* records, but for those of open files */
	bool stops;
	bool gave_up; /* at a stop, what could not be written */
};

/* Opens the file, or the directory: 0, or -1 with why. */
int bucket_sinks_open(struct bucket_sinks *sinks,
    const struct bucket_sink_config *config, uint64_t queue,
    const struct bucket_files_settings *settings, char why[WHY_SIZE]);

/* Writes what waits, as bucket_sink_close(), and closes all. */
void bucket_sinks_close(struct bucket_sinks *sinks);

/*
 * Takes what waits in the others for files that are its own, too, and what is
 * missing there. Of other files, and out of memory, it is left to them.
 */
void
bucket_sinks_take_over(struct bucket_sinks *sinks, struct bucket_sinks *others);

/* Adds a record of this peer to its file. */
void bucket_sinks_add(struct bucket_sinks *sinks, const struct sockaddr *peer,
    socklen_t peer_len, const struct record *record);

/* The kernel dropped datagrams here. */
void bucket_sinks_add_drops(
    struct bucket_sinks *sinks, const char *local, uint64_t count);

/* That `count` of something of this peer are missing here. */
void
bucket_sinks_add_word(struct bucket_sinks *sinks, const struct sockaddr *peer,
    socklen_t peer_len, uint64_t count, const char *what);

/* As bucket_sink_flush(), for all. */
int64_t bucket_sinks_flush(struct bucket_sinks *sinks, bool again);

/* Rotates, compresses and deletes what is due: in how many ms is more; -1. */
int64_t bucket_sinks_work(struct bucket_sinks *sinks);

/* Opens or rotates all files: 0, or -1 with why. */
int bucket_sinks_reopen(struct bucket_sinks *sinks, char why[WHY_SIZE]);
int bucket_sinks_rotate(struct bucket_sinks *sinks, char why[WHY_SIZE]);

/* True when something is not written, or said: not yet, or never, once closed.
 */
bool bucket_sinks_wait(const struct bucket_sinks *sinks);

/* What became of the records of all files. */
struct bucket_sinks_figures {
	uint64_t written, lost, waiting;
	int error; /* of a file that cannot be written; 0: all can */
};

struct bucket_sinks_figures
bucket_sinks_figures(const struct bucket_sinks *sinks);

#endif
