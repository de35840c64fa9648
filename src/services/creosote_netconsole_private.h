/* SPDX-License-Identifier: ISC */
/* The parts of netconsole's decoder: its header, what waits, who sends. */
#ifndef SERVICES_CREOSOTE_NETCONSOLE_PRIVATE_H
#define SERVICES_CREOSOTE_NETCONSOLE_PRIVATE_H

#include "services/creosote_netconsole.h"

/* --- A datagram: creosote_netconsole_header.c */

struct netconsole_datagram {
	struct creosote_fields fields; /* but for text and dictionary */
	struct slice body;
	size_t offset, total; /* of a fragment; total 0: it is none */
};

/* False: it is not of the extended format. */
bool netconsole_parse(
    struct netconsole_datagram *datagram, const char *data, size_t len);

/* The last line " msgid=NUMBER" of a dictionary, if there is one. */
bool netconsole_find_msgid(struct slice dictionary, uint32_t *msgid);

/* Turns \xhh into bytes in place; returns the new length. */
size_t netconsole_unescape(char *text, size_t len);

/* --- Fragments: creosote_netconsole_wait.c */

/* A message of which something is missing. */
struct netconsole_waiting {
	uint64_t sender;
	char source[NETCONSOLE_SOURCE_SIZE];
	uint64_t order; /* of arrival */
	int64_t since_ns;
	struct creosote_fields fields; /* point into it, too */
	size_t total, have;
	char *bytes;         /* total of them; NULL: nothing waits here */
	unsigned char *came; /* a bit a byte, in the same memory */
};

struct netconsole_table {
	struct netconsole_waiting slots[NETCONSOLE_MESSAGES];
	uint64_t arrived; /* messages so far */
};

/* The message that this fragment is a part of; NULL: none waits. */
struct netconsole_waiting *netconsole_find(struct netconsole_table *table,
    uint64_t sender, const struct netconsole_datagram *datagram);

/*
 * The message that must go before one of so many bytes of this sender can
 * wait; NULL: there is room.
 */
struct netconsole_waiting *netconsole_find_victim(
    struct netconsole_table *table, uint64_t sender, size_t total);

/* The one that came first; NULL: none. */
struct netconsole_waiting *netconsole_oldest(struct netconsole_table *table);

/* Begins to wait, where there is room. NULL: out of memory. */
struct netconsole_waiting *
netconsole_wait(struct netconsole_table *table, uint64_t sender,
    const struct netconsole_datagram *datagram, int64_t now_ns);

/* Adds those bytes that have not come yet. */
void netconsole_fill(struct netconsole_waiting *waiting,
    const struct netconsole_datagram *datagram);

/* Room for the text of any message of so many bytes. */
#define NETCONSOLE_MARK_SIZE 32
#define NETCONSOLE_ROOM(total) \
	((total) + (NETCONSOLE_MARKS + 1) * NETCONSOLE_MARK_SIZE)

/* Writes what came, and marks what did not; returns the length. */
size_t netconsole_compose(const struct netconsole_waiting *waiting, char *out);

/* Waits no more: frees it. */
void netconsole_drop(struct netconsole_waiting *waiting);

/* --- msgid: creosote_netconsole_sender.c */

#define NETCONSOLE_WAYS 8

struct netconsole_sender {
	uint64_t id;
	int64_t heard_ns;
	uint64_t uptime_us; /* the highest */
	uint64_t seen;      /* bit n: newest - n has come */
	uint32_t newest;    /* msgid */
	bool is_used;
};

struct netconsole_senders {
	struct netconsole_sender sets[NETCONSOLE_SENDERS / NETCONSOLE_WAYS]
				     [NETCONSOLE_WAYS];
};

/* A message of this sender has come: fills lost and late. */
void netconsole_watch(struct netconsole_senders *senders, uint64_t id,
    uint32_t msgid, uint64_t uptime_us, int64_t now_ns,
    struct netconsole_note *note);

#endif
