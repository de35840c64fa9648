/* SPDX-License-Identifier: ISC */
/* Sections and their services. */
#include "config/section.h"

#include <stdlib.h>
#include <string.h>

struct section *
sections_add(struct sections *sections, const struct service_type *type,
    const char *name)
{
	struct section *items =
	    reallocarray(sections->items, sections->count + 1, sizeof(*items));
	struct section section = { .type = type };

	if (items == NULL)
		return NULL;
	sections->items = items;
	if ((section.service = service_new(type, name)) == NULL)
		return NULL;
	items[sections->count] = section;
	return &items[sections->count++];
}

int
section_set(struct section *section, const struct option *row, const char *text,
    unsigned line, char why[WHY_SIZE])
{
	const struct address_list *addresses =
	    service_addresses(section->service);
	unsigned *lines;

	if (service_set_option(section->service, row, text, why) == -1)
		return -1;
	if (addresses->count == section->listen_count)
		return 0;
	lines = reallocarray(
	    section->listen_lines, addresses->count, sizeof(*lines));
	if (lines == NULL)
		return why_set(why, "out of memory");
	section->listen_lines = lines;
	while (section->listen_count < addresses->count)
		lines[section->listen_count++] = line;
	return 0;
}

void
sections_free(struct sections *sections)
{
	for (size_t i = 0; i < sections->count; i++) {
		service_free(sections->items[i].service);
		free(sections->items[i].listen_lines);
	}
	free(sections->items);
	memset(sections, 0, sizeof(*sections));
}
