/* SPDX-License-Identifier: ISC */
/* What a service tells: its figures, those that are zero left out, its buffers.
 */
#include "core/service_private.h"

#include <stdio.h>

#include "net/socket.h"

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

/* Each reason is of datagrams or of connections, so no name comes twice. */
static void
report_refused(struct report *report, const char *what,
    const uint64_t counts[GUARD_REASONS])
{
	for (unsigned i = GUARD_PASS + 1; i < GUARD_REASONS; i++) {
		char name[64];

		snprintf(
		    name, sizeof(name), "%s-%s", what, guard_reason_name(i));
		add_nonzero(report, name, counts[i]);
	}
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
	add_nonzero(report, "runs-not-taken", counters->runs_not_taken);
	report_refused(report, "refused", counters->refused);
	report_refused(report, "would-refuse", counters->would_refuse);
}

static void
report_streams(struct report *report, const struct stream_counters *counters)
{
	add_nonzero(report, "connections", counters->accepted);
	add_nonzero(report, "read-bytes", counters->read_bytes);
	add_nonzero(report, "written-bytes", counters->written_bytes);
	add_nonzero(report, "open", counters->open);
	report_refused(report, "refused", counters->refused);
	report_refused(report, "would-refuse", counters->would_refuse);
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

void
service_receive_buffer(
    const struct service *service, uint64_t *asked, uint64_t *granted)
{
	*asked = service->common.receive_buffer;
	*granted = *asked;
	for (size_t i = 0; i < service->listener_count; i++) {
		const struct datagram_socket *socket =
		    service->listeners[i].datagram;
		uint64_t size = socket == NULL
		    ? *asked
		    : socket_receive_buffer(datagram_fd(socket));

		if (size < *granted)
			*granted = size;
	}
}
