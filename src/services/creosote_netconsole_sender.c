/* SPDX-License-Identifier: ISC */
/* Which numbers have come from whom: the msgid of netconsole's messages. */
#include "services/creosote_netconsole_private.h"

#define SETS      (NETCONSOLE_SENDERS / NETCONSOLE_WAYS)
#define WINDOW    64 /* messages that one may come late by */
#define NS_PER_MS INT64_C(1000000)
#define REBOOT_US UINT64_C(10000000) /* no datagram comes so late */

static bool
is_silent(const struct netconsole_sender *sender, int64_t now_ns)
{
	return !sender->is_used ||
	    now_ns - sender->heard_ns > NETCONSOLE_SILENT_MS * NS_PER_MS;
}

/* The sender, or a place for it; NULL: there is none. */
static struct netconsole_sender *
find(struct netconsole_senders *senders, uint64_t id, int64_t now_ns)
{
	struct netconsole_sender *set = senders->sets[id % SETS];
	struct netconsole_sender *place = NULL;

	for (size_t i = 0; i < NETCONSOLE_WAYS; i++) {
		if (set[i].is_used && set[i].id == id)
			return &set[i];
		if (place == NULL && is_silent(&set[i], now_ns))
			place = &set[i];
	}
	if (place != NULL)
		place->is_used = false;
	return place;
}

/* A later number than all before. */
static void
advance(
    struct netconsole_sender *sender, uint32_t by, struct netconsole_note *note)
{
	sender->newest += by;
	sender->seen = by < WINDOW ? sender->seen << by : 0;
	sender->seen |= 1;
	note->lost = by - 1;
}

/* An earlier number: one that was missed, or one that has come already. */
static void
go_back(
    struct netconsole_sender *sender, uint32_t by, struct netconsole_note *note)
{
	uint64_t bit = UINT64_C(1) << by;

	note->late = (sender->seen & bit) == 0;
	sender->seen |= bit;
}

void
netconsole_watch(struct netconsole_senders *senders, uint64_t id,
    uint32_t msgid, uint64_t uptime_us, int64_t now_ns,
    struct netconsole_note *note)
{
	struct netconsole_sender *sender = find(senders, id, now_ns);
	uint32_t ahead, behind;

	if (sender == NULL)
		return;
	ahead = msgid - sender->newest;
	behind = sender->newest - msgid;
	sender->heard_ns = now_ns;
	if (!sender->is_used ||
	    (uptime_us < sender->uptime_us &&
		sender->uptime_us - uptime_us > REBOOT_US) ||
	    (ahead > UINT32_MAX / 2 && behind >= WINDOW)) {
		*sender = (struct netconsole_sender){ id, now_ns, uptime_us,
			UINT64_MAX, msgid, true };
		return;
	}
	if (uptime_us > sender->uptime_us)
		sender->uptime_us = uptime_us;
	if (behind < WINDOW)
		go_back(sender, behind, note);
	else
		advance(sender, ahead, note);
}
