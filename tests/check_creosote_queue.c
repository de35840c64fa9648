/* SPDX-License-Identifier: ISC */
/* Lines that wait: their order, their bounds, their count, their memory. */
#include "services/creosote_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"

static int failing; /* the next so many calls of realloc() */

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *
__wrap_realloc(void *memory, size_t size)
{
	if (failing > 0) {
		failing--;
		return NULL;
	}
	return __real_realloc(memory, size);
}

static bool
add(struct bucket_queue *queue, const char *line, enum bucket_line kind)
{
	size_t len = strlen(line);
	char *room = bucket_queue_reserve(queue, len);

	if (room == NULL)
		return false;
	memcpy(room, line, len);
	return kind == BUCKET_RECORD
	    ? bucket_queue_commit(queue, len)
	    : bucket_queue_commit_word(queue, len, kind, len);
}

static void
expect(const struct bucket_queue *queue, const char *data)
{
	ck_assert_uint_eq(bucket_queue_len(queue), strlen(data));
	ck_assert_mem_eq(bucket_queue_data(queue), data, strlen(data));
}

/* Whatever part is taken, the rest waits, and whole records are counted. */
START_TEST(test_take)
{
	static const char lines[] = "a\nWORD\nbb\n\nWORD\nccc\n";
	/* Records that are whole after so many bytes. */
	static const unsigned whole[] = { 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3,
		3, 3, 3, 3, 3, 3, 3, 4 };

	for (size_t first = 0; first < sizeof(lines); first++)
		for (size_t next = 0; first + next < sizeof(lines); next++) {
			struct bucket_memory memory = { .max = 100 };
			struct bucket_queue queue = { .memory = &memory };

			ck_assert(add(&queue, "a\n", BUCKET_RECORD));
			ck_assert(add(&queue, "WORD\n", BUCKET_WORD));
			ck_assert(add(&queue, "bb\n", BUCKET_RECORD));
			ck_assert(add(&queue, "\n", BUCKET_RECORD));
			ck_assert(add(&queue, "WORD\n", BUCKET_WORD));
			ck_assert(add(&queue, "ccc\n", BUCKET_RECORD));
			ck_assert_uint_eq(bucket_queue_records(&queue), 4);
			ck_assert_uint_eq(
			    bucket_queue_take(&queue, first), whole[first]);
			expect(&queue, lines + first);
			ck_assert_uint_eq(bucket_queue_take(&queue, next),
			    whole[first + next] - whole[first]);
			expect(&queue, lines + first + next);
			ck_assert_uint_eq(bucket_queue_records(&queue),
			    4 - whole[first + next]);
			bucket_queue_free(&queue);
			ck_assert_uint_eq(memory.used, 0);
		}
}
END_TEST

/* What waiting words tell of, by kind; a word that is written has told it. */
START_TEST(test_told)
{
	struct bucket_memory memory = { .max = 15 };
	struct bucket_queue queue = { .memory = &memory };

	ck_assert(add(&queue, "a\n", BUCKET_RECORD));
	ck_assert(add(&queue, "WO\n", BUCKET_WORD));
	ck_assert(add(&queue, "DROP\n", BUCKET_WORD_DROPS));
	ck_assert(add(&queue, "LOST\n", BUCKET_WORD_RECORDS));
	ck_assert(!add(&queue, "WORD\n", BUCKET_WORD));
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD), 3);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_DROPS), 5);
	(void)bucket_queue_take(&queue, 9);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD), 0);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_DROPS), 5);
	(void)bucket_queue_take(&queue, 1);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_DROPS), 0);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_RECORDS), 5);
	bucket_queue_free(&queue);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_RECORDS), 0);
}
END_TEST

