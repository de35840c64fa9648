/* SPDX-License-Identifier: ISC */
/* What a decoder makes of a message: its text, and what its header tells. */
#ifndef SERVICES_CREOSOTE_FIELDS_H
#define SERVICES_CREOSOTE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * The slices are a sender's bytes as they came, to be escaped before they are
 * shown; len 0: not told. They are good until the decoder is called again or
 * the datagram is gone.
 */
struct creosote_fields {
	int facility, severity; /* -1: not told */
	struct slice text;      /* without header; its data is never NULL */

	/* Of syslog; netconsole's caller, T1 or C0, is a process too. */
	struct slice time, host, program, process, message_id, structured;

	/* Of netconsole. */
	struct slice release; /* of the kernel */
	uint64_t sequence;    /* of its log, which has gaps without any loss */
	uint64_t uptime_us;
	bool has_sequence; /* and uptime_us */
	char continued;    /* 'c': begins a line, '+': goes on; 0: whole */
	struct slice dictionary; /* lines " KEY=value", but for the last \n */
};

/* The slices beside the text, in the order in which they are shown. */
#define CREOSOTE_FIELDS_SLICES 8
struct slice *creosote_fields_slice(struct creosote_fields *fields, unsigned i);
const struct slice *
creosote_fields_slice_const(const struct creosote_fields *fields, unsigned i);

/* Their names in JSON. */
const char *creosote_fields_name(unsigned i);

/* "kern", "err"; for numbers that are none, "unknown". */
const char *creosote_facility_name(int facility);
const char *creosote_severity_name(int severity);

#endif
