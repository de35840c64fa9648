/* SPDX-License-Identifier: ISC */
/*
 * What a service is. A service type gets bytes and gives bytes; the core knows
 * its sockets, limits and log. Adding one is a file in services/ and a line in
 * Makefile.am.
 */
#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/history.h"
#include "base/option.h"
#include "base/why.h"
#include "net/datagram.h"
#include "net/outlet.h"
#include "net/shelf.h"
#include "net/stream.h"

struct service;

/* Receives one figure of a service, by name. */
typedef void service_figure_fn(void *arg, const char *name, uint64_t value);

/* Receives a path that a service makes something at. */
typedef void service_path_fn(void *arg, const char *path);

/* Receives what a service says of itself, by name; the texts are copied. */
struct service_words {
	void (*number)(void *arg, const char *name, uint64_t value);
	void (*text)(void *arg, const char *name, const char *text);
	void *arg;
};

/* A kind of service. Every slot but name and summary may be NULL or 0. */
struct service_type {
	const char *name;    /* of its section in netlabd.conf */
	const char *summary; /* one line for people */
	const char *example; /* a command to try it, %s is HOST:PORT */

	const struct option *options; /* its own option rows */
	size_t settings_size;         /* of the struct that they fill */
	size_t state_size;            /* of its state, zeroed, one a service */
	size_t stream_state_size;     /* and one a connection */

	/* Options that depend on each other: 0, or -1 with why. */
	int (*check)(const void *settings, char why[WHY_SIZE]);
	/* Those of two services that check has passed, either way round. */
	int (*check_pair)(
	    const void *settings, const void *other, char why[WHY_SIZE]);

	/* Whether start would find it, as far as can be seen: as check. */
	int (*probe)(const void *settings, char why[WHY_SIZE]);
	/*
	 * Where it sends datagrams of its own over UDP, as far as that is known
	 * without a name server: netlabd sends nothing to itself. False:
	 * nowhere, or it is not known.
	 */
	bool (*target)(const void *settings, struct address *target);
	/* Names the files that it makes or writes to, one of each directory. */
	void (*paths)(const void *settings, service_path_fn *add, void *arg);

	/* Opens what it needs (files): 0, or -1 with why. stop undoes it. */
	int (*start)(struct service *service, char why[WHY_SIZE]);
	void (*stop)(struct service *service);
	/*
	 * A reload put it in the place of another of its type and name, which
	 * listens no more but may have connections yet: it takes over what that
	 * one has in hand.
	 */
	void (*succeed)(struct service *service, struct service *other);
	/* Opens its files anew, for log rotation: 0, or -1 with why. */
	int (*reopen)(struct service *service, char why[WHY_SIZE]);
	/* The time of service_set_timer() has come. */
	void (*timer)(struct service *service);
	/* Begins a new file now and keeps the old one: 0, or -1 with why. */
	int (*rotate)(struct service *service, char why[WHY_SIZE]);

	/*
	 * One datagram: may rewrite data up to size and set len; true: send it
	 * back, unless len is above size.
	 */
	bool (*datagram)(struct service *service, struct datagram *datagram);
	/*
	 * It never answers datagrams: the loop guard stands aside, and nobody
	 * asks the kernel where one was sent to.
	 */
	bool one_way;
	/* Its answers do not depend on what a datagram says: net/pair.h. */
	bool ignores_data;
	/* received_ns is when the kernel got a datagram, not when we did. */
	bool kernel_time;
	/*
	 * Bytes that an answer needs for each of the question, with headers,
	 * where amplification is not set; 0: one. See struct datagram_config.
	 */
	unsigned amplification;
	/* How long datagrams may gather; see struct datagram_config. */
	uint64_t (*gather)(const struct service *service);
	/* The kernel dropped datagrams at this place in the sequence. */
	void (*lost)(
	    struct service *service, const char *local, uint64_t count);
	/*
	 * After each batch of datagrams, and what one reading of a connection
	 * brought (its end, too): write out what was gathered.
	 */
	void (*batch_end)(struct service *service);
	/*
	 * True while something that it was given, or told to be lost, would be
	 * gone with the process: its sockets do not take losses for told, and
	 * it is given time. After stop: it never got where it was to go.
	 */
	bool (*waits)(const struct service *service);

	/* Those it may serve, of what its slots can; 0: all of them. */
	unsigned transports;

	/* Connections; served when any slot is set. */
	struct stream_handler stream;
	/* The most of them at once, whatever max-connections; 0: as that says.
	 */
	size_t connections_max;
	/* The longest line that stream.line takes, in bytes with its end. */
	size_t (*max_line)(const struct service *service);

	/* Adds its own figures to the common ones; zeros are left out. */
	void (*report)(
	    const struct service *service, service_figure_fn *add, void *arg);
	/* Says how it stands now, for status: its file, what waits. */
	void (*describe)(
	    const struct service *service, const struct service_words *words);

	/* Its last messages; NULL: it keeps none. They end in stop. */
	struct history *(*history)(struct service *service);
	/*
	 * Writes one of them as one JSON object, without newline or NUL, and
	 * returns its length; 0: it does not fit.
	 */
	size_t (*history_json)(const struct service *service,
	    const struct history_item *item, char *out, size_t size);
};

/* For services: what they may ask of the service they are. */
const char *service_name(const struct service *service);
const struct service_type *service_type(const struct service *service);
const void *service_settings(const struct service *service);
void *service_state(struct service *service);
const void *service_state_const(const struct service *service);
struct service *stream_service(const struct stream *stream);

/* True once a reload has changed or removed it: service_retire(). */
bool service_is_retired(const struct service *service);

/* Who is in its place since a reload; NULL: nobody of its type. */
struct service *service_successor(const struct service *service);

