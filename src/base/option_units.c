/* SPDX-License-Identifier: ISC */
/* Numbers with units. */
#include "base/option_units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Largest first; the last of a table has the factor 1. */
struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit number_units[] = { { "", 1 } };
static const struct unit size_units[] = {
	{ "G", 1 << 30 },
	{ "M", 1 << 20 },
	{ "K", 1 << 10 },
	{ "", 1 },
};
static const struct unit time_units[] = {
	{ "d", 24 * 60 * 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "m", 60 * 1000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

static const struct unit *
units_of(enum option_kind kind)
{
	return kind == OPTION_SIZE ? size_units
	    : kind == OPTION_TIME  ? time_units
				   : number_units;
}

/* Octal with or without the zero before it, as chmod(1) has it. */
static int
parse_mode(const char *text, uint64_t *value)
{
	uint64_t mode = 0;
	size_t len = strspn(text, "01234567");

	if (len == 0 || len > 5 || text[len] != '\0')
		return -1;
	for (size_t i = 0; i < len; i++)
		mode = mode * 8 + (uint64_t)(text[i] - '0');
	*value = mode;
	return 0;
}

int
option_parse_quantity(enum option_kind kind, const char *text, uint64_t *value)
{
	const struct unit *unit = units_of(kind);
	const char *digit = text;
	uint64_t number = 0;

	if (kind == OPTION_MODE)
		return parse_mode(text, value);
	for (; *digit >= '0' && *digit <= '9'; digit++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(
			number, (uint64_t)(*digit - '0'), &number))
			return -1;
	if (digit == text)
		return -1;
	if (number == 0 && *digit == '\0') {
		*value = 0;
		return 0;
	}
	while (strcmp(unit->name, digit) != 0)
		if (unit++->factor == 1)
			return -1;
	return __builtin_mul_overflow(number, unit->factor, value) ? -1 : 0;
}

void
option_format_quantity(
    enum option_kind kind, uint64_t value, char text[OPTION_QUANTITY_SIZE])
{
	const struct unit *unit = units_of(kind);

	if (kind == OPTION_MODE) {
		snprintf(text, OPTION_QUANTITY_SIZE, "0%03" PRIo64, value);
		return;
	}
	while (value % unit->factor != 0)
		unit++;
	if (value == 0)
		unit = number_units;
	snprintf(text, OPTION_QUANTITY_SIZE, "%" PRIu64 "%s",
	    value / unit->factor, unit->name);
}
