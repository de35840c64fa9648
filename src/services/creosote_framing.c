/* SPDX-License-Identifier: ISC */
/* Messages out of a stream: lines, and both framings of RFC 6587. */
#include "services/creosote_framing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

enum state {
	START, /* of a frame; head may hold its beginning */
	LINE,
	COUNTED,
	SKIP /* the rest of a counted frame, which was emitted */
};

/* What feeding one frame after the other needs to know. */
struct feed {
	struct framing *framing;
	const struct framing_rules *rules;
	framing_emit_fn *emit;
	void *arg;
};

static size_t
smaller(size_t a, uint64_t b)
{
	return b < a ? (size_t)b : a;
}

/* Back to the start of a frame, without any memory. */
static void
restart(struct framing *framing)
{
	free(framing->kept);
	memset(framing, 0, sizeof(*framing));
}

void
framing_free(struct framing *framing)
{
	restart(framing);
}

/* Makes room for len more bytes, doubling it, so that it costs little. */
static void
grow(struct framing *framing, size_t len, size_t max)
{
	size_t size = framing->kept_size == 0 ? FIRST_SIZE : framing->kept_size;
	char *kept;

	while (size < framing->kept_len + len)
		size *= 2;
	size = smaller(max, size);
	if (size <= framing->kept_size ||
	    (kept = realloc(framing->kept, size)) == NULL)
		return;
	framing->kept = kept;
	framing->kept_size = size;
}

/*
 * How many of the next bytes can be kept: fewer where they are beyond max, or
 * memory is out. Once some were left out, none that follow them.
 */
static size_t
room_for(struct framing *framing, size_t len, size_t max)
{
	if (framing->kept_len < framing->total)
		return 0;
	grow(framing, len, max);
	return smaller(len, framing->kept_size - framing->kept_len);
}

/* Keeps bytes of the frame, as far as they will be emitted. */
static void
keep(struct feed *feed, const char *data, size_t len)
{
	struct framing *framing = feed->framing;
	size_t room;

	if (len == 0)
		return;
	room = room_for(framing, len, feed->rules->max);
	if (room > 0)
		memcpy(framing->kept + framing->kept_len, data, room);
	framing->kept_len += room;
	framing->total += len;
	framing->last = data[len - 1];
}

/* A message of true_len bytes, of which data has the first len. */
static void
emit_part(struct feed *feed, const char *data, size_t len, uint64_t true_len)
{
	if (true_len == 0 && feed->rules->kind == FRAMING_SYSLOG)
		return;
	feed->emit(feed->arg, data != NULL ? data : "", smaller(len, true_len),
	    true_len);
}

/* A whole message, of which data has the first true_len bytes up to max. */
static void
emit(struct feed *feed, const char *data, uint64_t true_len)
{
	emit_part(feed, data, feed->rules->max, true_len);
}

static void
emit_kept(struct feed *feed, uint64_t true_len)
{
	const struct framing *framing = feed->framing;

	emit_part(feed, framing->kept, framing->kept_len, true_len);
}

/* The end of a line, its bytes being those kept. */
static void
end_line(struct feed *feed, bool drop_cr)
{
	struct framing *framing = feed->framing;

	emit_kept(feed, framing->total - (drop_cr ? 1 : 0));
	restart(framing);
}

/* Where the line ends in these bytes; NULL: not in them. */
static const char *
find_end(const struct feed *feed, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);
	const char *nul = NULL;

	if (feed->rules->kind == FRAMING_SYSLOG)
		nul = memchr(data, '\0',
		    newline == NULL ? len : (size_t)(newline - data));
	return nul != NULL ? nul : newline;
}

/* Takes bytes of a line and its end; *taken: how many. */
static void
feed_line(struct feed *feed, const char *data, size_t len, size_t *taken)
{
	struct framing *framing = feed->framing;
	const char *end = find_end(feed, data, len);
	size_t piece = end == NULL ? len : (size_t)(end - data);
	char last = piece > 0 ? data[piece - 1] : framing->last;
	bool drop_cr = end != NULL && *end == '\n' && last == '\r';

	*taken = piece + (end != NULL);
	if (end != NULL && framing->total == 0) {
		emit(feed, data, piece - (drop_cr ? 1 : 0));
		restart(framing);
		return;
	}
	keep(feed, data, piece);
	if (end != NULL)
		end_line(feed, drop_cr);
}

