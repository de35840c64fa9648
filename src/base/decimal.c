/* SPDX-License-Identifier: ISC */
/* Numbers as text. */
#include "base/decimal.h"

size_t
decimal_format(char out[DECIMAL_SIZE], uint64_t number)
{
	size_t len = 1;

	for (uint64_t rest = number / 10; rest > 0; rest /= 10)
		len++;
	for (size_t i = len; i > 0; number /= 10)
		out[--i] = (char)('0' + number % 10);
	return len;
}
