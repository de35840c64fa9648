/* SPDX-License-Identifier: ISC */
/* Requests: which path is what, and who may ask for it. */
#include "daemon/control_private.h"

#include <string.h>

#include "daemon/control_rates.h"

static void
get_status(struct control_connection *connection, const char *name)
{
	(void)name;
	control_rates_asked();
	control_answer(connection, 200, control_status());
}

static void
get_services(struct control_connection *connection, const char *name)
{
	(void)name;
	control_rates_asked();
	control_answer(connection, 200, control_services());
}

static void
get_service(struct control_connection *connection, const char *name)
{
	const struct service *service = control_find(name);

	control_rates_asked();
	if (service == NULL)
		control_refuse_name(connection, name, false);
	else
		control_answer(
		    connection, 200, control_service_object(service));
}

/* Changing takes more than being let in. */
static bool
check_change(struct control_connection *connection)
{
	if (!control_may_change(connection))
		control_error(connection, 403,
		    "only root and netlabd's own user may do that "
		    "(allow-changes = all lets all who can connect)");
	else if (control_daemon()->stopping)
		control_error(connection, 503, "netlabd is stopping");
	else
		return true;
	return false;
}

static void
post_reload(struct control_connection *connection, const char *name)
{
	(void)name;
	if (check_change(connection))
		control_wait_for_reload(connection);
}

/* Takes the one parameter that rotating knows; false: the query is wrong. */
static bool
parse_bucket(const char *query, char bucket[HTTP_VALUE_SIZE])
{
	char name[HTTP_VALUE_SIZE];

	bucket[0] = '\0';
	switch (http_query_next(&query, name, bucket)) {
	case 0:
		return true;
	case 1:
		return strcmp(name, "bucket") == 0 && bucket[0] != '\0' &&
		    query[strspn(query, "&")] == '\0';
	default:
		return false;
	}
}

static void
note_file(void *arg, const char *path)
{
	bool *has_file = arg;

	*has_file |= path[0] != '\0';
}

static void
pass_socket(void *arg, const char *path)
{
	(void)arg;
	(void)path;
}

/* A bucket that writes to standard output has none. */
static bool
has_file_to_rotate(const struct service *service)
{
	bool has_file = false;

	if (service_type(service)->rotate != NULL)
		service_each_path(service, note_file, pass_socket, &has_file);
	return has_file;
}

/* Rotates those of that name, all for "": 0, or -1 with the first why. */
static int
rotate(const char *bucket, json_t *rotated, char why[WHY_SIZE])
{
	const struct config *config = control_daemon()->config;
	char failure[WHY_SIZE];
	int result = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		struct service *service = config->services[i];
		const char *name = service_name(service);

		if (!has_file_to_rotate(service) ||
		    (bucket[0] != '\0' && strcmp(bucket, name) != 0))
			continue;
		if (service_rotate(service, failure) == 0) {
			json_array_append_new(rotated, control_text(name));
			continue;
		}
		if (result == 0)
			why_set(why, "%s '%s': %s", service_type(service)->name,
			    name, failure);
		result = -1;
	}
	return result;
}

static void
post_rotate(struct control_connection *connection, const char *name)
{
	char bucket[HTTP_VALUE_SIZE], why[WHY_SIZE];
	const struct service *service;
	json_t *rotated;

	(void)name;
	if (!check_change(connection))
		return;
	if (!parse_bucket(http_query(connection->head->target), bucket)) {
		control_error(
		    connection, 400, "not a query (write ?bucket=NAME)");
		return;
	}
	service = control_find(bucket);
	if (bucket[0] != '\0' &&
	    (service == NULL || service_type(service)->rotate == NULL)) {
		control_refuse_name(connection, bucket, true);
		return;
	}
	rotated = json_array();
	if (rotate(bucket, rotated, why) == 0)
		control_answer(
		    connection, 200, json_pack("{s:o}", "rotated", rotated));
	else
		control_answer(connection, 500,
		    json_pack("{s:o, s:o}", "error", control_text(why),
			"rotated", rotated));
}

/* What is before and after the name in a path; a name is never empty. */
static const struct {
	const char *path, *after; /* NULL: there is no name */
	bool changes;             /* by POST; otherwise GET and HEAD */
	void (*handle)(struct control_connection *connection, const char *name);
} routes[] = {
	{ "/status", NULL, false, get_status },
	{ "/services", NULL, false, get_services },
	{ "/services/", "", false, get_service },
	{ "/buckets/", "/tail", false, control_tail },
	{ "/reload", NULL, true, post_reload },
	{ "/rotate", NULL, true, post_rotate },
};

/* Cuts the path down to the name, if there is one; false: another path. */
static bool
match(char *path, size_t route, char **name)
{
	const char *before = routes[route].path;
	const char *after = routes[route].after;
	size_t before_len = strlen(before), len = strlen(path), after_len;

	*name = path;
	if (after == NULL)
		return strcmp(path, before) == 0;
	after_len = strlen(after);
	if (len <= before_len + after_len ||
	    strncmp(path, before, before_len) != 0 ||
	    strcmp(path + len - after_len, after) != 0)
		return false;
	*name = path + before_len;
	if (memchr(*name, '/', len - before_len - after_len) != NULL)
		return false;
	path[len - after_len] = '\0';
	return true;
}

static bool
is_allowed(const char *method, bool changes)
{
	if (changes)
		return strcmp(method, "POST") == 0;
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

void
control_request(struct control_connection *connection)
{
	const struct http_head *head = connection->head;
	char path[HTTP_VALUE_SIZE], *name;

	if (http_path(head->target, path) == -1) {
		control_error(connection, 400, "not a path");
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!match(path, i, &name))
			continue;
		if (is_allowed(head->method, routes[i].changes))
			routes[i].handle(connection, name);
		else
			control_refuse_method(connection,
			    routes[i].changes ? "POST" : "GET, HEAD");
		return;
	}
	control_error(connection, 404, "no such path");
}