START_TEST(test_rewind)
{
	struct bucket_memory memory = { .max = 100 };
	struct bucket_queue queue = { .memory = &memory };

	ck_assert(add(&queue, "first\n", BUCKET_RECORD));
	ck_assert(add(&queue, "second\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_take(&queue, 8), 1);
	expect(&queue, "cond\n");
	bucket_queue_rewind(&queue);
	expect(&queue, "second\n");
	ck_assert_uint_eq(bucket_queue_take(&queue, 7), 1);
	expect(&queue, "");
	bucket_queue_free(&queue);
}
END_TEST

/* The bound is that of all queues together. */
START_TEST(test_bound)
{
	struct bucket_memory memory = { .max = 10 };
	struct bucket_queue one = { .memory = &memory };
	struct bucket_queue other = { .memory = &memory };

	ck_assert(add(&one, "12345\n", BUCKET_RECORD));
	ck_assert(!add(&other, "1234\n", BUCKET_RECORD));
	ck_assert(!add(&other, "1234\n", BUCKET_WORD));
	ck_assert(add(&other, "123\n", BUCKET_RECORD));
	ck_assert(!add(&one, "\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_take(&one, 5), 0);
	ck_assert(!add(&one, "\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_take(&one, 1), 1);
	ck_assert(add(&other, "12345\n", BUCKET_RECORD));
	expect(&other, "123\n12345\n");
	bucket_queue_free(&other);
	ck_assert(add(&one, "123456789\n", BUCKET_RECORD));
	bucket_queue_free(&one);
	ck_assert_uint_eq(memory.used, 0);
}
END_TEST

/* A long time of filling and emptying needs no more than what waits. */
START_TEST(test_memory)
{
	struct bucket_memory memory = { .max = 64 << 20 };
	struct bucket_queue queue = { .memory = &memory };
	char line[1001], expected[1001];
	unsigned in = 0, out = 0;

	for (int turn = 0; turn < 20000; turn++) {
		for (; in < out + 700; in++) {
			snprintf(line, sizeof(line), "%0998u\n", in);
			ck_assert(add(&queue, line,
			    in % 7 == 0 ? BUCKET_WORD : BUCKET_RECORD));
		}
		snprintf(expected, sizeof(expected), "%0998u\n", out);
		ck_assert_mem_eq(bucket_queue_data(&queue), expected, 999);
		ck_assert_uint_eq(bucket_queue_take(&queue, 999), out % 7 != 0);
		out++;
	}
	ck_assert_uint_le(queue.size, 2 << 20);
	ck_assert_uint_gt(bucket_queue_take(&queue, 999 * (in - out)), 0);
	ck_assert_uint_le(queue.size, 256 << 10);
	ck_assert_uint_eq(memory.used, 0);
	bucket_queue_free(&queue);
}
END_TEST

START_TEST(test_out_of_memory)
{
	struct bucket_memory memory = { .max = 64 << 20 };
	struct bucket_queue queue = { .memory = &memory };

	failing = 1;
	ck_assert_ptr_null(bucket_queue_reserve(&queue, 10));
	ck_assert(add(&queue, "1\n", BUCKET_RECORD));
	failing = 1;
	ck_assert_ptr_null(bucket_queue_reserve(&queue, 1 << 20));
	expect(&queue, "1\n");
	ck_assert(add(&queue, "2\n", BUCKET_RECORD));
	expect(&queue, "1\n2\n");
	bucket_queue_free(&queue);
}
END_TEST

/* All moves behind what waits, with what its words tell, beyond any bound. */
START_TEST(test_append)
{
	struct bucket_memory memory = { .max = 12 }, others = { .max = 100 };
	struct bucket_queue queue = { .memory = &memory };
	struct bucket_queue other = { .memory = &others };

	ck_assert(add(&queue, "1\n", BUCKET_RECORD));
	ck_assert(add(&queue, "2\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_take(&queue, 2), 1);
	ck_assert(add(&other, "gone\n", BUCKET_WORD));
	ck_assert(add(&other, "3\n", BUCKET_RECORD));
	ck_assert(add(&other, "four\n", BUCKET_WORD_DROPS));
	ck_assert(add(&other, "5\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_take(&other, 6), 0); /* "3" in part */
	ck_assert(bucket_queue_append(&queue, &other));
	ck_assert_uint_eq(bucket_queue_len(&other), 0);
	ck_assert_uint_eq(others.used, 0);
	ck_assert(add(&other, "x\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_records(&other), 1);
	expect(&queue, "2\n3\nfour\n5\n");
	ck_assert_uint_eq(bucket_queue_records(&queue), 3);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_DROPS), 5);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD), 0);
	memory.max = 10; /* of a bucket whose queue is shorter */
	ck_assert(!add(&queue, "6\n", BUCKET_RECORD));
	ck_assert_uint_eq(bucket_queue_take(&queue, 9), 2);
	ck_assert_uint_eq(bucket_queue_told(&queue, BUCKET_WORD_DROPS), 0);
	ck_assert(add(&queue, "6\n", BUCKET_RECORD));
	expect(&queue, "5\n6\n");
	ck_assert(bucket_queue_append(&other, &queue));
	expect(&other, "x\n5\n6\n");
	ck_assert_uint_eq(memory.used, 0);
	bucket_queue_free(&other);
	bucket_queue_free(&queue);
	ck_assert_uint_eq(others.used, 0);
}
END_TEST

/* Then nothing has moved. */
START_TEST(test_append_out_of_memory)
{
	struct bucket_memory memory = { .max = 100 };
	struct bucket_queue queue = { .memory = &memory };
	struct bucket_queue other = { .memory = &memory };

	ck_assert(add(&other, "1\n", BUCKET_RECORD));
	failing = 1;
	ck_assert(!bucket_queue_append(&queue, &other));
	expect(&other, "1\n");
	ck_assert_uint_eq(bucket_queue_records(&queue), 0);
	ck_assert_uint_eq(memory.used, 2);
	bucket_queue_free(&other);
	bucket_queue_free(&queue);
}
END_TEST

CHECK_MAIN("creosote_queue", test_take, test_told, test_rewind, test_bound,
    test_memory, test_out_of_memory, test_append, test_append_out_of_memory)
