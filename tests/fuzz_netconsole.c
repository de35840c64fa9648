/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes netconsole's decoder: the input is a program of datagrams of several
 * senders at any times. Some are raw, which must not do harm; of the fragments
 * and numbers that it makes itself a model knows what must come out, and when.
 */
#include "services/creosote_netconsole.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define NS_PER_MS INT64_C(1000000)
#define SENDERS   4
#define SEQUENCES 3
#define TOTAL_MAX 40
#define LATE_MAX  60
#define NUMBERS   2048
#define MS_MAX    300000

/* A message of one sender and number, as far as it came. */
struct message {
	char bytes[TOTAL_MAX];
	bool came[TOTAL_MAX];
	size_t total; /* 0: nothing waits */
	int64_t since_ms;
};

static struct model {
	struct netconsole *netconsole;
	int64_t now_ms;
	struct message messages[SENDERS][SEQUENCES];
	struct message contradicted;        /* to be given up by this call */
	unsigned boots[SENDERS][SEQUENCES]; /* whole messages so far */
	char whole[256]; /* the datagram that made the last one so */
	size_t whole_len;
	unsigned whole_sender;
	size_t emitted; /* by this call */
	/* msgid */
	bool came[NUMBERS];
	unsigned first, newest; /* first 0: none came */
	uint64_t lost, late;
} model;

static const char *const sources[SENDERS] = { "192.0.2.7", "192.0.2.8",
	"2001:db8::7", "" };

/* --- What comes out */

static void
require_readable(struct slice slice)
{
	volatile char sum = 0;

	for (size_t i = 0; i < slice.len; i++)
		sum = (char)(sum ^ slice.data[i]);
}

/* The parts that came, with a mark between them. */
static void
require_parts(const struct message *message, struct slice text)
{
	char expected[TOTAL_MAX * 32];
	size_t len = 0;

	for (size_t i = 0, n; i < message->total; i += n) {
		for (n = 1; i + n < message->total &&
		     message->came[i + n] == message->came[i];)
			n++;
		if (message->came[i]) {
			memcpy(expected + len, message->bytes + i, n);
			len += n;
		} else {
			len += (size_t)sprintf(
			    expected + len, "[%zu bytes missing]", n);
		}
	}
	REQUIRE(text.len == len && memcmp(text.data, expected, len) == 0);
}

static size_t
count_missing(const struct message *message)
{
	size_t missing = 0;

	for (size_t i = 0; i < message->total; i++)
		missing += !message->came[i];
	return missing;
}

/* One of the model's, whose facility is 2 and whose level is the sender. */
static void
require_message(
    const struct creosote_fields *fields, const struct netconsole_note *note)
{
	unsigned sender = (unsigned)fields->severity;
	struct message *message = &model.contradicted;

	REQUIRE(sender < SENDERS && fields->sequence < SEQUENCES);
	if (message->total == 0)
		message = &model.messages[sender][fields->sequence];
	REQUIRE(message->total == note->total);
	REQUIRE(note->missing == count_missing(message));
	require_parts(message, fields->text);
	if (note->missing == 0)
		model.boots[sender][fields->sequence]++;
	*message = (struct message){ 0 };
}

static void
emit(void *arg, const struct creosote_fields *fields,
    const struct netconsole_note *note)
{
	REQUIRE(arg == &model);
	REQUIRE(fields->text.data != NULL);
	require_readable(fields->text);
	require_readable(fields->release);
	require_readable(fields->process);
	require_readable(fields->dictionary);
	REQUIRE(note->missing <= note->total);
	REQUIRE(note->lost == 0 || !note->late);
	REQUIRE(fields->facility >= -1 && fields->facility <= 255);
	model.emitted++;
	if (fields->facility == 3) {
		model.lost += note->lost;
		model.late += note->late;
	}
	if (fields->facility == 2)
		require_message(fields, note);
}

static void
give(const char *source, const char *data, size_t len)
{
	char *copy = malloc(len);

	REQUIRE(copy != NULL || len == 0);
	if (len > 0)
		memcpy(copy, data, len);
	model.emitted = 0;
	netconsole_take(model.netconsole, source, copy, len,
	    model.now_ms * NS_PER_MS, emit, &model);
	REQUIRE(model.contradicted.total == 0);
	free(copy);
}

/* --- What goes in */

/* Anything but levels 16 to 31, which are the model's. */
static void
give_raw(struct fuzz_input *input, const char *source)
{
	const uint8_t *bytes;
	size_t len = fuzz_bytes(input, &bytes, fuzz_byte(input));
	char copy[256];

	if (len > 0)
		memcpy(copy, bytes, len);
	for (size_t i = 0; i < len; i++)
		if (copy[i] >= '1' && copy[i] <= '3')
			copy[i] = '7';
	give(source, copy, len);
	REQUIRE(memmem(copy, len, "ncfrag=", 7) != NULL || model.emitted == 1);
}

