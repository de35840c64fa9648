/* SPDX-License-Identifier: ISC */
/* Fuzzes the escapes: harmless, bounded, and nothing of the input is lost. */
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int
hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = memchr(digits, digit, 16);

	REQUIRE(found != NULL);
	return (int)(found - digits);
}

/* Reads the escape that begins at text with its backslash. */
static size_t
decode_escape(const char *text, size_t len, char *byte)
{
	static const char letters[] = "\\\\n\nr\rt\t";

	REQUIRE(len >= 2);
	for (size_t i = 0; i < sizeof(letters) - 1; i += 2)
		if (text[1] == letters[i]) {
			*byte = letters[i + 1];
			return 2;
		}
	REQUIRE(len >= 4 && text[1] == 'x');
	*byte = (char)(hex_value(text[2]) * 16 + hex_value(text[3]));
	return 4;
}

/* The text means the first of these bytes: returns how many. */
static size_t
require_prefix(const char *text, size_t len, const uint8_t *data, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len; used++) {
		char byte = text[i];

		i += byte == '\\' ? decode_escape(text + i, len - i, &byte) : 1;
		REQUIRE(used < size && (uint8_t)byte == data[used]);
	}
	return used;
}

/* The text means these bytes and none else. */
static void
require_decodes(const char *text, size_t len, const uint8_t *data, size_t size)
{
	REQUIRE(require_prefix(text, len, data, size) == size);
}

static void
require_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		REQUIRE(text[i] >= ' ' && text[i] <= '~');
}

/*
 * RFC 3629 section 4, its grammar row by row, which is not how escape.c does
 * it: the bounds of the second byte for each range of the first, and the
 * length.
 */
static const struct {
	uint8_t first, last, second_first, second_last;
	size_t len;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* The length of the valid character beyond ASCII that begins here, else 0. */
static size_t
utf8_length(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(*utf8_rows); i++) {
		size_t n = 2;

		if (text[0] < utf8_rows[i].first || text[0] > utf8_rows[i].last)
			continue;
		if (len < utf8_rows[i].len ||
		    text[1] < utf8_rows[i].second_first ||
		    text[1] > utf8_rows[i].second_last)
			return 0;
		while (n < utf8_rows[i].len && (text[n] & 0xc0) == 0x80)
			n++;
		return n == utf8_rows[i].len ? n : 0;
	}
	return 0;
}

/* Control characters of UTF-8 in bytes: C1, separators, bidirectional ones. */
static bool
is_hidden(const uint8_t *text, size_t len)
{
	static const char *const hidden[] = { "\xd8\x9c", "\xe2\x80\x8e",
		"\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa",
		"\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
		"\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
		"\xe2\x81\xa9" };

	if (text[0] == 0xc2 && text[1] < 0xa0)
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (len == strlen(hidden[i]) &&
		    memcmp(text, hidden[i], len) == 0)
			return true;
	return false;
}

static void
require_utf8(const char *text, size_t len)
{
	const uint8_t *byte = (const uint8_t *)text;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = 1;
		if (byte[i] >= ' ' && byte[i] <= '~')
			continue;
		n = utf8_length(byte + i, len - i);
		REQUIRE(n > 0 && !is_hidden(byte + i, n));
	}
}

/* No valid and harmless character of the input was escaped. */
static void
require_kept(const char *text, size_t len, const uint8_t *data, size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		n = utf8_length(data + i, size - i);
		if (n > 0 && !is_hidden(data + i, n)) {
			REQUIRE(memmem(text, len, data + i, n) != NULL);
			continue;
		}
		n = 1;
	}
}

/* The inside of a JSON string, RFC 8259 section 7, that means this text. */
static void
require_json(const char *json, size_t json_len, const char *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < json_len; i++, used++) {
		REQUIRE((uint8_t)json[i] >= 0x20 && json[i] != '"');
		if (json[i] == '\\') {
			i++;
			REQUIRE(i < json_len);
			REQUIRE(json[i] == '"' || json[i] == '\\');
		}
		REQUIRE(used < len && json[i] == text[used]);
	}
	REQUIRE(used == len);
}

typedef size_t (*escape_function)(char *, const char *, size_t);

/* Escapes into memory of just the room that the header asks for. */
static char *
escape(escape_function function, const char *data, size_t size, size_t growth,
    size_t *len)
{
	char *out = malloc(size * growth + 1);

	REQUIRE(out != NULL);
	out[size * growth] = '#';
	*len = function(out, data, size);
	REQUIRE(*len <= size * growth && out[size * growth] == '#');
	return out;
}

static void
fuzz_quote(const uint8_t *data, size_t size)
{
	size_t room = 16 + (size > 0 ? data[0] : 0), len;
	char *text = malloc(size + 1), *out = malloc(room);

	REQUIRE(text != NULL && out != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	escape_quote(out, room, text);
	len = strlen(out);
	REQUIRE(len >= 2 && len < room);
	REQUIRE(out[0] == '\'' && out[len - 1] == '\'');
	require_utf8(out, len);
	if (len >= 5 && memcmp(out + len - 4, "...'", 4) == 0)
		require_prefix(out + 1, len - 5, data, strlen(text));
	else
		require_decodes(out + 1, len - 2, data, strlen(text));
	free(text);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	size_t repr_len, utf8_len, json_len;
	char *repr = escape(escape_repr, bytes, size, ESCAPE_GROWTH, &repr_len);
	char *utf8 = escape(escape_utf8, bytes, size, ESCAPE_GROWTH, &utf8_len);
	char *json = escape(escape_json, utf8, utf8_len, 2, &json_len);

	require_ascii(repr, repr_len);
	require_decodes(repr, repr_len, data, size);
	require_utf8(utf8, utf8_len);
	require_decodes(utf8, utf8_len, data, size);
	require_kept(utf8, utf8_len, data, size);
	require_utf8(json, json_len);
	require_json(json, json_len, utf8, utf8_len);
	fuzz_quote(data, size);
	free(repr);
	free(utf8);
	free(json);
	return 0;
}
