/* SPDX-License-Identifier: ISC */
/* Opens the sockets that netlabd serves, and asks them about themselves. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"

struct socket_config {
	uint64_t receive_buffer; /* bytes wanted; 0: the system's default */
	bool reuse_port;         /* others of the same user may bind it too */
	uid_t owner;             /* that user; 0: who opens it */
	int backlog;             /* connections that may wait; for streams */
	bool kernel_time; /* datagrams tell when they came in; see below */
	bool one_way;     /* no datagram is answered; see below */
	/* Of a unix socket's path, the owner's right to connect in addition. */
	mode_t mode; /* 0: as the umask has it */
	bool has_group;
	gid_t group; /* of the path */
};

/*
 * Opens, binds and (streams) listens: non-blocking, closed on exec, a datagram
 * socket telling which address was asked, unless it is one-way, and what it
 * dropped. A unix socket that nobody serves any more is replaced. Returns the
 * descriptor, or -1 with errno set and, in why, what failed and what to do
 * about it.
 */
int socket_open(const struct address *address,
    const struct socket_config *config, char why[WHY_SIZE]);

/*
 * Looks, and changes nothing, whether a unix socket could be made at its path
 * as the directory is now: 0, or -1 with why. Of others it knows nothing: 0.
 */
int socket_probe(const struct address *address, char why[WHY_SIZE]);

/*
 * Makes an open socket, bound to the address, one of ours, that may be answered
 * from unless it is one-way; whoever else has it notices nothing. Returns it,
 * or -1 with errno and why, and then it is closed.
 */
int socket_adopt(
    int fd, const struct address *address, bool one_way, char why[WHY_SIZE]);

/*
 * Gives an adopted socket this configuration. A receive buffer that was granted
 * to somebody more privileged does not shrink below what is asked. -1 with
 * errno: all but the mode and the group of its path, which stay.
 */
int socket_tune(int fd, const struct socket_config *config);

/*
 * Whether the kernel tells with each datagram when it came in. While any socket
 * of the machine asks for it, every packet is stamped; so only those ask that
 * use it. What waited from before is stamped as it is received.
 */
void socket_set_kernel_time(int fd, bool wanted);

/*
 * Whether the kernel tells with each datagram over UDP which address it was
 * sent to: 0, or -1 with errno. Only who answers needs it, and it is part of
 * what receiving costs. Of the address it is, or will be, bound to depends
 * whether there is anything to tell.
 */
int socket_set_destination(int fd, const struct address *address, bool wanted);

/*
 * Gives a unix socket's path the mode and the group of the configuration, where
 * it has them, and its owner the right to connect: 0, or -1 with errno. Nothing
 * to do for others.
 */
int socket_set_access(int fd, const struct socket_config *config);

/* Whether others of the same user may bind its port too (SO_REUSEPORT). */
int socket_share_port(int fd, bool share);
bool socket_shares_port(int fd);

/*
 * Has others that share its UDP port get all that comes from now on: what has
 * come can be read in peace, and then nothing is lost by closing it. Nothing
 * to do for a socket that does not share. It serves for nothing else
 * afterwards.
 */
void socket_leave_port(int fd);

/* Asks for so many bytes of receive buffer; 0: leaves it as it is. */
void socket_set_receive_buffer(int fd, uint64_t bytes);

/* Bytes of receive buffer that the system granted, as asked (not doubled). */
uint64_t socket_receive_buffer(int fd);

/* Datagrams that the kernel dropped since the socket was opened, mod 2^32. */
uint32_t socket_drops(int fd);

/*
 * How many of them have been told. The socket keeps it itself, over a restart
 * and a crash: in its receive time-out, which means nothing to one that never
 * waits.
 */
void socket_note_drops(int fd, uint32_t drops);
uint32_t socket_noted_drops(int fd);

/*
 * Bytes sent over TCP, the end included, that the peer's system has not
 * acknowledged; 0 of other transports, where nothing is on its way.
 */
size_t socket_unsent(int fd);

/* True when it is bound to all addresses, so that answers must name theirs. */
bool socket_is_wildcard(int fd);

/* The UDP port it is bound to, in host byte order; 0 of other transports. */
unsigned socket_udp_port(int fd);

/*
 * The bound address, with the port that the system chose, and the transport. 0,
 * or -1: it is no socket, or (EPROTOTYPE) of none of our transports.
 */
int socket_get_address(int fd, struct address *address);

/* Writes that address; "" when it is no socket. */
void socket_format_local(int fd, char text[ADDRESS_TEXT_SIZE]);

/* The transport alone; 0 when it is no socket. */
enum transport socket_transport(int fd);

/*
 * Closes it and removes a unix socket's path, unless somebody has a copy of the
 * socket and so still serves it.
 */
void socket_close(int fd);

/*
 * Closes one that nobody is to serve again, and removes its path though systemd
 * may still have a copy.
 */
void socket_discard(int fd);

#endif
