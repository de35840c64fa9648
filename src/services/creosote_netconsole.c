/* SPDX-License-Identifier: ISC */
/* netconsole's messages: from datagrams to what is said of each. */
#include "services/creosote_netconsole.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "services/creosote_netconsole_private.h"

#define NS_PER_MS INT64_C(1000000)
#define WHOLE     64 /* messages put together whose doubles are known */

struct netconsole {
	uint64_t seed; /* so that nobody can choose who shares a place */
	struct netconsole_table table;
	struct netconsole_senders senders;
	uint64_t whole[WHOLE]; /* a ring */
	size_t next_whole;
	/* For texts that are not as they came. */
	char scratch[NETCONSOLE_ROOM(NETCONSOLE_MESSAGE_SIZE)];
};

/* Whom a call serves. */
struct call {
	struct netconsole *netconsole;
	const char *source; /* of what is taken; NULL: nothing is */
	int64_t now_ns;
	netconsole_emit_fn *emit;
	void *arg;
};

struct netconsole *
netconsole_new(void)
{
	struct netconsole *netconsole = calloc(1, sizeof(*netconsole));

	if (netconsole != NULL &&
	    getrandom(&netconsole->seed, sizeof(netconsole->seed),
		GRND_NONBLOCK) == -1)
		netconsole->seed = (uint64_t)(uintptr_t)netconsole;
	return netconsole;
}

void
netconsole_free(struct netconsole *netconsole)
{
	if (netconsole == NULL)
		return;
	for (size_t i = 0; i < NETCONSOLE_MESSAGES; i++)
		netconsole_drop(&netconsole->table.slots[i]);
	free(netconsole);
}

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t
sender_id(const struct netconsole *netconsole, const char *source)
{
	uint64_t hash = netconsole->seed;

	for (; *source != '\0'; source++)
		hash = mix(hash, (unsigned char)*source);
	return hash;
}

/* Without one newline at the end. */
static struct slice
without_newline(struct slice text)
{
	if (text.len > 0 && text.data[text.len - 1] == '\n')
		text.len--;
	return text;
}

static void
emit_plain(const struct call *call, struct slice text)
{
	struct creosote_fields fields = {
		.facility = -1, .severity = -1, .text = without_newline(text)
	};
	struct netconsole_note note = { .source = call->source };

	call->emit(call->arg, &fields, &note);
}

/* The text as it was before the kernel escaped it. */
static struct slice
unescape(struct netconsole *netconsole, struct slice text)
{
	char *copy = netconsole->scratch;

	if (text.len == 0 || text.len > sizeof(netconsole->scratch) ||
	    memchr(text.data, '\\', text.len) == NULL)
		return text;
	memmove(copy, text.data, text.len);
	return (struct slice){ copy, netconsole_unescape(copy, text.len) };
}

/* The body is a line of text and the dictionary. */
static void
emit_message(const struct call *call, uint64_t sender,
    struct creosote_fields *fields, struct slice body,
    struct netconsole_note *note)
{
	const char *newline =
	    body.len > 0 ? memchr(body.data, '\n', body.len) : NULL;
	uint32_t msgid;

	fields->text = body;
	if (newline != NULL) {
		fields->text.len = (size_t)(newline - body.data);
		fields->dictionary = without_newline((struct slice){
		    newline + 1, body.len - fields->text.len - 1 });
	}
	if (netconsole_find_msgid(fields->dictionary, &msgid))
		netconsole_watch(&call->netconsole->senders, sender, msgid,
		    fields->uptime_us, call->now_ns, note);
	fields->text = unescape(call->netconsole, fields->text);
	call->emit(call->arg, fields, note);
}

/* Emits what came of a message, and forgets it. */
static void
emit_waiting(const struct call *call, struct netconsole_waiting *waiting)
{
	struct netconsole_note note = { .source = waiting->source,
		.total = waiting->total,
		.missing = waiting->total - waiting->have };
	struct slice body = { waiting->bytes, waiting->total };
	char *text = call->netconsole->scratch;

	if (note.missing > 0)
		body =
		    (struct slice){ text, netconsole_compose(waiting, text) };
	emit_message(call, waiting->sender, &waiting->fields, body, &note);
	netconsole_drop(waiting);
}

/* --- Fragments */

/* What all fragments of one message, and no other, have in common. */
static uint64_t
message_key(uint64_t sender, const struct netconsole_datagram *datagram)
{
	return mix(mix(mix(sender, datagram->fields.sequence),
		       datagram->fields.uptime_us),
	    datagram->total);
}