/*
 * Calls the timer slot once, after ms milliseconds; a later call replaces an
 * earlier one; negative: not at all. From any slot, also before it listens.
 * Stopping the service ends it, after the stop slot.
 */
void service_set_timer(struct service *service, int64_t ms);

/* Transports that a type serves, as bits of enum transport. */
unsigned service_transports(const struct service_type *type);

/* The rows that all types have; a type's own are in its options. */
const struct option *service_common_options(void);

/* A row of the type's own, or of the common ones; NULL: no such option. */
const struct option *
service_find_option(const struct service_type *type, const char *name);

/*
 * A service with every option at its default; name is copied. NULL: out of
 * memory. service_free() stops it first.
 */
struct service *service_new(const struct service_type *type, const char *name);
void service_free(struct service *service);

/* Sets an option, as option_set(); addresses of `listen` are resolved. */
int service_set_option(struct service *service, const struct option *row,
    const char *text, char why[WHY_SIZE]);

/*
 * Who may come to services that have no lists of their own (NULL: everybody),
 * and that all of them only tell whom they would refuse. Holds the set.
 */
void service_set_access(
    struct service *service, struct network_set *networks, bool log_only);

/*
 * Takes from another of its name who may come in, and gives its own in return:
 * from now on that holds for datagrams, new connections, and those there are.
 */
void service_take_access(struct service *service, struct service *from);

/*
 * The same of one that was retired, by what its successor has now, or, without
 * one, by the lists of all services where it has none of its own: whom they
 * deny does not stay with what was before.
 */
void service_follow_access(
    struct service *service, struct network_set *networks, bool log_only);

/* Whom allow, deny and its rates refuse is only told. */
bool service_is_log_only(const struct service *service);

/* Checks options against each other and that it listens: 0, or -1 with why. */
int service_check(const struct service *service, char why[WHY_SIZE]);

/* Checks two against each other, either way round: as above. */
int service_check_pair(const struct service *service,
    const struct service *other, char why[WHY_SIZE]);

/* The addresses it is to listen on. */
const struct address_list *service_addresses(const struct service *service);

/* Calls file and socket for each path that it makes such things at. */
void service_each_path(const struct service *service, service_path_fn *file,
    service_path_fn *socket, void *arg);

/*
 * True when both have the same type, name, addresses and options, but for those
 * that service_take_access() changes as it runs.
 */
bool service_is_equal(const struct service *a, const struct service *b);

/*
 * Whose the sockets are to be that it opens: one can share its port with those
 * of its owner alone (SO_REUSEPORT), and root may be about to become another.
 */
void service_set_owner(struct service *service, uid_t owner);

/*
 * Says which sockets of the shelf it will take, so that others can have the
 * ports of the rest. All that are to listen say so before the first does.
 */
void service_claim(const struct service *service, struct shelf *shelf);

/*
 * Opens its sockets, or takes those that wait on the shelf and leaves them as
 * they are for now. Returns 0, or -1 with why and no socket open. pool counts
 * the connections of all services and outlives it.
 */
int service_listen(struct service *service, struct event_base *base,
    struct stream_pool *pool, struct shelf *shelf, char why[WHY_SIZE]);

/*
 * Gives the sockets that it took the buffers and the backlog of its options,
 * once nothing can fail any more; with privileges, if there are any.
 */
void service_settle(struct service *service);

/*
 * Looks, and changes nothing, whether this process could open its files as they
 * are now: 0, or -1 with why. Another one, or a later one, may find otherwise.
 */
int service_probe(const struct service *service, char why[WHY_SIZE]);

/* The same of the directories of its unix sockets. */
int service_probe_sockets(const struct service *service, char why[WHY_SIZE]);

/* Opens its files: 0, or -1 with why. Without privileges, unlike listening. */
int service_start(struct service *service, char why[WHY_SIZE]);

/* Puts copies of its sockets on the shelf; -1: out of memory, descriptors. */
int service_share(const struct service *service, struct shelf *shelf);

/*
 * Stops listening. Connections go on; service_connections() tells how many are
 * left. Of its shared sockets, those left on the shelf were not taken over:
 * what waits in them is served; in the others it waits for who took them.
 */
void service_retire(struct service *service, const struct shelf *left);
size_t service_connections(const struct service *service);

/*
 * Tells one that was retired who is in its place now (NULL: nobody), and that
 * one to take over what it has in hand. Who is in its place outlives it, or it
 * is told of another.
 */
void service_set_successor(struct service *service, struct service *successor);

/*
 * Stops listening and answers what was received; connections end when their
 * output is sent. For good: nobody has copies of its sockets, to go on with.
 */
void service_stop_listening(struct service *service, bool for_good);

/* Ends what is left, flushes and closes its files. */
void service_stop(struct service *service);

/* Undoes listening and starting without serving what waits. */
void service_cancel(struct service *service);

/* Opens its files anew; failures are logged and the old ones kept. */
void service_reopen(struct service *service);

/* Begins new files, if its type has the slot: 0, or -1 with why. */
int service_rotate(struct service *service, char why[WHY_SIZE]);

/* True while it has something in hand, as the slot says. */
bool service_waits(const struct service *service);

/* How many sockets it still listens on. */
size_t service_count_sockets(const struct service *service);

/* Calls add for each socket that it still listens on. */
typedef void service_socket_fn(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin);
void service_each_socket(
    const struct service *service, service_socket_fn *add, void *arg);

/* Bytes of receive buffer asked, and the least that a socket was granted. */
void service_receive_buffer(
    const struct service *service, uint64_t *asked, uint64_t *granted);

/* Calls add for each figure that is not zero. */
void service_report(
    const struct service *service, service_figure_fn *add, void *arg);

#endif
