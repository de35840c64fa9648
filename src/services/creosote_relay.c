/* SPDX-License-Identifier: ISC */
/* The queue of what a bucket passes on. */
#include "services/creosote_relay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/service.h"

/* Room for one message of the greatest length with what is told beside it. */
#define QUEUE_SIZE ((1U << 20) + (16U << 10))
#define QUEUE_MAX  1024 /* messages */

/*
 * A peer that takes nothing is tried again after so long, and twice as long
 * each time, up to the most; what is added to the queue tries it, too.
 */
#define AGAIN_MS      5
#define AGAIN_MOST_MS 1000

/* Without a loss for so long, it works again. */
#define WORKS_MS 1000

struct relay {
	struct outlet *outlet;
	bool files;
	struct slice queue[QUEUE_MAX]; /* in `data`, one behind the other */
	size_t first, count;           /* of the queue, those that wait */
	size_t end;                    /* of the last one in `data` */
	struct relay_counters counters;
	int error;       /* why messages are lost; 0: they are not */
	bool told_fails; /* what was told last */
	int64_t lost_ms; /* when one was lost last */
	int64_t wait_ms; /* for a peer that takes nothing; 0: it does */
	int64_t next_ms; /* when it is tried again */
	char peer[ADDRESS_TEXT_SIZE];
	char data[QUEUE_SIZE];
};

struct relay *
relay_new(const struct address *address, bool files)
{
	struct relay *relay = malloc(sizeof(*relay));

	if (relay == NULL)
		return NULL;
	/* But for the queue, whose pages come with the first messages. */
	memset(relay, 0, offsetof(struct relay, data));
	relay->files = files;
	address_format(relay->peer, &address->u.sa, address->len);
	relay->outlet = outlet_new(address);
	if (relay->outlet == NULL) {
		free(relay);
		return NULL;
	}
	return relay;
}

void
relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	outlet_free(relay->outlet);
	free(relay);
}

static enum relay_reason
reason_of(int error)
{
	switch (error) {
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return RELAY_FULL;
	case EMSGSIZE:
		return RELAY_TOO_LONG;
	case ELOOP:
		return RELAY_LOOP;
	default:
		return RELAY_NOBODY;
	}
}

static void
lose(struct relay *relay, size_t count, int error)
{
	enum relay_reason reason = reason_of(error);

	if (count == 0)
		return;
	relay->counters.lost[reason] += count;
	if (reason == RELAY_TOO_LONG)
		return; /* it says nothing of the peer */
	relay->lost_ms = clock_monotonic_ms();
	/* Being away says more than what came of it. */
	if (relay->error == 0 || reason != RELAY_FULL)
		relay->error = error;
}

/* The first so many wait no more. */
static void
drop_first(struct relay *relay, size_t count)
{
	relay->first += count;
	relay->count -= count;
	if (relay->count == 0)
		relay->first = relay->end = 0;
}

/* Sends the first one, which is too long, otherwise; 0 or why not. */
static int
send_long(struct relay *relay)
{
	const struct slice *message = &relay->queue[relay->first];

	if (!relay->files)
		return EMSGSIZE;
	return outlet_send_file(relay->outlet, message->data, message->len);
}

/* Returns false when the first one waits for the peer. */
static bool
end_first(struct relay *relay, int error)
{
	size_t ended = 1;

	if (error == EMSGSIZE)
		error = send_long(relay);
	if (error != 0 && reason_of(error) == RELAY_FULL)
		return false;
	if (error == 0)
		relay->counters.sent++;
	else if (error != EMSGSIZE) /* nor will those behind it be taken */
		ended = relay->count;
	if (error != 0)
		lose(relay, ended, error);
	drop_first(relay, ended);
	return true;
}

static void
note_bounced(struct relay *relay, const struct outlet_result *result)
{
	uint64_t *sent = &relay->counters.sent;

	*sent -= result->bounced < *sent ? result->bounced : *sent;
	lose(relay, result->bounced, result->bounce_error);
}

static void
note_works(struct relay *relay)
{
	if (relay->error != 0 &&
	    clock_monotonic_ms() - relay->lost_ms >= WORKS_MS)
		relay->error = 0;
}

size_t
relay_give_up(struct relay *relay)
{
	size_t count = relay->count;

	lose(relay, count, EAGAIN);
	drop_first(relay, count);
	return count;
}

bool
relay_waits(const struct relay *relay)
{
	return relay->count > 0;
}

