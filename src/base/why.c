/* SPDX-License-Identifier: ISC */
/* What is wrong, in words. */
#include "base/why.h"

#include <stdarg.h>
#include <stdio.h>

int
why_set(char why[WHY_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, WHY_SIZE, format, ap);
	va_end(ap);
	return -1;
}
