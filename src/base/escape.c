/* SPDX-License-Identifier: ISC */
/* Untrusted bytes as one line of harmless text. */
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define QUOTE_END "...'"

static bool
is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

/* A word that has this byte eight times. */
#define EIGHT(byte) (UINT64_MAX / 0xff * (byte))

/*
 * 0 when its eight bytes are plain: then nothing is carried or borrowed between
 * them, and no top bit set. That of the lowest byte that is not plain is set.
 */
static uint64_t
find_not_plain(uint64_t word)
{
	return ((word + EIGHT(1)) | (word - EIGHT(0x20)) |
		   ((word ^ EIGHT('\\')) - EIGHT(1))) &
	    EIGHT(0x80);
}

/* So many that compilers do it in a few wide registers. */
#define BLOCK_WORDS 4

/* Copies the plain bytes before the first that is not, and returns how many. */
static size_t
copy_plain(char *out, const char *data, size_t len)
{
	uint64_t block[BLOCK_WORDS], found = 0;
	size_t n = 0;

	for (; len - n >= sizeof(block); n += sizeof(block)) {
		memcpy(block, data + n, sizeof(block));
		for (size_t i = 0; i < BLOCK_WORDS; i++)
			found |= find_not_plain(block[i]);
		if (found != 0)
			break;
		memcpy(out + n, block, sizeof(block));
	}
	/* The rest of a block is too much for single bytes. */
	for (; len - n >= sizeof(*block); n += sizeof(*block)) {
		memcpy(block, data + n, sizeof(*block));
		if (find_not_plain(*block) != 0)
			break;
		memcpy(out + n, block, sizeof(*block));
	}
	for (; n < len && is_plain((unsigned char)data[n]); n++)
		out[n] = data[n];
	return n;
}

static size_t
escape_byte(char *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	out[0] = '\\';
	switch (byte) {
	case '\\':
		out[1] = '\\';
		return 2;
	case '\n':
		out[1] = 'n';
		return 2;
	case '\r':
		out[1] = 'r';
		return 2;
	case '\t':
		out[1] = 't';
		return 2;
	default:
		out[1] = 'x';
		out[2] = hex[byte >> 4];
		out[3] = hex[byte & 15];
		return 4;
	}
}

size_t
escape_repr(char *out, const char *data, size_t len)
{
	char *end = out;

	for (size_t i = 0; i < len;) {
		size_t plain = copy_plain(end, data + i, len - i);

		end += plain;
		i += plain;
		for (; i < len && !is_plain((unsigned char)data[i]); i++)
			end += escape_byte(end, (unsigned char)data[i]);
	}
	return (size_t)(end - out);
}

/*
 * Reads the character that begins at data (RFC 3629 section 4) and returns its
 * length in bytes, 0 when it is not valid.
 */
static size_t
read_utf8(const unsigned char *data, size_t len, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = data[0] < 0x80 ? 1
	    : data[0] < 0xc0      ? 0
	    : data[0] < 0xe0      ? 2
	    : data[0] < 0xf0      ? 3
	    : data[0] < 0xf8      ? 4
				  : 0;
	uint32_t c = n < 2 ? data[0] : data[0] & (0x7fu >> n);

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (data[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return n;
}

/*
 * Characters beyond ASCII that a terminal obeys or that hide what a line says:
 * C1, and Unicode's separators and bidirectional controls (UAX #9).
 */
static bool
is_hidden(uint32_t c)
{
	return c < 0xa0 || c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t
escape_utf8_one(
    char out[ESCAPE_GROWTH], const char *data, size_t len, size_t *taken)
{
	uint32_t c = 0;
	size_t n = read_utf8((const unsigned char *)data, len, &c);

	if (n == 1 ? !is_plain((unsigned char)c) : n == 0 || is_hidden(c)) {
		*taken = 1;
		return escape_byte(out, (unsigned char)data[0]);
	}
	*taken = n;
	memcpy(out, data, n);
	return n;
}

size_t
escape_utf8(char *out, const char *data, size_t len)
{
	char *end = out;
	size_t taken;

	for (size_t i = 0; i < len; i += taken) {
		if (is_plain((unsigned char)data[i])) {
			taken = copy_plain(end, data + i, len - i);
			end += taken;
		} else {
			end += escape_utf8_one(end, data + i, len - i, &taken);
		}
	}
	return (size_t)(end - out);
}

size_t
escape_json(char *out, const char *text, size_t len)
{
	char *end = out;

	if (memchr(text, '"', len) == NULL && memchr(text, '\\', len) == NULL) {
		memcpy(out, text, len);
		return len;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			*end++ = '\\';
		*end++ = text[i];
	}
	return (size_t)(end - out);
}

const char *
escape_quote(char *out, size_t size, const char *text)
{
	size_t len = strlen(text), used = 1, cut = 1, taken;

	out[0] = '\'';
	for (size_t i = 0; i < len; i += taken) {
		char piece[ESCAPE_GROWTH];
		size_t n = escape_utf8_one(piece, text + i, len - i, &taken);

		if (used + n + sizeof("'") > size) {
			memcpy(out + cut, QUOTE_END, sizeof(QUOTE_END));
			return out;
		}
		memcpy(out + used, piece, n);
		used += n;
		if (used + sizeof(QUOTE_END) <= size)
			cut = used;
	}
	memcpy(out + used, "'", sizeof("'"));
	return out;
}
