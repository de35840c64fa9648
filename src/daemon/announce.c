/* SPDX-License-Identifier: ISC */
/* What the daemon says when it starts and when it has stopped. */
#include "daemon/announce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/option_units.h"
#include "daemon/notify.h"
#include "daemon/sandbox.h"

#define LINE_SIZE   1024
#define STATUS_SIZE 128

static void
announce_socket(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin)
{
	char text[ADDRESS_TEXT_SIZE];

	(void)arg;
	(void)fd;
	(void)origin;
	address_format(text, &bound->u.sa, bound->len);
	log_notice("%s '%s': listening on %s %s", service_type(service)->name,
	    service_name(service), address_transport_name(bound->transport),
	    text);
}

int
announce_failure(const struct service *service, const char *why)
{
	log_error("%s '%s': %s", service_type(service)->name,
	    service_name(service), why);
	return -1;
}

void
announce_listeners(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++)
		service_each_socket(config->services[i], announce_socket, NULL);
}

static size_t
count_listeners(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++)
		count += service_count_sockets(config->services[i]);
	return count;
}

/* The ending of a word of which there are so many. */
static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* One word for all services: with default settings, each would say the same. */
void
announce_buffers(const struct config *config)
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
	log_warning("receive-buffer: %s asked, %s granted for %zu service%s "
		    "(sysctl net.core.rmem_max=%" PRIu64 " allows that, and so "
		    "does CAP_NET_ADMIN)",
	    asked_text, got_text, count, plural(count), asked);
}

void
announce_log_only(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++)
		count += service_is_log_only(config->services[i]);
	if (count > 0)
		log_notice("log-only: allow, deny and rates refuse nobody in "
			   "%zu service%s",
		    count, plural(count));
}

struct example {
	bool found; /* the first socket that has a port */
	struct address address;
};

static void
take_example(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin)
{
	struct example *example = arg;

	(void)service;
	(void)fd;
	(void)origin;
	if (example->found || bound->u.sa.sa_family == AF_UNIX)
		return;
	example->found = true;
	example->address = *bound;
}

static bool
is_wildcard(const struct address *address)
{
	return address->u.sa.sa_family == AF_INET
	    ? address->u.in.sin_addr.s_addr == htonl(INADDR_ANY)
	    : IN6_IS_ADDR_UNSPECIFIED(&address->u.in6.sin6_addr);
}

static void
print_example(const char *form, const struct address *address)
{
	const char *hole = strstr(form, "%s");
	char text[ADDRESS_TEXT_SIZE];

	if (is_wildcard(address))
		snprintf(text, sizeof(text), "localhost:%u",
		    address_port(&address->u.sa));
	else
		address_format(text, &address->u.sa, address->len);
	fprintf(stderr, "  try: %.*s%s/%s%s\n", (int)(hole - form), form, text,
	    address_transport_name(address->transport), hole + 2);
}

/* Commands to try, for somebody who has just started it by hand. */
static void
print_examples(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct service *service = config->services[i];
		struct example example = { .found = false };

		service_each_socket(service, take_example, &example);
		if (example.found && service_type(service)->example != NULL)
			print_example(
			    service_type(service)->example, &example.address);
	}
	fprintf(stderr, "  end: Ctrl-C\n");
}

void
announce_start(const struct config *config)
{
	size_t listeners = count_listeners(config);
	const char *sandbox = sandbox_now()->summary;

	announce_listeners(config);
	announce_buffers(config);
	announce_log_only(config);
	log_notice("sandbox: %s", *sandbox != '\0' ? sandbox : "none");
	log_notice("ready: %zu service%s, %zu listener%s",
	    config->service_count, plural(config->service_count), listeners,
	    plural(listeners));
	notify_ready();
	announce_status(config);
	if (isatty(STDERR_FILENO))
		print_examples(config);
}

/* What the last reload came to; empty before the first. */
static char last_reload[STATUS_SIZE];

void
announce_status(const struct config *config)
{
	size_t connections = 0, listeners = count_listeners(config);

	for (size_t i = 0; i < config->service_count; i++)
		connections += service_connections(config->services[i]);
	notify_try("STATUS=%zu service%s, %zu listener%s, %zu connection%s%s",
	    config->service_count, plural(config->service_count), listeners,
	    plural(listeners), connections, plural(connections), last_reload);
}

void
announce_reload(const struct config *config, const char *outcome)
{
	char time[CLOCK_TEXT_SIZE];

	clock_format_ctime(time, clock_now_ns());
	snprintf(last_reload, sizeof(last_reload), "; %s %s", outcome, time);
	notify_ready();
	announce_status(config);
}

static void
append_figure(void *arg, const char *name, uint64_t value)
{
	char *line = arg;
	size_t used = strlen(line);

	snprintf(line + used, LINE_SIZE - used, "%s%s %" PRIu64,
	    used == 0 ? "" : ", ", name, value);
}

static void
format_figures(const struct service *service, char line[LINE_SIZE])
{
	line[0] = '\0';
	service_report(service, append_figure, line);
}

static void
announce_line(const struct service *service, const char *line)
{
	log_notice("%s '%s': %s", service_type(service)->name,
	    service_name(service), line);
}

void
announce_retired(const struct service *service)
{
	char line[LINE_SIZE];

	format_figures(service, line);
	if (line[0] != '\0')
		announce_line(service, line);
}

void
announce_stop(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++) {
		char line[LINE_SIZE];

		format_figures(config->services[i], line);
		announce_line(
		    config->services[i], line[0] != '\0' ? line : "unused");
	}
	log_notice("stopped");
}
