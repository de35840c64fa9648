/* SPDX-License-Identifier: ISC */
/* Lines that wait to be written. */
#include "services/creosote_queue.h"

#include <stdlib.h>
#include <string.h>

/* Kept when nothing waits; more is given back. */
#define KEPT_SIZE (256UL << 10)

/* Where the next line goes, after all that wait. */
static size_t
tail(const struct bucket_queue *queue)
{
	return queue->head + queue->len;
}

static void
move_to_front(struct bucket_queue *queue)
{
	memmove(queue->data, queue->data + queue->head, queue->len);
	queue->head = 0;
}

static bool
grow(struct bucket_queue *queue, size_t needed)
{
	size_t size = queue->size != 0 ? queue->size : KEPT_SIZE;
	char *data;

	while (size < needed)
		size *= 2;
	if ((data = realloc(queue->data, size)) == NULL)
		return false;
	queue->data = data;
	queue->size = size;
	return true;
}

char *
bucket_queue_reserve(struct bucket_queue *queue, size_t room)
{
	if (queue->size - tail(queue) >= room && queue->data != NULL)
		return queue->data + tail(queue);
	/* Moved once for as many bytes as were written since. */
	if (queue->head > queue->len)
		move_to_front(queue);
	if (queue->size - tail(queue) < room &&
	    !grow(queue, tail(queue) + room))
		return NULL;
	return queue->data + tail(queue);
}

/* Makes room for so many more words. */
static bool
reserve_words(struct bucket_queue *queue, size_t count)
{
	size_t size = queue->word_size != 0 ? queue->word_size : 16;
	struct bucket_word *words;

	if (queue->word_size - queue->word_count >= count)
		return true;
	while (size < queue->word_count + count)
		size *= 2;
	words = reallocarray(queue->words, size, sizeof(*words));
	if (words == NULL)
		return false;
	queue->words = words;
	queue->word_size = size;
	return true;
}

/* Remembers that the next line is a word. */
static bool
note_word(struct bucket_queue *queue, enum bucket_line kind, uint64_t count)
{
	if (!reserve_words(queue, 1))
		return false;
	queue->words[queue->word_count++] =
	    (struct bucket_word){ queue->added, count, kind };
	return true;
}

bool
bucket_queue_commit(struct bucket_queue *queue, size_t len)
{
	struct bucket_memory *memory = queue->memory;

	if (memory->used > memory->max || memory->max - memory->used < len)
		return false;
	queue->added++;
	queue->len += len;
	memory->used += len;
	return true;
}

bool
bucket_queue_commit_word(struct bucket_queue *queue, size_t len,
    enum bucket_line kind, uint64_t count)
{
	if (!note_word(queue, kind, count))
		return false;
	if (bucket_queue_commit(queue, len))
		return true;
	queue->word_count--;
	return false;
}

bool
bucket_queue_append(struct bucket_queue *queue, struct bucket_queue *other)
{
	char *room = bucket_queue_reserve(queue, other->len);

	if (room == NULL || !reserve_words(queue, other->word_count))
		return false;
	if (other->len > 0)
		memcpy(room, other->data + other->head, other->len);
	for (size_t i = 0; i < other->word_count; i++) {
		struct bucket_word word = other->words[i];

		word.number += queue->added - other->left;
		queue->words[queue->word_count++] = word;
	}
	queue->added += other->added - other->left;
	queue->len += other->len;
	queue->memory->used += other->len;
	bucket_queue_free(other);
	return true;
}

/* Removes the first lines, so many bytes of them. */
static uint64_t
remove_lines(struct bucket_queue *queue, size_t len, uint64_t lines)
{
	size_t words = 0;

	queue->head += len;
	queue->len -= len;
	queue->memory->used -= len;
	queue->left += lines;
	while (words < queue->word_count &&
	    queue->words[words].number < queue->left)
		words++;
	queue->word_count -= words;
	if (words > 0)
		memmove(queue->words, queue->words + words,
		    queue->word_count * sizeof(*queue->words));
	return lines - words;
}

/* Empty: the next line begins at the front, in no more memory than usual. */
static void
tidy(struct bucket_queue *queue)
{
	queue->head = 0;
	if (queue->size <= KEPT_SIZE)
		return;
	free(queue->data);
	queue->data = NULL;
	queue->size = 0;
}

/* How many of the first lines end in so many bytes, and where the last does. */
static uint64_t
count_lines(const struct bucket_queue *queue, size_t len, size_t *end)
{
	const char *begin = queue->data + queue->head;
	const char *at = begin + queue->done, *stop = at + len;
	uint64_t lines = 0;

	*end = 0;
	while (at < stop && (at = memchr(at, '\n', (size_t)(stop - at)))) {
		*end = (size_t)(++at - begin);
		lines++;
	}
	return lines;
}

uint64_t
bucket_queue_take(struct bucket_queue *queue, size_t len)
{
	size_t written = queue->done + len, end = written;
	uint64_t lines = queue->added - queue->left, records;

	/* Mostly it is all. */
	if (written < queue->len)
		lines = count_lines(queue, len, &end);
	queue->done = written - end;
	records = remove_lines(queue, end, lines);
	if (queue->len == 0)
		tidy(queue);
	return records;
}

void
bucket_queue_rewind(struct bucket_queue *queue)
{
	queue->done = 0;
}

uint64_t
bucket_queue_records(const struct bucket_queue *queue)
{
	return queue->added - queue->left - queue->word_count;
}

uint64_t
bucket_queue_told(const struct bucket_queue *queue, enum bucket_line kind)
{
	uint64_t count = 0;

	for (size_t i = 0; i < queue->word_count; i++)
		if (queue->words[i].kind == kind)
			count += queue->words[i].count;
	return count;
}

void
bucket_queue_free(struct bucket_queue *queue)
{
	struct bucket_memory *memory = queue->memory;

	memory->used -= queue->len;
	free(queue->data);
	free(queue->words);
	*queue = (struct bucket_queue){ .memory = memory };
}
