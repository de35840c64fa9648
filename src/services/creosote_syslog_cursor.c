/* SPDX-License-Identifier: ISC */
/* Reads the parts of syslog's messages: characters, words, times. */
#include "services/creosote_syslog_private.h"

#include <string.h>

bool
syslog_is_word(char c)
{
	return c > ' ' && c < 0x7f;
}

size_t
cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

bool
syslog_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
syslog_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
cursor_take(struct cursor *cursor, char c)
{
	if (cursor_left(cursor) == 0 || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

bool
cursor_take_digits(struct cursor *cursor, size_t count)
{
	if (cursor_left(cursor) < count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!syslog_is_digit(cursor->at[i]))
			return false;
	cursor->at += count;
	return true;
}

bool
cursor_take_gap(struct cursor *cursor)
{
	return cursor_left(cursor) == 0 || cursor_take(cursor, ' ');
}

struct slice
syslog_slice(const char *begin, const char *end)
{
	return (struct slice){ begin, (size_t)(end - begin) };
}

struct slice
cursor_word(const struct cursor *cursor)
{
	size_t len = cursor_left(cursor);
	const char *blank = len > 0 ? memchr(cursor->at, ' ', len) : NULL;

	return syslog_slice(cursor->at, blank != NULL ? blank : cursor->end);
}

static void
take_fraction(struct cursor *cursor)
{
	struct cursor try = *cursor;

	if (!cursor_take(&try, '.') || !cursor_take_digits(&try, 1))
		return;
	while (cursor_take_digits(&try, 1))
		;
	*cursor = try;
}

/* 22:14:15, 22:14:15.003 */
static bool
take_time_of_day(struct cursor *cursor)
{
	if (!cursor_take_digits(cursor, 2) || !cursor_take(cursor, ':') ||
	    !cursor_take_digits(cursor, 2) || !cursor_take(cursor, ':') ||
	    !cursor_take_digits(cursor, 2))
		return false;
	take_fraction(cursor);
	return true;
}

/* Z, +01:00 */
static bool
take_zone(struct cursor *cursor)
{
	if (cursor_take(cursor, 'Z'))
		return true;
	return (cursor_take(cursor, '+') || cursor_take(cursor, '-')) &&
	    cursor_take_digits(cursor, 2) && cursor_take(cursor, ':') &&
	    cursor_take_digits(cursor, 2);
}

/* 2003-10-11T22:14:15.003Z */
bool
cursor_take_rfc3339(struct cursor *cursor)
{
	return cursor_take_digits(cursor, 4) && cursor_take(cursor, '-') &&
	    cursor_take_digits(cursor, 2) && cursor_take(cursor, '-') &&
	    cursor_take_digits(cursor, 2) && cursor_take(cursor, 'T') &&
	    take_time_of_day(cursor) && take_zone(cursor);
}

static bool
take_month(struct cursor *cursor)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (cursor_left(cursor) < 3)
		return false;
	for (size_t i = 0; i < sizeof(months) - 1; i += 3)
		if (memcmp(cursor->at, months + i, 3) == 0) {
			cursor->at += 3;
			return true;
		}
	return false;
}

/* "Oct 11 22:14:15", "Oct  1 22:14:15", "Oct 11 2003 22:14:15" */
bool
cursor_take_bsd(struct cursor *cursor)
{
	struct cursor year;

	if (!take_month(cursor) || !cursor_take(cursor, ' '))
		return false;
	(void)cursor_take(cursor, ' ');
	if (!cursor_take_digits(cursor, 2) && !cursor_take_digits(cursor, 1))
		return false;
	if (!cursor_take(cursor, ' '))
		return false;
	year = *cursor;
	if (cursor_take_digits(&year, 4) && cursor_take(&year, ' '))
		*cursor = year;
	return take_time_of_day(cursor);
}
