/* SPDX-License-Identifier: ISC */
/* What is missing in a file and has not been said there yet. */
#ifndef SERVICES_CREOSOTE_LOSS_H
#define SERVICES_CREOSOTE_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "services/creosote_record.h"

/* Zeroed: nothing is missing. */
struct bucket_loss {
	uint64_t drops; /* datagrams that the kernel threw away */
	char dropped_at[ADDRESS_TEXT_SIZE];
	uint64_t records;       /* that found no room */
	int64_t from_ns, to_ns; /* when the first and the last were received */
	int error; /* why: of the writes that failed, or ENOMEM, or 0 */
};

/* The kernel dropped so many datagrams at that local address. */
void bucket_loss_add_drops(
    struct bucket_loss *loss, const char *local, uint64_t count);

/*
 * A record is given up: memory ran out (ENOMEM), or as much waits as may, while
 * writing fails (its error) or is too slow (0).
 */
void
bucket_loss_add_record(struct bucket_loss *loss, int64_t time_ns, int error);

/* So many at once. */
void bucket_loss_add_records(struct bucket_loss *loss, uint64_t count,
    int64_t from_ns, int64_t to_ns, int error);

/* What was missing there is missing here. */
void
bucket_loss_merge(struct bucket_loss *loss, const struct bucket_loss *other);

static inline bool
bucket_loss_is_any(const struct bucket_loss *loss)
{
	return loss->drops > 0 || loss->records > 0;
}

/* One of them in words; returns its count; 0: nothing is missing. */
uint64_t bucket_loss_describe(
    const struct bucket_loss *loss, char what[RECORD_WHAT_SIZE]);

/* That one was said. */
void bucket_loss_note_said(struct bucket_loss *loss);

/* strerror() for what may befall a write, a reader that stands still too. */
const char *bucket_loss_reason(int error);

#endif
