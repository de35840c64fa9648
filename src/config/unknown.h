/* SPDX-License-Identifier: ISC */
/* What to say of a name that nothing has: the one that was meant, if any. */
#ifndef CONFIG_UNKNOWN_H
#define CONFIG_UNKNOWN_H

#include "base/why.h"
#include "core/service.h"

/* Of an option in a section of that type; NULL: outside any section. */
void unknown_option(
    const struct service_type *type, const char *name, char why[WHY_SIZE]);

/* Of a section. */
void unknown_section(const char *name, char why[WHY_SIZE]);

#endif
