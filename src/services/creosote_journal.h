/* SPDX-License-Identifier: ISC */
/*
 * Messages for systemd's journal, in its native protocol: a datagram an entry,
 * each field a line "NAME=value", or with its length where a value has more
 * than one line, so that no sender can add fields of its own.
 */
#ifndef SERVICES_CREOSOTE_JOURNAL_H
#define SERVICES_CREOSOTE_JOURNAL_H

#include "services/creosote_record.h"
#include "services/creosote_relay.h"

#define JOURNAL_PATH "/run/systemd/journal/socket"

/*
 * A relay to the journal's socket; NULL with why. It need not be there yet.
 * See creosote_relay.h for the rest.
 */
struct relay *journal_new(const char *path, char why[WHY_SIZE]);

/* Takes a record of that bucket as an entry; relay_flush() sends it. */
void journal_add(
    struct relay *relay, const char *bucket, const struct record *record);

#endif
