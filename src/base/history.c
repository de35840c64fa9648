/* SPDX-License-Identifier: ISC */
/*
 * The last messages. They lie one after the other in a ring of memory, each in
 * one piece; where each begins stands in a second ring, by its number.
 */
#include "base/history.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * A message takes a whole number of these, so that the places in the ring are
 * few enough for 4 bytes each, and are less than a tenth of the memory.
 */
#define UNIT_SIZE 64

/* The most units whose numbers fit: 4 GiB of memory. */
#define MAX_UNITS (1UL << 26)

/* What stands before a message's bytes. */
struct entry {
	int64_t time_ns;
	uint32_t source_len, message_len, extra_len;
	char data[]; /* source, message, extra */
};

struct history {
	char *memory;
	uint32_t *places; /* where entries begin, in units */
	size_t units;     /* of memory, and the most entries */
	size_t slot;      /* of the next entry among the places */
	size_t end;       /* where the next entry goes, in units */
	uint64_t first;   /* the oldest that is kept */
	uint64_t next;    /* the next to come; first == next: empty */
	LIST_HEAD(, history_watcher) watchers;
	struct history_watcher *cursor; /* the next to be called */
};

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct history *
history_new(size_t bytes)
{
	struct history *history = calloc(1, sizeof(*history));

	if (history == NULL)
		return NULL;
	if (bytes < HISTORY_MIN_SIZE)
		bytes = HISTORY_MIN_SIZE;
	history->units =
	    smaller(bytes / (UNIT_SIZE + sizeof(*history->places)), MAX_UNITS);
	history->memory = malloc(history->units * UNIT_SIZE);
	history->places = malloc(history->units * sizeof(*history->places));
	history->first = history->next = 1;
	LIST_INIT(&history->watchers);
	if (history->memory == NULL || history->places == NULL) {
		history_free(history);
		return NULL;
	}
	return history;
}

void
history_free(struct history *history)
{
	struct history_watcher *watcher;

	if (history == NULL)
		return;
	while ((watcher = LIST_FIRST(&history->watchers)) != NULL) {
		history_unwatch(history, watcher);
		watcher->gone(watcher);
	}
	free(history->memory);
	free(history->places);
	free(history);
}

/* Of an entry that is kept: the places lie in a ring, the last before slot. */
static size_t
place_of(const struct history *history, uint64_t sequence)
{
	size_t back = (size_t)(history->next - sequence), slot = history->slot;

	return history
	    ->places[slot + (slot < back ? history->units : 0) - back];
}

static void
note_place(struct history *history, size_t place)
{
	history->places[history->slot++] = (uint32_t)place;
	if (history->slot == history->units)
		history->slot = 0;
}

/* Forgets the oldest entries as long as they begin in [from, to). */
static void
forget(struct history *history, size_t from, size_t to)
{
	while (history->first != history->next) {
		size_t place = place_of(history, history->first);

		if (place < from || place >= to)
			return;
		history->first++;
	}
}

/* Makes room for so many units and returns where; at most all of them. */
static size_t
reserve(struct history *history, size_t units)
{
	size_t place = history->end;

	/* What is left at the end of the memory is too small: begin anew. */
	if (units > history->units - place) {
		forget(history, place, history->units);
		place = 0;
	}
	forget(history, place, place + units);
	history->end = place + units;
	return place;
}

/* Bytes of an entry, 0 when it cannot be kept. */
static size_t
size_of(const struct history *history, const struct history_item *item)
{
	size_t room = history->units * UNIT_SIZE - offsetof(struct entry, data);

	if (item->source.len > room || item->message.len > room ||
	    item->extra.len > room)
		return 0;
	room -= item->source.len;
	if (item->message.len > room ||
	    item->extra.len > room - item->message.len)
		return 0;
	return offsetof(struct entry, data) + item->source.len +
	    item->message.len + item->extra.len;
}

static char *
copy(char *out, const struct slice *slice)
{
	return slice->len == 0 ? out : mempcpy(out, slice->data, slice->len);
}

static void
write_entry(char *memory, const struct history_item *item)
{
	struct entry *entry = (void *)memory;
	char *out = entry->data;

	entry->time_ns = item->time_ns;
	entry->source_len = (uint32_t)item->source.len;
	entry->message_len = (uint32_t)item->message.len;
	entry->extra_len = (uint32_t)item->extra.len;
	out = copy(out, &item->source);
	out = copy(out, &item->message);
	(void)copy(out, &item->extra);
}

uint64_t
history_add(struct history *history, const struct history_item *item)
{
	size_t size = size_of(history, item), place;

	if (size == 0) {
		history->first = ++history->next;
		return history->next - 1;
	}
	place = reserve(history, (size + UNIT_SIZE - 1) / UNIT_SIZE);
	write_entry(history->memory + place * UNIT_SIZE, item);
	note_place(history, place);
	return history->next++;
}

bool
history_find(
    const struct history *history, uint64_t sequence, struct history_item *item)
{
	const struct entry *entry;
	const char *data;

	if (sequence < history->first)
		sequence = history->first;
	if (sequence >= history->next)
		return false;
	entry = (const void *)(history->memory +
	    place_of(history, sequence) * UNIT_SIZE);
	data = entry->data;
	*item = (struct history_item){
		.sequence = sequence,
		.time_ns = entry->time_ns,
		.source = { data, entry->source_len },
		.message = { data + entry->source_len, entry->message_len },
		.extra = { data + entry->source_len + entry->message_len,
		    entry->extra_len },
	};
	return true;
}

uint64_t
history_first(const struct history *history)
{
	return history->first;
}

uint64_t
history_next(const struct history *history)
{
	return history->next;
}

void
history_watch(struct history *history, struct history_watcher *watcher)
{
	LIST_INSERT_HEAD(&history->watchers, watcher, entry);
}

void
history_unwatch(struct history *history, struct history_watcher *watcher)
{
	if (history->cursor == watcher)
		history->cursor = LIST_NEXT(watcher, entry);
	LIST_REMOVE(watcher, entry);
}

void
history_wake(struct history *history)
{
	struct history_watcher *watcher;

	history->cursor = LIST_FIRST(&history->watchers);
	while ((watcher = history->cursor) != NULL) {
		history->cursor = LIST_NEXT(watcher, entry);
		watcher->wake(watcher);
	}
}
