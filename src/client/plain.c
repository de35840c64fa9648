/* SPDX-License-Identifier: ISC */
/* Text of a server, as it may be printed. */
#include "client/plain.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "base/escape.h"

/* One character, which stands for *taken bytes. */
static size_t
plain_one(char out[ESCAPE_GROWTH], const char *data, size_t len, size_t *taken)
{
	if (*data != '\\')
		return escape_utf8_one(out, data, len, taken);
	*out = '\\';
	*taken = 1;
	return 1;
}

size_t
plain_text(char *out, const char *data, size_t len)
{
	char *end = out;
	size_t taken;

	for (size_t i = 0; i < len; i += taken)
		end += plain_one(end, data + i, len - i, &taken);
	return (size_t)(end - out);
}

const char *
plain_cut(char *out, size_t size, const char *text)
{
	size_t len = strlen(text), used = 0, taken;

	for (size_t i = 0; i < len; i += taken) {
		char piece[ESCAPE_GROWTH];
		size_t n = plain_one(piece, text + i, len - i, &taken);

		if (used + n + 1 > size)
			break;
		memcpy(out + used, piece, n);
		used += n;
	}
	out[used] = '\0';
	return out;
}

/* A locale that knows UTF-8, whatever the user's is; made once. */
static locale_t
utf8_locale(void)
{
	static locale_t locale;

	if (locale == (locale_t)0)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return locale;
}

/* The columns of the character of n bytes at text; its length in *n. */
static size_t
width_of(const char *text, size_t len, size_t *n)
{
	wchar_t character;
	mbstate_t state = { 0 };
	int width;

	*n = mbrtowc(&character, text, len, &state);
	if (*n == 0 || *n > len) {
		*n = 1; /* the locale is missing, or this is no UTF-8 */
		return ((unsigned char)*text & 0xc0) == 0x80 ? 0 : 1;
	}
	width = wcwidth(character);
	return width < 0 ? 1 : (size_t)width;
}

size_t
plain_fit(const char *text, size_t len, size_t *columns)
{
	size_t fit = 0, used = 0, most = *columns;
	locale_t locale = utf8_locale(), before = (locale_t)0;

	if (locale != (locale_t)0)
		before = uselocale(locale);
	while (fit < len) {
		bool is_ascii = (unsigned char)text[fit] < 0x80;
		size_t n = 1,
		       width =
			   is_ascii ? 1 : width_of(text + fit, len - fit, &n);

		if (used + width > most)
			break;
		used += width;
		fit += n;
	}
	if (locale != (locale_t)0)
		uselocale(before);
	*columns = used;
	return fit;
}
