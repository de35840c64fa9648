/* SPDX-License-Identifier: ISC */
/* Finds the name that was most likely meant. */
#include "config/unknown.h"

#include <string.h>
#include <strings.h>

#include "base/option_name.h"
#include "config/config.h"
#include "services/services.h"

static void
consider(
    struct option_name_nearest *nearest, const char *wanted, const char *name)
{
	option_name_consider(nearest, name,
	    strcasecmp(wanted, name) == 0 ? 0
					  : option_name_distance(wanted, name));
}

static void
consider_rows(struct option_name_nearest *nearest, const char *wanted,
    const struct option *rows)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		consider(nearest, wanted, rows->name);
}

static void
unknown_global(const char *name, char why[WHY_SIZE])
{
	struct option_name_nearest nearest = { .name = NULL };

	consider_rows(&nearest, name, config_global_options());
	if (service_type_find(name) != NULL)
		why_set(why, "a service is a section (write %s NAME { ... })",
		    name);
	else if (option_find(service_common_options(), name) != NULL)
		why_set(why, "stands outside a section (write it in one)");
	else if (nearest.name != NULL)
		why_set(why, "unknown option (did you mean %s?)", nearest.name);
	else
		why_set(
		    why, "unknown option (netlabd --list-options lists them)");
}

void
unknown_option(
    const struct service_type *type, const char *name, char why[WHY_SIZE])
{
	struct option_name_nearest nearest = { .name = NULL };

	if (type == NULL) {
		unknown_global(name, why);
		return;
	}
	consider_rows(&nearest, name, service_common_options());
	consider_rows(&nearest, name, type->options);
	if (nearest.name != NULL)
		why_set(why, "unknown option of %s (did you mean %s?)",
		    type->name, nearest.name);
	else
		why_set(why,
		    "unknown option of %s (netlabd --list-options %s lists "
		    "them)",
		    type->name, type->name);
}

void
unknown_section(const char *name, char why[WHY_SIZE])
{
	struct option_name_nearest nearest = { .name = NULL };

	for (const struct service_type *const *type = service_types();
	     *type != NULL; type++)
		consider(&nearest, name, (*type)->name);
	if (option_find(config_global_options(), name) != NULL)
		why_set(
		    why, "an option is no section (write %s = VALUE)", name);
	else if (nearest.name != NULL)
		why_set(
		    why, "unknown service (did you mean %s?)", nearest.name);
	else
		why_set(why,
		    "unknown service (netlabd --list-services lists them)");
}
