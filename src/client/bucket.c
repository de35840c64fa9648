/* SPDX-License-Identifier: ISC */
/* Which buckets a netlabd serves. */
#include "client/bucket.h"

#include <stdio.h>
#include <string.h>

#include "client/plain.h"

/* The type of service that a bucket is. */
#define BUCKET_TYPE "creosote"

/* The name of a service that is a bucket; NULL: it is another. */
static const char *
name_of(const json_t *service)
{
	const char *type = json_string_value(json_object_get(service, "type"));
	const char *name = json_string_value(json_object_get(service, "name"));

	if (type == NULL || strcmp(type, BUCKET_TYPE) != 0 || name == NULL ||
	    *name == '\0' || strlen(name) >= BUCKET_NAME_SIZE)
		return NULL;
	return name;
}

/* Writes the names that fit, joined by commas; returns how many there are. */
static size_t
list_names(const json_t *services, char *text, size_t size)
{
	size_t count = 0, used = 0, i;
	json_t *service;

	*text = '\0';
	json_array_foreach(services, i, service)
	{
		const char *name = name_of(service);

		if (name == NULL)
			continue;
		if (count++ > 0 && used + sizeof(", ...") < size)
			used += (size_t)sprintf(text + used, ", ");
		if (used + strlen(name) + sizeof(", ...") < size)
			used +=
			    strlen(plain_cut(text + used, size - used, name));
		else if (used + sizeof("...") < size)
			strcpy(text + used, "...");
	}
	return count;
}

/* The only name; `count` is how many there are. */
static int
choose(const json_t *services, char name[BUCKET_NAME_SIZE],
    char why[CONTROL_WHY_SIZE])
{
	char names[CONTROL_WHY_SIZE / 2];
	size_t count = list_names(services, names, sizeof(names)), i;
	json_t *service;

	if (count == 0)
		snprintf(why, CONTROL_WHY_SIZE,
		    "no bucket is served (a creosote section makes one)");
	if (count > 1)
		snprintf(why, CONTROL_WHY_SIZE,
		    "which of the %zu buckets? (name one: %s)", count, names);
	if (count != 1)
		return -1;
	json_array_foreach(services, i, service) if (name_of(service) != NULL)
	    strcpy(name, name_of(service));
	return 0;
}

int
bucket_find_only(const struct control *control, char name[BUCKET_NAME_SIZE],
    unsigned *status, char why[CONTROL_WHY_SIZE])
{
	struct control_answer answer;
	int result = -1;

	*status = 0;
	if (control_ask(control, "GET", "/services", &answer, why) == -1)
		return -1;
	*status = answer.status;
	if (answer.status != 200)
		control_format_refusal(&answer, why);
	else
		result =
		    choose(json_object_get(answer.json, "services"), name, why);
	control_answer_free(&answer);
	return result;
}
