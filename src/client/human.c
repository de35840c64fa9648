/* SPDX-License-Identifier: ISC */
/* Numbers as people read them. */
#include "client/human.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stddef.h>

/* Whole numbers below this are shown with all digits. */
#define WHOLE_BELOW 10000

/* No figure of a daemon comes near; what claims to be more is shown as this. */
#define NUMBER_MAX 9e18

/* What is no number, negative or out of all bounds becomes one that is not. */
static double
tame(double number)
{
	if (!(number > 0))
		return 0;
	return number > NUMBER_MAX ? NUMBER_MAX : number;
}

static const char *
format(char text[HUMAN_SIZE], double number, double step, const char *units)
{
	size_t unit = 0;

	number = tame(number);
	if (number >= 9.95 || number == (double)(int64_t)number) {
		if (number < WHOLE_BELOW - 0.5) {
			snprintf(text, HUMAN_SIZE, "%.0f", number);
			return text;
		}
	} else {
		snprintf(text, HUMAN_SIZE, "%.1f", number < 0.1 ? 0.1 : number);
		return text;
	}
	for (number /= step; number >= 999.5 && units[unit + 1] != '\0'; unit++)
		number /= step;
	snprintf(text, HUMAN_SIZE, "%.*f%c",
	    number >= 99.95       ? 0
		: number >= 9.995 ? 1
				  : 2,
	    number, units[unit]);
	return text;
}

const char *
human_count(char text[HUMAN_SIZE], double number)
{
	return format(text, number, 1000, "kMGTPE");
}

const char *
human_bytes(char text[HUMAN_SIZE], double number)
{
	return format(text, number, 1024, "KMGTPE");
}

const char *
human_span(char text[HUMAN_SIZE], double seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" },
		{ 1, "s" } };
	uint64_t left = (uint64_t)tame(seconds);
	size_t unit = 0;

	while (unit < 3 && left < units[unit].seconds)
		unit++;
	if (unit == 3)
		snprintf(text, HUMAN_SIZE, "%" PRIu64 " s", left);
	else
		snprintf(text, HUMAN_SIZE, "%" PRIu64 " %s %" PRIu64 " %s",
		    left / units[unit].seconds, units[unit].name,
		    left % units[unit].seconds / units[unit + 1].seconds,
		    units[unit + 1].name);
	return text;
}
