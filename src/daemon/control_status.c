/* SPDX-License-Identifier: ISC */
/* What the control service shows of the daemon and its services, as JSON. */
#include "daemon/control_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/control_rates.h"
#include "daemon/sandbox.h"

/* Kept open, as a sandbox leaves /proc out; -1: the system does not tell. */
static int statm = -1;

void
control_status_open(void)
{
	statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void
control_status_close(void)
{
	if (statm != -1)
		close(statm);
	statm = -1;
}

/* Of memory that is in use, in bytes; 0: the system does not tell. */
static json_int_t
resident(void)
{
	char text[64];
	ssize_t len = pread(statm, text, sizeof(text) - 1, 0);
	long long pages = 0;

	text[len > 0 ? len : 0] = '\0';
	if (sscanf(text, "%*s %lld", &pages) != 1)
		pages = 0;
	return pages * sysconf(_SC_PAGESIZE);
}

static json_t *
time_text(int64_t now_ns)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_iso8601(text, now_ns);
	return json_string(text);
}

static void
add_number(void *arg, const char *name, uint64_t value)
{
	json_object_set_new(arg, name, json_integer((json_int_t)value));
}

static void
add_text(void *arg, const char *name, const char *text)
{
	json_object_set_new(arg, name, control_text(text));
}

/* A tenth is enough of what was measured in milliseconds. */
static void
add_rate(void *arg, const char *name, double a_second)
{
	double tenths = (double)(int64_t)(a_second * 10 + 0.5);

	json_object_set_new(arg, name, json_real(tenths / 10));
}

static void
add_listener(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin)
{
	char text[ADDRESS_TEXT_SIZE];

	(void)service;
	(void)fd;
	(void)origin;
	address_format(text, &bound->u.sa, bound->len);
	json_array_append_new(arg,
	    json_pack("{s:s, s:s}", "transport",
		address_transport_name(bound->transport), "address", text));
}

json_t *
control_service_object(const struct service *service)
{
	const struct service_type *type = service_type(service);
	json_t *listeners = json_array(), *figures = json_object();
	json_t *second = json_object(), *minute = json_object();
	json_t *state = json_object();
	struct service_words words = {
		.number = add_number, .text = add_text, .arg = state
	};

	service_each_socket(service, add_listener, listeners);
	service_report(service, add_number, figures);
	control_rates_second(service, add_rate, second);
	control_rates_minute(service, add_rate, minute);
	if (type->describe != NULL && state != NULL)
		type->describe(service, &words);
	return json_pack("{s:s, s:s, s:o, s:I, s:o, s:{s:o, s:o}, s:o}", "type",
	    type->name, "name", service_name(service), "listeners", listeners,
	    "connections", (json_int_t)service_connections(service), "figures",
	    figures, "rates", "second", second, "minute", minute, "state",
	    state);
}

static json_t *
service_array(void)
{
	const struct config *config = control_daemon()->config;
	json_t *array = json_array();

	for (size_t i = 0; i < config->service_count; i++)
		json_array_append_new(
		    array, control_service_object(config->services[i]));
	return array;
}

json_t *
control_services(void)
{
	return json_pack("{s:o}", "services", service_array());
}

static json_t *
error_array(const struct outcome *outcome)
{
	json_t *array = json_array();
	char text[64];

	for (size_t i = 0; i < outcome->error_count; i++)
		json_array_append_new(array, control_text(outcome->errors[i]));
	if (outcome->error_excess > 0) {
		snprintf(
		    text, sizeof(text), "and %zu more", outcome->error_excess);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

json_t *
control_outcome(const struct outcome *outcome)
{
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:o}", "outcome",
	    outcome->done ? "reloaded" : "refused", "time",
	    time_text(outcome->time_ns), "kept", (json_int_t)outcome->kept,
	    "changed", (json_int_t)outcome->changed, "started",
	    (json_int_t)outcome->started, "stopped",
	    (json_int_t)outcome->stopped, "errors", error_array(outcome));
}

static json_t *
sandbox_object(void)
{
	const struct sandbox *sandbox = sandbox_now();

	return json_pack("{s:b, s:i, s:b}", "no-new-privileges",
	    sandbox->no_new_privileges, "landlock", sandbox->landlock,
	    "seccomp", sandbox->seccomp);
}

json_t *
control_status(void)
{
	const struct daemon *daemon = control_daemon();
	const struct outcome *reload = &daemon->last_reload;
	double uptime_ms = (double)(clock_monotonic_ms() - daemon->started_ms);

	return json_pack(
	    "{s:s, s:I, s:o, s:f, s:I, s:{s:I, s:I}, s:o, s:o, s:o}", "version",
	    PACKAGE_VERSION, "pid", (json_int_t)getpid(), "started",
	    time_text(daemon->started_ns), "uptime", uptime_ms / 1000,
	    "resident", resident(), "connections", "open",
	    (json_int_t)daemon->pool.open, "max",
	    (json_int_t)(daemon->pool.max & INT64_MAX), "sandbox",
	    sandbox_object(), "reload",
	    reload->time_ns == 0 ? json_null() : control_outcome(reload),
	    "services", service_array());
}
