/* SPDX-License-Identifier: ISC */
/* Text for terminals, broken into lines between words. */
#include "base/wrap.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Of a terminal that does not tell. */
#define COLUMNS_DEFAULT 80

size_t
wrap_columns(int fd)
{
	struct winsize size = { .ws_col = 0 };

	if (isatty(fd) != 1)
		return 0;
	(void)ioctl(fd, TIOCGWINSZ, &size);
	return size.ws_col == 0 ? COLUMNS_DEFAULT : size.ws_col;
}

/* Characters of UTF-8, each of which is taken to be a column wide. */
static size_t
count_columns(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Appends as much as there is room for. */
static size_t
append(char *out, size_t used, size_t size, const char *text, size_t len)
{
	if (len > size - used - 1)
		len = size - used - 1;
	memcpy(out + used, text, len);
	return used + len;
}

static size_t
append_break(char *out, size_t used, size_t size, size_t indent)
{
	used = append(out, used, size, "\n", 1);
	while (indent-- > 0)
		used = append(out, used, size, " ", 1);
	return used;
}

size_t
wrap_text(char *out, size_t size, const char *text, struct wrap wrap)
{
	size_t used = 0, column = wrap.begin;

	while (*text != '\0') {
		size_t gap = strspn(text, " ");
		size_t len = strcspn(text + gap, " ");
		size_t columns = gap + count_columns(text + gap, len);

		if (wrap.columns != 0 && gap > 0 && len > 0 &&
		    column + columns > wrap.columns && column > wrap.indent) {
			used = append_break(out, used, size, wrap.indent);
			column = wrap.indent + columns - gap;
			used = append(out, used, size, text + gap, len);
		} else {
			column += columns;
			used = append(out, used, size, text, gap + len);
		}
		text += gap + len;
	}
	out[used] = '\0';
	return used;
}
