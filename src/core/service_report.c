/* SPDX-License-Identifier: ISC */
/* The figures of a service, by name; those that are zero are left out. */
#include "core/service_private.h"

#include <stdio.h>

static void
add_nonzero(service_figure_fn *add, void *arg, const char *name, uint64_t value)
{
	if (value != 0)
		add(arg, name, value);
}

static void
report_datagrams(
    const struct datagram_counters *counters, service_figure_fn *add, void *arg)
{
	add_nonzero(add, arg, "datagrams", counters->received);
	add_nonzero(add, arg, "datagram-bytes", counters->received_bytes);
	add_nonzero(add, arg, "answers", counters->answered);
	add_nonzero(add, arg, "answer-bytes", counters->answered_bytes);
	add_nonzero(add, arg, "cut", counters->cut);
	add_nonzero(add, arg, "lost", counters->lost);
	add_nonzero(add, arg, "unanswered", counters->unanswered);
	for (unsigned i = GUARD_PASS + 1; i < GUARD_REASONS; i++) {
		char name[64];

		snprintf(
		    name, sizeof(name), "refused-%s", guard_reason_name(i));
		add_nonzero(add, arg, name, counters->refused[i]);
	}
}

static void
report_streams(
    const struct stream_counters *counters, service_figure_fn *add, void *arg)
{
	add_nonzero(add, arg, "connections", counters->accepted);
	add_nonzero(add, arg, "read-bytes", counters->read_bytes);
	add_nonzero(add, arg, "written-bytes", counters->written_bytes);
	add_nonzero(add, arg, "open", counters->open);
	add_nonzero(add, arg, "refused-max-connections", counters->refused);
	add_nonzero(add, arg, "accept-failures", counters->accept_failures);
	for (unsigned i = 0; i < STREAM_REASONS; i++) {
		char name[64];

		snprintf(
		    name, sizeof(name), "closed-%s", stream_reason_name(i));
		add_nonzero(add, arg, name, counters->closed[i]);
	}
}

void
service_report(const struct service *service, service_figure_fn *add, void *arg)
{
	report_datagrams(&service->datagrams, add, arg);
	report_streams(&service->streams, add, arg);
	if (service->type->report != NULL)
		service->type->report(service, add, arg);
}
