/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes framing: the same messages in whatever pieces they come, each of them
 * as a second reading of the rules, which sees all of the input, has it.
 */
#include "services/creosote_framing.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The messages, one after the other: length, true length, bytes. */
struct log {
	char *data;
	size_t len, size;
	const struct framing_rules *rules;
};

static void
append(struct log *log, const void *data, size_t len)
{
	if (log->len + len > log->size) {
		log->size = 2 * (log->len + len);
		log->data = realloc(log->data, log->size);
		REQUIRE(log->data != NULL);
	}
	if (len > 0)
		memcpy(log->data + log->len, data, len);
	log->len += len;
}

static void
note(void *arg, const char *data, size_t len, uint64_t true_len)
{
	struct log *log = arg;

	REQUIRE(data != NULL && len <= log->rules->max && len <= true_len);
	REQUIRE(len > 0 || log->rules->kind == FRAMING_LINES);
	append(log, &len, sizeof(len));
	append(log, &true_len, sizeof(true_len));
	append(log, data, len);
}

/* The length of the count with its blank that begins here; 0: a line. */
static size_t
count_head(const char *data, size_t len, uint64_t *count)
{
	size_t digits = 0;

	*count = 0;
	while (digits < len && data[digits] >= '0' && data[digits] <= '9')
		digits++;
	if (digits == 0 || digits > 9 || data[0] == '0' || len < digits + 2 ||
	    memcmp(data + digits, " <", 2) != 0)
		return 0;
	for (size_t i = 0; i < digits; i++)
		*count = *count * 10 + (uint64_t)(data[i] - '0');
	return digits + 1;
}

static size_t
line_len(enum framing_kind kind, const char *data, size_t len)
{
	size_t i = 0;

	while (i < len && data[i] != '\n' &&
	    (kind == FRAMING_LINES || data[i] != '\0'))
		i++;
	return i;
}

static void
note_cut(struct log *log, const char *data, size_t len, uint64_t true_len)
{
	note(
	    log, data, len > log->rules->max ? log->rules->max : len, true_len);
}

/* A line at the start of these bytes; returns its length with its end. */
static size_t
model_line(struct log *log, const char *data, size_t len)
{
	size_t line = line_len(log->rules->kind, data, len), text = line;

	if (line < len && data[line] == '\n' && text > 0 &&
	    data[text - 1] == '\r')
		text--;
	if (text > 0 || (log->rules->kind == FRAMING_LINES && line < len))
		note_cut(log, data, text, text);
	return line < len ? line + 1 : line;
}

static void
model(struct log *log, const char *data, size_t len)
{
	while (len > 0) {
		uint64_t count = 0;
		size_t n = log->rules->kind == FRAMING_SYSLOG
		    ? count_head(data, len, &count)
		    : 0;

		if (n == 0) {
			n = model_line(log, data, len);
		} else {
			size_t there =
			    len - n < count ? len - n : (size_t)count;

			note_cut(log, data + n, there, count);
			n += there;
		}
		data += n;
		len -= n;
	}
}

/* One piece, which is nobody's any more when the call is over. */
static void
feed(struct framing *framing, struct log *log, const char *data, size_t len)
{
	char *copy = malloc(len);

	REQUIRE(copy != NULL || len == 0);
	memcpy(copy, data, len);
	framing_feed(framing, log->rules, copy, len, note, log);
	REQUIRE(framing->kept_size <= log->rules->max);
	free(copy);
}

/* The pieces' lengths come from a generator that begins with seed. */
static void
pieces(struct log *log, const char *data, size_t len, unsigned seed)
{
	struct framing framing = { 0 };

	while (len > 0) {
		size_t n;

		seed = seed * 1103515245 + 12345;
		n = 1 + (seed >> 16) % ((seed >> 8) % 4 == 0 ? 40 : 4);
		if (n > len)
			n = len;
		feed(&framing, log, data, n);
		data += n;
		len -= n;
	}
	framing_end(&framing, log->rules, note, log);
	REQUIRE(framing.kept == NULL);
}

static void
require_same(const struct log *a, const struct log *b)
{
	REQUIRE(a->len == b->len);
	REQUIRE(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* The first bytes: kind, longest message, seed of the pieces. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing_rules rules = { FRAMING_LINES, 1 };
	struct log expected = { .rules = &rules }, whole = expected,
		   cut = expected;
	const char *input = (const char *)data + 3;
	struct framing framing = { 0 };

	if (size < 3)
		return 0;
	rules.kind = data[0] % 2 == 0 ? FRAMING_SYSLOG : FRAMING_LINES;
	rules.max = data[1] < 200 ? (size_t)data[1] + 1 : data[1] * (size_t)100;
	size -= 3;
	model(&expected, input, size);
	if (size > 0)
		feed(&framing, &whole, input, size);
	framing_end(&framing, &rules, note, &whole);
	pieces(&cut, input, size, data[2]);
	require_same(&expected, &whole);
	require_same(&expected, &cut);
	free(expected.data);
	free(whole.data);
	free(cut.data);
	return 0;
}
