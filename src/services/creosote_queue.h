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

/* A record, or netlabd's own word, which tells how many are missing. */
enum bucket_line {
	BUCKET_RECORD,
	BUCKET_WORD,         /* of something else than: */
	BUCKET_WORD_RECORDS, /* records that were lost here */
	BUCKET_WORD_DROPS    /* datagrams that the kernel threw away */
};

/* A word that waits. */
struct bucket_word {
	uint64_t number; /* of its line, from 0 */
	uint64_t count;  /* that it tells of */
	enum bucket_line kind;
};

/* Zeroed, but for its memory, it is empty. */
struct bucket_queue {
	struct bucket_memory *memory;
	char *data;
	size_t size;               /* of data */
	size_t head, len;          /* where the waiting lines are */
	size_t done;               /* bytes of the first that are written */
	uint64_t added;            /* lines, ever */
	uint64_t left;             /* of these, not waiting any more */
	struct bucket_word *words; /* that wait, in order */
	size_t word_count, word_size;
};

/* Room for a line after the last one; NULL: out of memory. */
char *bucket_queue_reserve(struct bucket_queue *queue, size_t room);

/*
 * Adds the record of len bytes that was written into the room, or the word that
 * tells of so many. false: it does not, as more would wait than may.
 */
bool bucket_queue_commit(struct bucket_queue *queue, size_t len);
bool bucket_queue_commit_word(struct bucket_queue *queue, size_t len,
    enum bucket_line kind, uint64_t count);

/*
 * Adds all that waits in another, which is empty then, whether or not more
 * waits than may. false: out of memory, and it stays there.
 */
bool
bucket_queue_append(struct bucket_queue *queue, struct bucket_queue *other);

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

/* How many the waiting words of a kind tell of. */
uint64_t
bucket_queue_told(const struct bucket_queue *queue, enum bucket_line kind);

/* Gives up what waits, and all memory. */
void bucket_queue_free(struct bucket_queue *queue);

#endif
