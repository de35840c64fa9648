/* SPDX-License-Identifier: ISC */
/* Lines out of pieces of a stream. */
#include "client/lines.h"

#include <stdlib.h>
#include <string.h>

void
lines_free(struct lines *lines)
{
	free(lines->data);
	lines->data = NULL;
	lines->len = lines->size = 0;
}

/* Keeps the beginning of a line until the rest has come. */
static bool
keep(struct lines *lines, const char *data, size_t len)
{
	size_t need = lines->len + len;
	char *kept = lines->data;

	if (len > lines->max - lines->len) {
		lines->is_too_long = true;
		return false;
	}
	if (need > lines->size) {
		size_t size = need < 2 * lines->size ? 2 * lines->size : need;

		kept = realloc(lines->data, size);
		if (kept == NULL) {
			lines->is_out_of_memory = true;
			return false;
		}
		lines->data = kept;
		lines->size = size;
	}
	memcpy(kept + lines->len, data, len);
	lines->len = need;
	return true;
}

bool
lines_take(struct lines *lines, const char *data, size_t len)
{
	const char *newline;

	while ((newline = memchr(data, '\n', len)) != NULL) {
		size_t piece = (size_t)(newline - data);
		bool goes_on;

		if (lines->len == 0) {
			goes_on = lines->line(lines->arg, data, piece);
		} else {
			goes_on = keep(lines, data, piece) &&
			    lines->line(lines->arg, lines->data, lines->len);
			lines->len = 0;
		}
		if (!goes_on)
			return false;
		data += piece + 1;
		len -= piece + 1;
	}
	return len == 0 || keep(lines, data, len);
}
