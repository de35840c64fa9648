/* SPDX-License-Identifier: ISC */
/* The ring of last messages: what it keeps, forgets, finds and tells. */
#include "base/history.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

static struct slice
slice(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static uint64_t
add(struct history *history, const char *message)
{
	struct history_item item = { .time_ns = 5,
		.source = slice("192.0.2.7:40123"),
		.message = slice(message),
		.extra = slice("x") };

	return history_add(history, &item);
}

static void
assert_slice(struct slice got, const char *text)
{
	ck_assert_uint_eq(got.len, strlen(text));
	ck_assert_mem_eq(got.data, text, got.len);
}

START_TEST(test_add_and_find)
{
	struct history *history = history_new(0);
	struct history_item item;

	ck_assert(!history_find(history, 0, &item));
	ck_assert(!history_find(history, 1, &item));
	ck_assert_uint_eq(add(history, "one"), 1);
	ck_assert_uint_eq(add(history, ""), 2);
	ck_assert_uint_eq(add(history, "three"), 3);
	ck_assert(history_find(history, 0, &item));
	ck_assert_uint_eq(item.sequence, 1);
	ck_assert_int_eq(item.time_ns, 5);
	assert_slice(item.source, "192.0.2.7:40123");
	assert_slice(item.message, "one");
	assert_slice(item.extra, "x");
	ck_assert(history_find(history, 2, &item));
	assert_slice(item.message, "");
	ck_assert(history_find(history, 3, &item));
	assert_slice(item.message, "three");
	ck_assert(!history_find(history, 4, &item));
	ck_assert_uint_eq(history_first(history), 1);
	ck_assert_uint_eq(history_next(history), 4);
	history_free(history);
}
END_TEST

/* The text of message n: of very different lengths, told by its bytes. */
static size_t
message_of(uint64_t n, char text[5000])
{
	size_t len = (size_t)(n * 2654435761u % 5000);

	memset(text, (int)('a' + n % 26), len);
	return len;
}

static void
assert_message(const struct history_item *item)
{
	static char text[5000];
	size_t len = message_of(item->sequence, text);

	ck_assert_int_eq(item->time_ns, (int64_t)item->sequence * 3);
	ck_assert_uint_eq(item->message.len, len);
	ck_assert_mem_eq(item->message.data, text, len);
	assert_slice(item->source, "s");
	assert_slice(item->extra, "e");
}

/* Every message that is kept is whole, and none between is missing. */
static void
assert_whole(const struct history *history)
{
	struct history_item item;

	for (uint64_t n = history_first(history); n < history_next(history);
	     n++) {
		ck_assert(history_find(history, n, &item));
		ck_assert_uint_eq(item.sequence, n);
		assert_message(&item);
	}
}

START_TEST(test_wraps)
{
	struct history *history = history_new(HISTORY_MIN_SIZE);
	static char text[5000];
	struct history_item item = { .source = slice("s"),
		.extra = slice("e") };

	for (uint64_t n = 1; n <= 3000; n++) {
		item.message = (struct slice){ text, message_of(n, text) };
		item.time_ns = (int64_t)n * 3;
		ck_assert_uint_eq(history_add(history, &item), n);
		if (n % 17 == 0)
			assert_whole(history);
	}
	ck_assert_uint_eq(history_next(history), 3001);
	/* 256 KiB of some 2.5 KB each: neither almost empty nor over-full. */
	ck_assert_uint_gt(history_first(history), 3001 - 256 * 1024 / 2000);
	ck_assert_uint_lt(history_first(history), 3001 - 80);
	ck_assert(history_find(history, 1, &item));
	ck_assert_uint_eq(item.sequence, history_first(history));
	history_free(history);
}
END_TEST

/* As many as there are places, all of the least length. */
START_TEST(test_many_short)
{
	struct history *history = history_new(HISTORY_MIN_SIZE);
	struct history_item item = { .time_ns = 0 }, found;
	uint64_t kept;

	for (uint64_t n = 1; n <= 20000; n++) {
		item.time_ns = (int64_t)n;
		history_add(history, &item);
		for (uint64_t at = history_first(history); at <= n;
		     at += 1 + (n - at) / 2) {
			ck_assert(history_find(history, at, &found));
			ck_assert_int_eq(found.time_ns, (int64_t)at);
		}
	}
	kept = history_next(history) - history_first(history);
	ck_assert_uint_eq(kept, HISTORY_MIN_SIZE / 68);
	history_free(history);
}
END_TEST

/* The longest datagram, escaped fields and all, and what is beyond reason. */
START_TEST(test_long)
{
	struct history *history = history_new(0);
	char *bytes = calloc(1, HISTORY_MIN_SIZE);
	struct history_item item = { .message = { bytes, 65507 } };

	ck_assert_uint_eq(history_add(history, &item), 1);
	ck_assert_uint_eq(history_add(history, &item), 2);
	ck_assert(history_find(history, 1, &item));
	ck_assert_uint_eq(item.sequence, 1);
	item = (struct history_item){ .message = { bytes, HISTORY_MIN_SIZE } };
	ck_assert_uint_eq(history_add(history, &item), 3);
	ck_assert(!history_find(history, 1, &item));
	item = (struct history_item){ .message = { bytes, SIZE_MAX },
		.extra = { bytes, SIZE_MAX } };
	ck_assert_uint_eq(history_add(history, &item), 4);
	ck_assert_uint_eq(history_first(history), 5);
	ck_assert_uint_eq(add(history, "after"), 5);
	ck_assert(history_find(history, 1, &item));
	assert_slice(item.message, "after");
	ck_assert(!history_find(history, 6, &item));
	free(bytes);
	history_free(history);
}
END_TEST

/* The largest that fits exactly takes all the room, and gives it back. */
START_TEST(test_exact_fit)
{
	struct history *history = history_new(HISTORY_MIN_SIZE);
	char *bytes = calloc(1, HISTORY_MIN_SIZE);
	struct history_item item;
	size_t room = HISTORY_MIN_SIZE / 68 * 64;
	size_t kept = 0;

	for (size_t len = room - 64; len <= room; len++) {
		item = (struct history_item){ .message = { bytes, len } };
		history_add(history, &item);
		kept += history_find(history, 0, &item);
		add(history, "small");
		ck_assert(
		    history_find(history, history_next(history) - 1, &item));
		assert_slice(item.message, "small");
	}
	ck_assert_uint_gt(kept, 30); /* the header takes the others' room */
	free(bytes);
	history_free(history);
}
END_TEST

/* --- Watchers */

struct watcher {
	struct history_watcher watcher;
	struct history *history;
	struct watcher *leaves; /* whom it unwatches when woken */
	unsigned woken, gone;
};

static void
wake(struct history_watcher *base)
{
	struct watcher *watcher = (void *)base;

	watcher->woken++;
	if (watcher->leaves != NULL)
		history_unwatch(watcher->history, &watcher->leaves->watcher);
	watcher->leaves = NULL;
}

static void
gone(struct history_watcher *base)
{
	struct watcher *watcher = (void *)base;
	struct history_item item;

	watcher->gone++;
	ck_assert(history_find(watcher->history, 1, &item));
	if (watcher->leaves != NULL)
		history_unwatch(watcher->history, &watcher->leaves->watcher);
}

static void
watch(struct history *history, struct watcher *watcher)
{
	*watcher = (struct watcher){ .watcher = { .wake = wake, .gone = gone },
		.history = history };
	history_watch(history, &watcher->watcher);
}

START_TEST(test_watchers)
{
	struct history *history = history_new(0);
	struct watcher watchers[4];

	history_wake(history);
	add(history, "one");
	for (size_t i = 0; i < COUNT(watchers); i++)
		watch(history, &watchers[i]);
	history_wake(history);
	for (size_t i = 0; i < COUNT(watchers); i++)
		ck_assert_uint_eq(watchers[i].woken, 1);
	history_unwatch(history, &watchers[1].watcher);
	history_wake(history);
	ck_assert_uint_eq(watchers[0].woken, 2);
	ck_assert_uint_eq(watchers[1].woken, 1);
	history_free(history);
	ck_assert_uint_eq(watchers[0].gone, 1);
	ck_assert_uint_eq(watchers[1].gone, 0);
	ck_assert_uint_eq(watchers[3].gone, 1);
}
END_TEST

/* Called from the last to the first: itself, the next, one that had its turn.
 */
START_TEST(test_unwatch_while_woken)
{
	for (size_t who = 0; who < 3; who++)
		for (size_t whom = 0; whom < 3; whom++) {
			struct history *history = history_new(0);
			struct watcher watchers[3];

			add(history, "one");
			for (size_t i = 0; i < COUNT(watchers); i++)
				watch(history, &watchers[i]);
			watchers[who].leaves = &watchers[whom];
			history_wake(history);
			for (size_t i = 0; i < COUNT(watchers); i++)
				ck_assert_uint_eq(watchers[i].woken,
				    i != whom || who <= whom);
			history_free(history);
			for (size_t i = 0; i < COUNT(watchers); i++)
				ck_assert_uint_eq(watchers[i].gone, i != whom);
		}
}
END_TEST

START_TEST(test_unwatch_while_gone)
{
	struct history *history = history_new(0);
	struct watcher watchers[3];

	add(history, "one");
	for (size_t i = 0; i < COUNT(watchers); i++)
		watch(history, &watchers[i]);
	watchers[2].leaves = &watchers[1];
	history_free(history);
	ck_assert_uint_eq(watchers[0].gone, 1);
	ck_assert_uint_eq(watchers[1].gone, 0);
	ck_assert_uint_eq(watchers[2].gone, 1);
}
END_TEST

START_TEST(test_free_nothing)
{
	history_free(NULL);
}
END_TEST

CHECK_MAIN("history", test_add_and_find, test_wraps, test_many_short, test_long,
    test_exact_fit, test_watchers, test_unwatch_while_woken,
    test_unwatch_while_gone, test_free_nothing)