bool
relay_is_equal(const struct relay *a, const struct relay *b)
{
	return a->files == b->files && strcmp(a->peer, b->peer) == 0;
}

void
relay_take_over(struct relay *relay, struct relay *other)
{
	while (other->count > 0) {
		const struct slice *message = &other->queue[other->first];
		char *room = relay_reserve(relay, message->len);

		if (room != NULL) {
			memcpy(room, message->data, message->len);
			relay_commit(relay, message->len);
		}
		drop_first(other, 1);
	}
}

/* In how many ms the peer is to be tried again, which took nothing now. */
static int64_t
back_off(struct relay *relay)
{
	int64_t now_ms = clock_monotonic_ms();

	if (relay->wait_ms == 0 || now_ms >= relay->next_ms) {
		relay->wait_ms =
		    relay->wait_ms == 0 ? AGAIN_MS : 2 * relay->wait_ms;
		if (relay->wait_ms > AGAIN_MOST_MS)
			relay->wait_ms = AGAIN_MOST_MS;
		relay->next_ms = now_ms + relay->wait_ms;
	}
	return relay->next_ms - now_ms;
}

int64_t
relay_flush(struct relay *relay)
{
	size_t before = relay->count;
	bool waits = false;

	while (relay->count > 0 && !waits) {
		struct outlet_result result = outlet_send(
		    relay->outlet, relay->queue + relay->first, relay->count);

		relay->counters.sent += result.taken;
		drop_first(relay, result.taken);
		note_bounced(relay, &result);
		if (result.error != 0)
			waits = !end_first(relay, result.error);
		else
			note_works(relay);
	}
	if (relay->count < before)
		relay->wait_ms = 0;
	return waits ? back_off(relay) : -1;
}

/* Moves what waits to the beginning. */
static void
compact(struct relay *relay)
{
	const char *begin = relay->queue[relay->first].data;
	size_t before = (size_t)(begin - relay->data);

	memmove(relay->data, begin, relay->end - before);
	memmove(relay->queue, relay->queue + relay->first,
	    relay->count * sizeof(*relay->queue));
	for (size_t i = 0; i < relay->count; i++)
		relay->queue[i].data -= before;
	relay->first = 0;
	relay->end -= before;
}

static bool
has_room(const struct relay *relay, size_t len)
{
	return relay->first + relay->count < QUEUE_MAX &&
	    len <= sizeof(relay->data) - relay->end;
}

char *
relay_reserve(struct relay *relay, size_t len)
{
	if (len > sizeof(relay->data)) {
		lose(relay, 1, EMSGSIZE);
		return NULL;
	}
	if (!has_room(relay, len)) {
		(void)relay_flush(relay);
		if (relay->count > 0 && relay->first > 0)
			compact(relay);
	}
	if (has_room(relay, len))
		return relay->data + relay->end;
	lose(relay, 1, EAGAIN);
	return NULL;
}

void
relay_commit(struct relay *relay, size_t len)
{
	struct slice *message = &relay->queue[relay->first + relay->count];

	*message = (struct slice){ relay->data + relay->end, len };
	relay->count++;
	relay->end += len;
}

static uint64_t
count_lost(const struct relay *relay)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < RELAY_REASONS; i++)
		lost += relay->counters.lost[i];
	return lost;
}

enum relay_news
relay_take_news(struct relay *relay, char why[WHY_SIZE])
{
	if (relay->told_fails == (relay->error != 0))
		return RELAY_NO_NEWS;
	relay->told_fails = relay->error != 0;
	if (relay->error == 0) {
		(void)why_set(why,
		    "sending to %s again, %" PRIu64 " messages lost so far",
		    relay->peer, count_lost(relay));
		return RELAY_WORKS;
	}
	(void)why_set(why, "cannot send to %s: %s", relay->peer,
	    relay->error == ELOOP        ? "netlabd serves this port itself"
		: relay->error == EAGAIN ? "it does not keep up"
					 : strerror(relay->error));
	return RELAY_FAILS;
}

const struct relay_counters *
relay_counters(const struct relay *relay)
{
	return &relay->counters;
}

const char *
relay_reason_name(enum relay_reason reason)
{
	static const char *const names[RELAY_REASONS] = {
		[RELAY_FULL] = "queue-full",
		[RELAY_TOO_LONG] = "too-long",
		[RELAY_NOBODY] = "nobody-there",
		[RELAY_LOOP] = "loop",
	};

	return names[reason];
}
