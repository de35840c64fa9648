/* SPDX-License-Identifier: ISC */
/* What a reload came to. */
#include "daemon/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void
outcome_fail(struct outcome *outcome, const char *format, ...)
{
	char text[OUTCOME_ERROR_SIZE];
	char *copy = NULL;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_error("%s", text);
	if (outcome->error_count < OUTCOME_ERRORS)
		copy = strdup(text);
	if (copy != NULL)
		outcome->errors[outcome->error_count++] = copy;
	else
		outcome->error_excess++;
}

void
outcome_free(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->error_count; i++)
		free(outcome->errors[i]);
	*outcome = (struct outcome){ .time_ns = 0 };
}
