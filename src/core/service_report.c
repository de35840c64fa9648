/* SPDX-License-Identifier: ISC */
/* The figures of a service, by name; those that are zero are left out. */
#include "core/service_private.h"

#include <stdio.h>

/* Where the figures go. */
struct report {
	service_figure_fn *add;
	void *arg;
};

static void
add_nonzero(void *arg, const char *name, uint64_t value)
{
	const struct report *report = arg;

	if (value != 0)
		report->add(report->arg, name, value);
}

static void
report_datagrams(
    struct report *report, const struct datagram_counters *counters)
{
	add_nonzero(report, "datagrams", counters->received);
	add_nonzero(report, "datagram-bytes", counters->received_bytes);
	add_nonzero(report, "answers", counters->answered);
	add_nonzero(report, "answer-bytes", counters->answered_bytes);
	add_nonzero(report, "cut", counters->cut);
	add_nonzero(report, "lost", counters->lost);
	add_nonzero(report, "unanswered", counters->unanswered);
	for (unsigned i = GUARD_PASS + 1; i < GUARD_REASONS; i++) {
		char name[64];

		snprintf(
		    name, sizeof(name), "refused-%s", guard_reason_name(i));
		add_nonzero(report, name, counters->refused[i]);
	}
}

static void
report_streams(struct report *report, const struct stream_counters *counters)
{
	add_nonzero(report, "connections", counters->accepted);
	add_nonzero(report, "read-bytes", counters->read_bytes);
	add_nonzero(report, "written-bytes", counters->written_bytes);
	add_nonzero(report, "open", counters->open);
	add_nonzero(report, "refused-max-connections", counters->refused);
	add_nonzero(report, "accept-failures", counters->accept_failures);
	for (unsigned i = 0; i < STREAM_REASONS; i++) {
		char name[64];

		snprintf(
		    name, sizeof(name), "closed-%s", stream_reason_name(i));
		add_nonzero(report, name, counters->closed[i]);
	}
}

void
service_report(const struct service *service, service_figure_fn *add, void *arg)
{
	struct report report = { add, arg };

	report_datagrams(&report, &service->datagrams);
	report_streams(&report, &service->streams);
	if (service->type->report != NULL)
		service->type->report(service, add_nonzero, &report);
}