/* The model takes a fragment that fits. */
static void
take_fragment(struct message *message, size_t offset, size_t total,
    const char *text, size_t len)
{
	if (message->total != 0 && message->total != total) {
		model.contradicted = *message;
		*message = (struct message){ 0 };
	}
	if (message->total == 0) {
		message->total = total;
		message->since_ms = model.now_ms;
	}
	for (size_t i = offset; i < offset + len; i++) {
		if (message->came[i])
			continue;
		message->bytes[i] = text[i - offset];
		message->came[i] = true;
	}
}

static void
give_fragment(struct fuzz_input *input, unsigned sender)
{
	unsigned sequence = fuzz_byte(input) % SEQUENCES;
	size_t total = 1 + fuzz_byte(input) % TOTAL_MAX;
	size_t offset = fuzz_byte(input) % (TOTAL_MAX + 2);
	size_t len = fuzz_byte(input) % (TOTAL_MAX + 2);
	char text[TOTAL_MAX + 2], datagram[256];
	bool fits = len > 0 && offset + len <= total;
	unsigned boots = model.boots[sender][sequence];
	int head = sprintf(datagram, "%u,%u,%u,-,ncfrag=%zu/%zu;", 16 + sender,
	    sequence, boots, offset, total);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + (fuzz_byte(input) + i) % 26);
	memcpy(datagram + head, text, len);
	if (fits)
		take_fragment(&model.messages[sender][sequence], offset, total,
		    text, len);
	give(sources[sender], datagram, (size_t)head + len);
	REQUIRE(fits || model.emitted == 1);
	if (model.boots[sender][sequence] != boots) {
		model.whole_sender = sender;
		model.whole_len = (size_t)head + len;
		memcpy(model.whole, datagram, model.whole_len);
	}
}

/* The last fragment of a message once more: it begins nothing. */
static void
give_doubled(void)
{
	if (model.whole_len == 0)
		return;
	give(sources[model.whole_sender], model.whole, model.whole_len);
	REQUIRE(model.emitted == 0);
}

/* What is told as lost is what has not come, up to the newest number. */
static void
require_losses(void)
{
	uint64_t missing = 0;

	for (unsigned i = model.first; i <= model.newest; i++)
		missing += !model.came[i];
	REQUIRE(model.lost - model.late == missing);
}

/* The next number, a later one, or one of the last. */
static void
give_number(struct fuzz_input *input)
{
	unsigned step = fuzz_byte(input), number = model.newest;
	char datagram[64];

	if (step % 2 == 0)
		number += 1 + step / 2 % 4;
	else if (model.first != 0 &&
	    model.first + step / 2 % LATE_MAX <= number)
		number -= step / 2 % LATE_MAX;
	if (number >= NUMBERS)
		return;
	if (model.first == 0)
		model.first = number;
	if (number > model.newest)
		model.newest = number;
	model.came[number] = true;
	give("192.0.2.9", datagram,
	    (size_t)sprintf(datagram, "24,1,2,-;x\n msgid=%u\n", number));
	REQUIRE(model.emitted == 1);
	require_losses();
}

/* What has waited for too long is gone; says how long the rest has. */
static void
expire(void)
{
	int64_t least = NETCONSOLE_WAIT_MS + 1, left;

	left = netconsole_expire(
	    model.netconsole, model.now_ms * NS_PER_MS, emit, &model);
	for (size_t i = 0; i < SENDERS * SEQUENCES; i++) {
		struct message *message =
		    &model.messages[i / SEQUENCES][i % SEQUENCES];

		if (message->total == 0)
			continue;
		if (message->since_ms > model.now_ms)
			message->since_ms = model.now_ms;
		REQUIRE(model.now_ms - message->since_ms < NETCONSOLE_WAIT_MS);
		if (least >
		    NETCONSOLE_WAIT_MS + message->since_ms - model.now_ms)
			least = NETCONSOLE_WAIT_MS + message->since_ms -
			    model.now_ms;
	}
	REQUIRE(left >= -1 && left != 0 && left <= NETCONSOLE_WAIT_MS);
	REQUIRE(least > NETCONSOLE_WAIT_MS || (left > 0 && left <= least));
}

static void
step(struct fuzz_input *input)
{
	unsigned code = fuzz_byte(input), sender = code / 16 % SENDERS;

	switch (code % 16) {
	case 0:
		give_raw(input, sources[sender]);
		break;
	case 1:
		model.now_ms += fuzz_byte(input) * 40;
		model.now_ms %= MS_MAX; /* a clock that is set back, too */
		break;
	case 2:
		expire();
		break;
	case 3:
		give_doubled();
		break;
	case 4:
	case 5:
		give_number(input);
		break;
	default:
		give_fragment(input, sender);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	model = (struct model){ .netconsole = netconsole_new(), .newest = 1 };
	REQUIRE(model.netconsole != NULL);
	while (input.at < input.end)
		step(&input);
	if (size % 2 == 0) {
		netconsole_flush(model.netconsole, emit, &model);
		for (size_t i = 0; i < SENDERS * SEQUENCES; i++)
			REQUIRE(model.messages[i / SEQUENCES][i % SEQUENCES]
				    .total == 0);
		REQUIRE(
		    netconsole_expire(model.netconsole, 0, emit, &model) == -1);
	}
	netconsole_free(model.netconsole);
	return 0;
}
