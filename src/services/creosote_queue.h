/* SPDX-License-Identifier: ISC */
/*
 * Lines that wait to be written to one file. They lie one after the other, so
 * that one write takes them all; what is written in part stays until the rest
 * is, or begins anew in another file.
 */
#ifndef SERVICES_CREOSOTE_QUEUE_H
#define SERVICES_CREOSOTE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that may wait, in all queues that share it. */
struct bucket_memory {
	size_t max, used;
};

enum bucket_line {
	BUCKET_RECORD,
	BUCKET_WORD /* netlabd's own, not counted as a record */
};

/* Zeroed, but for its memory, it is empty. */
struct bucket_queue {
	struct bucket_memory *memory;
	char *data;
	size_t size;      /* of data */
	size_t head, len; /* where the waiting lines are */
	size_t done;      /* bytes of the first that are written */
	uint64_t added;   /* lines, ever */
	uint64_t left;    /* of these, not waiting any more */
	uint64_t *words;  /* numbers (from 0) of waiting lines that are */
	size_t word_count, word_size;
};

/* Room for a line after the last one; NULL: out of memory. */
char *bucket_queue_reserve(struct bucket_queue *queue, size_t room);

/*
 * Adds the line of len bytes that was written into the room. false: it does
 * not, as more would wait than may.
 */
bool bucket_queue_commit(
    struct bucket_queue *queue, size_t len, enum bucket_line kind);

/* What is to be written next: all of it, as it lies there. */
static inline const char *
bucket_queue_data(const struct bucket_queue *queue)
{
	return queue->data + queue->head + queue->done;
}

static inline size_t
bucket_queue_len(const struct bucket_queue *queue)
{
	return queue->len - queue->done;
}

/* So many bytes of it were written; returns how many records became whole. */
uint64_t bucket_queue_take(struct bucket_queue *queue, size_t len);

/* The file is another one now: what is written in part begins anew. */
void bucket_queue_rewind(struct bucket_queue *queue);

/* Records that wait, the one that is written in part included. */
uint64_t bucket_queue_records(const struct bucket_queue *queue);

/* Gives up what waits, and all memory. */
void bucket_queue_free(struct bucket_queue *queue);

#endif
