/* SPDX-License-Identifier: ISC */
/* The list of all service types: adding one is a line in Makefile.am. */
#ifndef SERVICES_SERVICES_H
#define SERVICES_SERVICES_H

#include "core/service.h"

/* All types in alphabetical order; NULL ends the array. */
const struct service_type *const *service_types(void);

/* The type of that name; NULL: none. */
const struct service_type *service_type_find(const char *name);

#endif
