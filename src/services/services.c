/* SPDX-License-Identifier: ISC */
/*
 * The list of all service types. list.h is made from the list of their files in
 * Makefile.am: SERVICE(x) for services/x.c, which defines x_service.
 */
#include "services/services.h"

#include <string.h>

#define SERVICE(name) extern const struct service_type name##_service;
#include "services/list.h"
#undef SERVICE

static const struct service_type *const types[] = {
#define SERVICE(name) &name##_service,
#include "services/list.h"
#undef SERVICE
	NULL,
};

const struct service_type *const *
service_types(void)
{
	return types;
}

const struct service_type *
service_type_find(const char *name)
{
	for (size_t i = 0; types[i] != NULL; i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}