/* Goes on behind a frame that was emitted: left is what is to come of it. */
static void
skip(struct framing *framing, uint64_t left)
{
	restart(framing);
	framing->state = left > 0 ? SKIP : START;
	framing->left = left;
}

/* Takes bytes of a counted frame; *taken: how many. */
static void
feed_counted(struct feed *feed, const char *data, size_t len, size_t *taken)
{
	struct framing *framing = feed->framing;
	uint64_t count = framing->total + framing->left;
	size_t wanted = smaller(feed->rules->max, count);

	len = smaller(len, framing->left);
	*taken = len;
	if (framing->total == 0 && len >= wanted) {
		emit(feed, data, count);
		skip(framing, count - len);
		return;
	}
	keep(feed, data, len);
	framing->left -= len;
	if (framing->kept_len == wanted || framing->left == 0) {
		emit_kept(feed, count);
		skip(framing, framing->left);
	}
}

static void
feed_skip(struct framing *framing, size_t len, size_t *taken)
{
	*taken = smaller(len, framing->left);
	skip(framing, framing->left - *taken);
}

/*
 * What begins here, as far as it is known: START is not yet. For COUNTED,
 * *count is the count and *head the length of it with its blank.
 */
static enum state
classify(const char *data, size_t len, uint64_t *count, size_t *head)
{
	size_t i = 0;

	*count = 0;
	if (len > 0 && data[0] == '0')
		return LINE;
	for (; i < len && data[i] >= '0' && data[i] <= '9'; i++) {
		if (i == FRAMING_HEAD_SIZE - 1)
			return LINE;
		*count = *count * 10 + (uint64_t)(data[i] - '0');
	}
	if (i == len)
		return START;
	if (i == 0 || data[i] != ' ')
		return LINE;
	*head = i + 1;
	if (i + 1 == len)
		return START;
	return data[i + 1] == '<' ? COUNTED : LINE;
}

/* Begins a frame with no more than its head; *taken: how many bytes. */
static void
feed_start(struct feed *feed, const char *data, size_t len, size_t *taken)
{
	struct framing *framing = feed->framing;
	char bytes[FRAMING_HEAD_SIZE + 1];
	size_t kept = framing->head_len, head = 0;
	size_t piece = smaller(sizeof(bytes) - kept, len);
	uint64_t count = 0;
	enum state state = LINE;

	memcpy(bytes, framing->head, kept);
	memcpy(bytes + kept, data, piece);
	*taken = 0;
	if (feed->rules->kind == FRAMING_SYSLOG)
		state = classify(bytes, kept + piece, &count, &head);
	if (state == START) {
		memcpy(framing->head, bytes, kept + piece);
		framing->head_len = kept + piece;
		*taken = piece;
		return;
	}
	framing->state = (int)state;
	framing->head_len = 0;
	if (state == LINE) {
		keep(feed, bytes, kept);
		return;
	}
	framing->left = count;
	*taken = head - kept;
}

static void
feed_some(struct feed *feed, const char *data, size_t len, size_t *taken)
{
	switch (feed->framing->state) {
	case START:
		feed_start(feed, data, len, taken);
		break;
	case LINE:
		feed_line(feed, data, len, taken);
		break;
	case COUNTED:
		feed_counted(feed, data, len, taken);
		break;
	default:
		feed_skip(feed->framing, len, taken);
	}
}

void
framing_feed(struct framing *framing, const struct framing_rules *rules,
    const char *data, size_t len, framing_emit_fn *emit_fn, void *arg)
{
	struct feed feed = { framing, rules, emit_fn, arg };

	while (len > 0) {
		size_t taken;

		feed_some(&feed, data, len, &taken);
		data += taken;
		len -= taken;
	}
}

void
framing_end(struct framing *framing, const struct framing_rules *rules,
    framing_emit_fn *emit_fn, void *arg)
{
	struct feed feed = { framing, rules, emit_fn, arg };

	if (framing->head_len > 0)
		emit(&feed, framing->head, framing->head_len);
	else if (framing->state == COUNTED)
		emit_kept(&feed, framing->total + framing->left);
	else if (framing->total > 0)
		end_line(&feed, false);
	restart(framing);
}
