/* SPDX-License-Identifier: ISC */
/* Names that nobody has: what those are that there are. */
#include "daemon/control_private.h"

#include <stdio.h>
#include <string.h>

#include "base/option_name.h"

/* Room for the list of names, which ends in dots where more do not fit. */
#define NAMES_SIZE 128
#define NAMES_MORE ", ..."

static bool
is_meant(const struct service *service, bool is_bucket)
{
	return !is_bucket || service_type(service)->history != NULL;
}

/* The name that was most likely mistyped; NULL: none was. */
static const char *
find_nearest(const char *wanted, bool is_bucket)
{
	const struct config *config = control_daemon()->config;
	struct option_name_nearest nearest = { 0 };

	for (size_t i = 0; i < config->service_count; i++) {
		const char *name = service_name(config->services[i]);

		if (is_meant(config->services[i], is_bucket))
			option_name_consider(
			    &nearest, name, option_name_distance(wanted, name));
	}
	return nearest.name;
}

/* Appends a name, or dots in place of the first that does not fit. */
static void
append_name(char names[NAMES_SIZE], const char *name)
{
	size_t used = strlen(names);
	size_t room = NAMES_SIZE - sizeof(NAMES_MORE) - used;

	if (used >= strlen(NAMES_MORE) &&
	    strcmp(names + used - strlen(NAMES_MORE), NAMES_MORE) == 0)
		return;
	if (strlen(", ") + strlen(name) > room)
		strcpy(names + used, NAMES_MORE);
	else
		sprintf(names + used, "%s%s", used == 0 ? "" : ", ", name);
}

/* The names of all that is meant but for one, in their order. */
static void
list_others(char names[NAMES_SIZE], const char *one, bool is_bucket)
{
	const struct config *config = control_daemon()->config;

	names[0] = '\0';
	for (size_t i = 0; i < config->service_count; i++) {
		const char *name = service_name(config->services[i]);

		if (name != one && is_meant(config->services[i], is_bucket))
			append_name(names, name);
	}
}

void
control_refuse_name(
    struct control_connection *connection, const char *wanted, bool is_bucket)
{
	const struct service *namesake = control_find(wanted);
	const char *kind = is_bucket ? "bucket" : "service";
	const char *nearest = find_nearest(wanted, is_bucket);
	char names[NAMES_SIZE];

	list_others(names, nearest, is_bucket);
	if (namesake != NULL && is_meant(namesake, is_bucket))
		control_error(connection, 404,
		    "that bucket keeps no history (its option history is 0)");
	else if (nearest != NULL)
		control_error(connection, 404,
		    "no %s of that name (did you mean %.64s?%s%s)", kind,
		    nearest,
		    names[0] == '\0' ? "" : " there are also: ", names);
	else if (names[0] != '\0')
		control_error(connection, 404,
		    "no %s of that name (there are: %s)", kind, names);
	else
		control_error(connection, 404,
		    "no %s is served (a creosote section makes one)", kind);
}
