/* SPDX-License-Identifier: ISC */
/* The names of rotated files. */
#include "services/creosote_rotation_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "services/creosote_rotation.h"

/* Reads so many digits, or with 0 all that are there; NULL: none. */
static const char *
read_digits(const char *text, int count, int64_t *value)
{
	const char *digit = text;

	*value = 0;
	while (*digit >= '0' && *digit <= '9' &&
	    (count == 0 ? digit - text < 9 : digit - text < count))
		*value = *value * 10 + (*digit++ - '0');
	return digit > text && (count == 0 || digit - text == count) ? digit
								     : NULL;
}

/* 20261125T213000Z, then nothing or _001 */
static const char *
read_time(const char *text, struct rotated_name *name)
{
	struct tm tm = { 0 };
	int64_t date, clock, number = 0;

	if ((text = read_digits(text, 8, &date)) == NULL || *text++ != 'T' ||
	    (text = read_digits(text, 6, &clock)) == NULL || *text++ != 'Z')
		return NULL;
	if (*text == '_' && (text = read_digits(text + 1, 3, &number)) == NULL)
		return NULL;
	tm.tm_year = (int)(date / 10000) - 1900;
	tm.tm_mon = (int)(date / 100 % 100) - 1;
	tm.tm_mday = (int)(date % 100);
	tm.tm_hour = (int)(clock / 10000);
	tm.tm_min = (int)(clock / 100 % 100);
	tm.tm_sec = (int)(clock % 100);
	name->time_s = timegm(&tm);
	name->number = (unsigned)number;
	return text;
}

static const char *
read_number(const char *text, struct rotated_name *name)
{
	int64_t number;

	text = read_digits(text, 0, &number);
	name->number = (unsigned)number;
	return number > 0 && number <= ROTATED_NUMBER_MAX ? text : NULL;
}

bool
rotated_name_parse(
    const char *base, int names, const char *entry, struct rotated_name *name)
{
	size_t len = strlen(base);
	const char *rest = entry + len;
	char again[NAME_MAX + 1];

	*name = (struct rotated_name){ 0 };
	if (strncmp(entry, base, len) != 0 ||
	    *rest != (names == ROTATION_TIME ? '-' : '.'))
		return false;
	rest = names == ROTATION_TIME ? read_time(rest + 1, name)
				      : read_number(rest + 1, name);
	if (rest == NULL)
		return false;
	name->is_compressed = strcmp(rest, ".gz") == 0;
	/* Neither a 30th of February nor a number 007 is ours. */
	return (name->is_compressed || *rest == '\0') &&
	    rotated_name_format(again, base, names, name) &&
	    strcmp(again, entry) == 0;
}

/* How much of a text is before its last digits. */
static size_t
before_digits(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] >= '0' && text[len - 1] <= '9')
		len--;
	return len;
}

size_t
rotated_name_base(int names, const char *entry)
{
	static const size_t time_len = sizeof("-20261125T213000Z") - 1;
	size_t len = strlen(entry), number;

	if (len > 3 && strcmp(entry + len - 3, ".gz") == 0)
		len -= 3;
	number = before_digits(entry, len);
	if (names == ROTATION_NUMBER)
		return number < len && number > 1 && entry[number - 1] == '.'
		    ? number - 1
		    : 0;
	if (number < len && number > 0 && entry[number - 1] == '_')
		len = number - 1;
	return len > time_len && entry[len - 1] == 'Z' &&
		entry[len - time_len] == '-'
	    ? len - time_len
	    : 0;
}

bool
rotated_name_format(char entry[NAME_MAX + 1], const char *base, int names,
    const struct rotated_name *name)
{
	const char *gz = name->is_compressed ? ".gz" : "";
	char time[32], number[16] = "";
	time_t time_s = (time_t)name->time_s;
	struct tm tm;
	int len;

	if (names == ROTATION_TIME) {
		if (gmtime_r(&time_s, &tm) == NULL)
			return false;
		strftime(time, sizeof(time), "%Y%m%dT%H%M%SZ", &tm);
		if (name->number > 0)
			snprintf(number, sizeof(number), "_%03u", name->number);
		len = snprintf(
		    entry, NAME_MAX + 1, "%s-%s%s%s", base, time, number, gz);
	} else {
		len = snprintf(
		    entry, NAME_MAX + 1, "%s.%u%s", base, name->number, gz);
	}
	errno = ENAMETOOLONG;
	return len <= NAME_MAX;
}
