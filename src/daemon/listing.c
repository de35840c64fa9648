/* SPDX-License-Identifier: ISC */
/* Tables for people. */
#include "daemon/listing.h"

#include <stdio.h>

#include "base/address.h"
#include "config/config.h"
#include "services/services.h"

#define TRANSPORTS_SIZE 64

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
		printf("%-11s  %-21s  %s\n", (*type)->name, text,
		    (*type)->summary);
	}
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
		printf("%-10s  %-17s  %-7s  %-34s  %s\n", section, row->name,
		    initial, allowed, row->help);
	}
}

int
list_options(const char *type_name)
{
	const struct service_type *only = NULL;

	if (type_name != NULL && (only = service_type_find(type_name)) == NULL)
		return -1;
	printf("# %-8s  %-17s  %-7s  %-34s  %s\n", "section", "option",
	    "default", "what may be written", "meaning");
	if (only == NULL)
		list_rows("global", config_global_options());
	list_rows("common", service_common_options());
	for (const struct service_type *const *type = service_types();
	     *type != NULL; type++)
		if (only == NULL || only == *type)
			list_rows((*type)->name, (*type)->options);
	return 0;
}
