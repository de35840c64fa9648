/* SPDX-License-Identifier: ISC */
/* Where a bucket's messages go beside its file: the journal, another bucket. */
#ifndef SERVICES_CREOSOTE_OUTPUTS_H
#define SERVICES_CREOSOTE_OUTPUTS_H

#include "core/service.h"
#include "services/creosote_record.h"
#include "services/creosote_relay.h"

struct bucket_outputs_settings {
	bool journal;
	char *forward; /* HOST[:PORT]; "": nowhere */
};

/* Their rows, for settings of that type with them as member. */
#define BUCKET_OUTPUTS_OPTIONS(type, member)                                \
	{ .name = "journal",                                                \
		.kind = OPTION_BOOL,                                        \
		.offset = offsetof(type, member.journal),                   \
		.initial = "no",                                            \
		.help = "records go to systemd's journal, too" },           \
	{                                                                   \
		.name = "forward", .kind = OPTION_TEXT,                     \
		.offset = offsetof(type, member.forward), .initial = "",    \
		.help = "HOST[:PORT] of another bucket, to which messages " \
			"are passed on"                                     \
	}

struct bucket_outputs {
	const char *name;                           /* of the service */
	struct relay *journal, *forward;            /* NULL: none */
	struct relay_counters journaled, forwarded; /* once it is closed */
};

/*
 * Opens a zeroed one: 0, or -1 with why; close undoes also half of it. What
 * then is not taken at once is lost, and the log says so.
 */
int bucket_outputs_open(struct bucket_outputs *outputs,
    const struct bucket_outputs_settings *settings, const char *name,
    char why[WHY_SIZE]);
void bucket_outputs_close(struct bucket_outputs *outputs);

/*
 * Takes over from another one what waits there for a peer that is a peer of
 * this one, too.
 */
void bucket_outputs_take_over(
    struct bucket_outputs *outputs, struct bucket_outputs *other);

/* True while something waits for its peer. */
bool bucket_outputs_wait(const struct bucket_outputs *outputs);

/* A record for the journal, and a message for the other bucket. */
void
bucket_outputs_add(struct bucket_outputs *outputs, const struct record *record);
void
bucket_outputs_forward(struct bucket_outputs *outputs, struct slice message);

/* Sends what gathered: in how many ms is more to do; -1: nothing. */
int64_t bucket_outputs_flush(struct bucket_outputs *outputs);

/* What was sent and lost: "forwarded", "forward-lost-nobody-there" and so on.
 */
void bucket_outputs_report(
    const struct bucket_outputs *outputs, service_figure_fn *add, void *arg);

#endif
