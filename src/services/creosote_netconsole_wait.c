/* SPDX-License-Identifier: ISC */
/* netconsole's fragments, until the message is whole or given up. */
#include "services/creosote_netconsole_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
is_waiting(const struct netconsole_waiting *waiting)
{
	return waiting->bytes != NULL;
}

struct netconsole_waiting *
netconsole_find(struct netconsole_table *table, uint64_t sender,
    const struct netconsole_datagram *datagram)
{
	for (size_t i = 0; i < NETCONSOLE_MESSAGES; i++) {
		struct netconsole_waiting *waiting = &table->slots[i];

		if (is_waiting(waiting) && waiting->sender == sender &&
		    waiting->fields.sequence == datagram->fields.sequence &&
		    waiting->fields.uptime_us == datagram->fields.uptime_us)
			return waiting;
	}
	return NULL;
}

/* What waits, of one sender or of all. */
struct use {
	size_t messages, bytes;
	struct netconsole_waiting *oldest;
};

/* By time, so that a clock that was set back makes nobody wait longer. */
static bool
is_older(const struct netconsole_waiting *a, const struct netconsole_waiting *b)
{
	return a->since_ns != b->since_ns ? a->since_ns < b->since_ns
					  : a->order < b->order;
}

static void
add_use(struct use *use, struct netconsole_waiting *waiting)
{
	use->messages++;
	use->bytes += waiting->total;
	if (use->oldest == NULL || is_older(waiting, use->oldest))
		use->oldest = waiting;
}

static struct use
use_of_all(struct netconsole_table *table)
{
	struct use use = { 0 };

	for (size_t i = 0; i < NETCONSOLE_MESSAGES; i++)
		if (is_waiting(&table->slots[i]))
			add_use(&use, &table->slots[i]);
	return use;
}

static struct use
use_of(struct netconsole_table *table, uint64_t sender)
{
	struct use use = { 0 };

	for (size_t i = 0; i < NETCONSOLE_MESSAGES; i++)
		if (is_waiting(&table->slots[i]) &&
		    table->slots[i].sender == sender)
			add_use(&use, &table->slots[i]);
	return use;
}

/* A message counts as much as its part of all bytes: either may run out. */
static size_t
weight(const struct use *use)
{
	return use->bytes +
	    use->messages * (NETCONSOLE_BYTES / NETCONSOLE_MESSAGES);
}

/* The oldest message of the sender that has the most. */
static struct netconsole_waiting *
oldest_of_greediest(struct netconsole_table *table)
{
	struct use most = { 0 };

	for (size_t i = 0; i < NETCONSOLE_MESSAGES; i++) {
		struct use use;

		if (!is_waiting(&table->slots[i]))
			continue;
		use = use_of(table, table->slots[i].sender);
		if (most.oldest == NULL || weight(&use) > weight(&most) ||
		    (weight(&use) == weight(&most) &&
			is_older(use.oldest, most.oldest)))
			most = use;
	}
	return most.oldest;
}

struct netconsole_waiting *
netconsole_find_victim(
    struct netconsole_table *table, uint64_t sender, size_t total)
{
	struct use use = use_of(table, sender);

	if (use.messages >= NETCONSOLE_MESSAGES_SENDER ||
	    use.bytes + total > NETCONSOLE_BYTES_SENDER)
		return use.oldest;
	use = use_of_all(table);
	if (use.messages >= NETCONSOLE_MESSAGES ||
	    use.bytes + total > NETCONSOLE_BYTES)
		return oldest_of_greediest(table);
	return NULL;
}

struct netconsole_waiting *
netconsole_oldest(struct netconsole_table *table)
{
	return use_of_all(table).oldest;
}

/* Copies a slice to *end and lets it point there. */
static void
adopt(struct slice *slice, char **end)
{
	if (slice->len == 0)
		return;
	memcpy(*end, slice->data, slice->len);
	slice->data = *end;
	*end += slice->len;
}

struct netconsole_waiting *
netconsole_wait(struct netconsole_table *table, uint64_t sender,
    const struct netconsole_datagram *datagram, int64_t now_ns)
{
	struct netconsole_waiting *waiting = table->slots;
	struct creosote_fields fields = datagram->fields;
	size_t total = datagram->total, map = (total + 7) / 8;
	char *bytes =
	    malloc(total + map + fields.release.len + fields.process.len);
	char *end;

	if (bytes == NULL)
		return NULL;
	while (is_waiting(waiting))
		waiting++;
	memset(bytes + total, 0, map);
	end = bytes + total + map;
	adopt(&fields.release, &end);
	adopt(&fields.process, &end);
	*waiting = (struct netconsole_waiting){ .sender = sender,
		.order = table->arrived++,
		.since_ns = now_ns,
		.fields = fields,
		.total = total,
		.bytes = bytes,
		.came = (unsigned char *)bytes + total };
	return waiting;
}

static bool
has_come(const struct netconsole_waiting *waiting, size_t i)
{
	return (waiting->came[i / 8] >> (i % 8) & 1) != 0;
}

void
netconsole_fill(struct netconsole_waiting *waiting,
    const struct netconsole_datagram *datagram)
{
	for (size_t i = 0; i < datagram->body.len; i++) {
		size_t at = datagram->offset + i;

		if (has_come(waiting, at))
			continue;
		waiting->bytes[at] = datagram->body.data[i];
		waiting->came[at / 8] |= (unsigned char)(1U << (at % 8));
		waiting->have++;
	}
}

/* How many bytes from i on have come, or have not, like the one at i. */
static size_t
run_length(const struct netconsole_waiting *waiting, size_t i)
{
	bool came = has_come(waiting, i);
	unsigned char eight = came ? 0xff : 0;
	size_t at = i + 1;

	while (at < waiting->total) {
		if (at % 8 == 0 && at + 8 <= waiting->total &&
		    waiting->came[at / 8] == eight)
			at += 8;
		else if (has_come(waiting, at) == came)
			at++;
		else
			break;
	}
	return at - i;
}

size_t
netconsole_compose(const struct netconsole_waiting *waiting, char *out)
{
	size_t len = 0, marks = 0;

	for (size_t i = 0, n; i < waiting->total; i += n) {
		n = run_length(waiting, i);
		if (has_come(waiting, i)) {
			memcpy(out + len, waiting->bytes + i, n);
			len += n;
		} else if (marks++ < NETCONSOLE_MARKS) {
			len += (size_t)snprintf(out + len, NETCONSOLE_MARK_SIZE,
			    "[%zu bytes missing]", n);
		}
	}
	return len;
}

void
netconsole_drop(struct netconsole_waiting *waiting)
{
	free(waiting->bytes);
	*waiting = (struct netconsole_waiting){ 0 };
}
