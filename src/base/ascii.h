/* SPDX-License-Identifier: ISC */
/* ASCII letters, whatever the locale. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stddef.h>

/* Makes a-z upper case in place; every other byte stays as it is. */
void ascii_to_upper(char *data, size_t len);

#endif
