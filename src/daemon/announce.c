/* SPDX-License-Identifier: ISC */
/* What the daemon says when it starts and when it has stopped. */
#include "daemon/announce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/option_units.h"
#include "daemon/notify.h"

#define LINE_SIZE 1024

static void
announce_listener(void *arg, const struct service *service,
    const char *transport, const char *local)
{
	size_t *count = arg;

	log_notice("%s '%s': listening on %s %s", service_type(service)->name,
	    service_name(service), transport, local);
	(*count)++;
}

/* One word for all services: with default settings, each would say the same. */
static void
warn_of_buffers(const struct config *config)
{
	uint64_t asked = 0, granted = UINT64_MAX, service_asked, service_got;
	char asked_text[OPTION_QUANTITY_SIZE], got_text[OPTION_QUANTITY_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		service_receive_buffer(
		    config->services[i], &service_asked, &service_got);
		if (service_got >= service_asked)
			continue;
		count++;
		asked = service_asked > asked ? service_asked : asked;
		granted = service_got < granted ? service_got : granted;
	}
	if (count == 0)
		return;
	option_format_quantity(OPTION_SIZE, asked, asked_text);
	option_format_quantity(OPTION_SIZE, granted, got_text);
	log_warning("receive-buffer: %s asked, %s granted for %zu services "
		    "(raise net.core.rmem_max, or run as root or with "
		    "CAP_NET_ADMIN)",
	    asked_text, got_text, count);
}

struct example {
	const char *transport; /* the first listener's */
	char address[LINE_SIZE];
};

static void
take_example(void *arg, const struct service *service, const char *transport,
    const char *local)
{
	struct example *example = arg;

	(void)service;
	if (example->transport != NULL || strncmp(transport, "unix", 4) == 0)
		return;
	example->transport = transport;
	snprintf(example->address, sizeof(example->address), "%s/%s", local,
	    transport);
}

/* Commands to try, for somebody who has just started it by hand. */
static void
print_examples(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct service *service = config->services[i];
		const char *form = service_type(service)->example;
		const char *hole = form != NULL ? strstr(form, "%s") : NULL;
		struct example example = { .transport = NULL };

		service_each_listener(service, take_example, &example);
		if (hole == NULL || example.transport == NULL)
			continue;
		fprintf(stderr, "  try: %.*s%s%s\n", (int)(hole - form), form,
		    example.address, hole + 2);
	}
	fprintf(stderr, "  end: Ctrl-C\n");
}

void
announce_start(const struct config *config)
{
	size_t listeners = 0;

	for (size_t i = 0; i < config->service_count; i++)
		service_each_listener(
		    config->services[i], announce_listener, &listeners);
	warn_of_buffers(config);
	log_notice("ready: %zu services, %zu listeners", config->service_count,
	    listeners);
	notify_send("READY=1");
	announce_status(config);
	if (isatty(STDERR_FILENO))
		print_examples(config);
}

static void
count_listener(void *arg, const struct service *service, const char *transport,
    const char *local)
{
	size_t *count = arg;

	(void)service;
	(void)transport;
	(void)local;
	(*count)++;
}

void
announce_status(const struct config *config)
{
	size_t listeners = 0, connections = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		service_each_listener(
		    config->services[i], count_listener, &listeners);
		connections += service_connections(config->services[i]);
	}
	notify_send("STATUS=%zu services, %zu listeners, %zu connections",
	    config->service_count, listeners, connections);
}

static void
append_figure(void *arg, const char *name, uint64_t value)
{
	char *line = arg;
	size_t used = strlen(line);

	snprintf(line + used, LINE_SIZE - used, "%s%s %" PRIu64,
	    used == 0 ? "" : ", ", name, value);
}

void
announce_stop(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct service *service = config->services[i];
		char line[LINE_SIZE] = "";

		service_report(service, append_figure, line);
		log_notice("%s '%s': %s", service_type(service)->name,
		    service_name(service), line[0] != '\0' ? line : "unused");
	}
	log_notice("stopped");
}
