/* SPDX-License-Identifier: ISC */
/* Tables for people. */
#include "daemon/listing.h"

#include <stdio.h>
#include <unistd.h>

#include "base/address.h"
#include "base/wrap.h"
#include "config/config.h"
#include "services/services.h"

#define TRANSPORTS_SIZE 64

/* Room for a text of a row, and the columns before the last. */
#define TEXT_SIZE      512
#define SUMMARY_COLUMN 36
#define ALLOWED_COLUMN 49
#define HELP_COLUMN    12
/* A last column that is narrower is none. */
#define NARROWEST 24

/* Prints what stands at that column, in lines that fit, and ends the line. */
static void
print_last(const char *text, size_t column)
{
	struct wrap wrap = { .columns = wrap_columns(STDOUT_FILENO),
		.begin = column,
		.indent = column };
	char lines[TEXT_SIZE];

	if (wrap.columns < column + NARROWEST)
		wrap.indent = HELP_COLUMN;
	wrap_text(lines, sizeof(lines), text, wrap);
	puts(lines);
}

void
list_services(void)
{
	for (const struct service_type *const *type = service_types();
	     *type != NULL; type++) {
		unsigned served = service_transports(*type);
		char text[TRANSPORTS_SIZE];
		size_t used = 0;

		for (unsigned bit = TRANSPORT_UDP; bit <= TRANSPORT_UNIXGRAM;
		     bit *= 2)
			if ((served & bit) != 0)
				used += (size_t)snprintf(text + used,
				    sizeof(text) - used, "%s%s",
				    used == 0 ? "" : ",",
				    address_transport_name(bit));
		printf("%-11s  %-21s  ", (*type)->name, text);
		print_last((*type)->summary, SUMMARY_COLUMN);
	}
}

/* A row of the table; what programs read is one line. */
static void
print_row(const char *section, const char *name, const char *initial,
    const char *allowed, const char *help)
{
	if (isatty(STDOUT_FILENO) != 1) {
		printf("%-10s  %-26s  %-7s  %-34s  %s\n", section, name,
		    initial, allowed, help);
		return;
	}
	printf("%-10s  %-26s  %-7s  ", section, name, initial);
	print_last(allowed, ALLOWED_COLUMN);
	printf("%*s", HELP_COLUMN, "");
	print_last(help, HELP_COLUMN);
}

static void
list_rows(const char *section, const struct option *rows)
{
	char allowed[OPTION_TEXT_SIZE];

	if (rows == NULL)
		return;
	for (const struct option *row = rows; row->name != NULL; row++) {
		const char *initial = row->initial == NULL ? "-"
		    : row->initial[0] == '\0'              ? "\"\""
							   : row->initial;

		option_describe(row, allowed);
		print_row(section, row->name, initial, allowed, row->help);
	}
}

int
list_options(const char *type_name)
{
	const struct service_type *only = NULL;

	if (type_name != NULL && (only = service_type_find(type_name)) == NULL)
		return -1;
	print_row(
	    "# section", "option", "default", "what may be written", "meaning");
	if (only == NULL)
		list_rows("global", config_global_options());
	list_rows("common", service_common_options());
	for (const struct service_type *const *type = service_types();
	     *type != NULL; type++)
		if (only == NULL || only == *type)
			list_rows((*type)->name, (*type)->options);
	return 0;
}
