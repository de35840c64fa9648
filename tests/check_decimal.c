/* SPDX-License-Identifier: ISC */
/* Numbers as text: as printf(3) writes them. */
#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

static void
check(uint64_t number)
{
	char text[DECIMAL_SIZE + 1], expected[DECIMAL_SIZE + 1];
	size_t len;

	memset(text, '#', sizeof(text));
	len = decimal_format(text, number);
	ck_assert_int_eq(text[len], '#');
	text[len] = '\0';
	snprintf(expected, sizeof(expected), "%" PRIu64, number);
	ck_assert_str_eq(text, expected);
}

START_TEST(test_small)
{
	for (uint64_t number = 0; number <= 100000; number++)
		check(number);
}
END_TEST

/* Where a digit more begins, and the largest. */
START_TEST(test_edges)
{
	for (uint64_t edge = 1; edge <= UINT64_MAX / 10; edge *= 10) {
		check(10 * edge - 1);
		check(10 * edge);
		check(10 * edge + 1);
	}
	check(UINT32_MAX);
	check(UINT64_MAX - 1);
	check(UINT64_MAX);
}
END_TEST

CHECK_MAIN("decimal", test_small, test_edges)
