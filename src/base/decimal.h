/* SPDX-License-Identifier: ISC */
/* Numbers as text where printf(3) would take most of the time. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* Room for the longest, 18446744073709551615. */
#define DECIMAL_SIZE 20

/* Writes a number without a NUL and returns its length. */
size_t decimal_format(char out[DECIMAL_SIZE], uint64_t number);

#endif