static bool
is_known_whole(const struct netconsole *netconsole, uint64_t key)
{
	for (size_t i = 0; i < WHOLE; i++)
		if (netconsole->whole[i] == key)
			return true;
	return false;
}

static void
know_whole(struct netconsole *netconsole, uint64_t key)
{
	netconsole->whole[netconsole->next_whole] = key;
	netconsole->next_whole = (netconsole->next_whole + 1) % WHOLE;
}

/* NULL: out of memory. */
static struct netconsole_waiting *
begin_waiting(const struct call *call, uint64_t sender,
    const struct netconsole_datagram *datagram)
{
	struct netconsole_table *table = &call->netconsole->table;
	struct netconsole_waiting *victim, *fresh;

	while ((victim = netconsole_find_victim(
		    table, sender, datagram->total)) != NULL)
		emit_waiting(call, victim);
	fresh = netconsole_wait(table, sender, datagram, call->now_ns);
	if (fresh != NULL)
		snprintf(
		    fresh->source, sizeof(fresh->source), "%s", call->source);
	return fresh;
}

static void
take_fragment(const struct call *call, uint64_t sender,
    struct netconsole_datagram *datagram)
{
	struct netconsole *netconsole = call->netconsole;
	struct netconsole_note note = { .source = call->source,
		.total = datagram->total,
		.missing = datagram->total - datagram->body.len };
	uint64_t key = message_key(sender, datagram);
	struct netconsole_waiting *waiting;

	if (is_known_whole(netconsole, key))
		return;
	waiting = netconsole_find(&netconsole->table, sender, datagram);
	if (waiting != NULL && waiting->total != datagram->total) {
		emit_waiting(call, waiting);
		waiting = NULL;
	}
	if (waiting == NULL)
		waiting = begin_waiting(call, sender, datagram);
	if (waiting == NULL) {
		emit_message(
		    call, sender, &datagram->fields, datagram->body, &note);
		return;
	}
	netconsole_fill(waiting, datagram);
	if (waiting->have < waiting->total)
		return;
	know_whole(netconsole, key);
	emit_waiting(call, waiting);
}

void
netconsole_take(struct netconsole *netconsole, const char *source,
    const char *data, size_t len, int64_t now_ns, netconsole_emit_fn *emit,
    void *arg)
{
	struct call call = { netconsole, source, now_ns, emit, arg };
	struct netconsole_datagram datagram;
	struct netconsole_note note = { .source = source };
	uint64_t sender;

	if (len == 0)
		data = "";
	if (!netconsole_parse(&datagram, data, len)) {
		emit_plain(&call, (struct slice){ data, len });
		return;
	}
	sender = sender_id(netconsole, source);
	if (datagram.total == 0)
		emit_message(
		    &call, sender, &datagram.fields, datagram.body, &note);
	else
		take_fragment(&call, sender, &datagram);
}

/* A clock that was set back would let messages wait for as long as that. */
static void
forget_future(struct netconsole_table *table, int64_t now_ns)
{
	for (size_t i = 0; i < NETCONSOLE_MESSAGES; i++)
		if (table->slots[i].since_ns > now_ns)
			table->slots[i].since_ns = now_ns;
}

int64_t
netconsole_expire(struct netconsole *netconsole, int64_t now_ns,
    netconsole_emit_fn *emit, void *arg)
{
	struct call call = { netconsole, NULL, now_ns, emit, arg };
	struct netconsole_waiting *oldest;

	forget_future(&netconsole->table, now_ns);
	while ((oldest = netconsole_oldest(&netconsole->table)) != NULL) {
		int64_t left = NETCONSOLE_WAIT_MS * NS_PER_MS -
		    (now_ns - oldest->since_ns);

		if (left > 0)
			return (left + NS_PER_MS - 1) / NS_PER_MS;
		emit_waiting(&call, oldest);
	}
	return -1;
}

void
netconsole_flush(
    struct netconsole *netconsole, netconsole_emit_fn *emit, void *arg)
{
	struct call call = { netconsole, NULL, 0, emit, arg };
	struct netconsole_waiting *oldest;

	while ((oldest = netconsole_oldest(&netconsole->table)) != NULL) {
		call.now_ns = oldest->since_ns;
		emit_waiting(&call, oldest);
	}
}
