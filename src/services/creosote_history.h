/* SPDX-License-Identifier: ISC */
/*
 * A bucket's records in the history, where they wait to be looked at: a record
 * with all that was decoded of it, or netlabd's word on a loss.
 */
#ifndef SERVICES_CREOSOTE_HISTORY_H
#define SERVICES_CREOSOTE_HISTORY_H

#include "base/history.h"
#include "services/creosote_record.h"

void bucket_history_add(struct history *history, const struct record *record);

/* That `count` of something are missing here. */
void bucket_history_add_loss(
    struct history *history, int64_t time_ns, uint64_t count, const char *what);

/*
 * Writes an item as one JSON object without newline and returns its length; 0:
 * it does not fit.
 */
size_t bucket_history_format(const struct history_item *item,
    const struct record_style *style, char *out, size_t size);

#endif
