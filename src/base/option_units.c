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

int
option_parse_quantity(enum option_kind kind, const char *text, uint64_t *value)
{
	const struct unit *unit = units_of(kind);
	const char *digit = text;
	uint64_t number = 0;

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

	while (value % unit->factor != 0)
		unit++;
	if (value == 0)
		unit = number_units;
	snprintf(text, OPTION_QUANTITY_SIZE, "%" PRIu64 "%s",
	    value / unit->factor, unit->name);
}
