/* SPDX-License-Identifier: ISC */
/* ASCII letters, whatever the locale. */
#include "base/ascii.h"

/* Without a branch or a table, so that the compiler vectorises the loop. */
void
ascii_to_upper(char *data, size_t len)
{
	unsigned char *byte = (unsigned char *)data;

	for (size_t i = 0; i < len; i++) {
		unsigned char letter = (unsigned char)(byte[i] - 'a');

		byte[i] =
		    (unsigned char)(byte[i] - (letter < 26 ? 'a' - 'A' : 0));
	}
}
