/* SPDX-License-Identifier: ISC */
/* Cuts in text that leave each UTF-8 character (RFC 3629) whole. */
#include "client/utf8.h"

#include <string.h>

/* The length that a first byte announces; 1 for all else. */
static size_t
announced(unsigned char byte)
{
	return byte < 0xc2 ? 1
	    : byte < 0xe0  ? 2
	    : byte < 0xf0  ? 3
	    : byte < 0xf5  ? 4
			   : 1;
}

size_t
utf8_whole(const char *data, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char byte = (unsigned char)data[len - back];

		if ((byte & 0xc0) != 0x80)
			return announced(byte) > back ? len - back : len;
	}
	return len;
}

bool
utf8_cut_line(const char *data, size_t len, bool end, size_t size,
    size_t *piece, size_t *taken)
{
	/* The newline of a line of exactly `size` bytes is not sent. */
	size_t seen = len < size + 1 ? len : size + 1;
	const char *newline = memchr(data, '\n', seen);

	if (newline != NULL) {
		*piece = (size_t)(newline - data);
		*taken = *piece + 1;
		return true;
	}
	*piece = *taken = len > size ? utf8_whole(data, size) : len;
	return len > size || (end && len > 0);
}
