/* SPDX-License-Identifier: ISC */
/* Socket addresses: names, texts, comparison. */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/escape.h"

static const struct {
	enum transport transport;
	const char *name;
} transport_names[] = {
	{ TRANSPORT_UDP, "udp" },
	{ TRANSPORT_TCP, "tcp" },
	{ TRANSPORT_UNIX, "unix" },
	{ TRANSPORT_UNIXGRAM, "unixgram" },
};
#define TRANSPORT_COUNT (sizeof(transport_names) / sizeof(*transport_names))

const char *
address_transport_name(enum transport transport)
{
	for (size_t i = 0; i < TRANSPORT_COUNT; i++)
		if (transport_names[i].transport == transport)
			return transport_names[i].name;
	return "none";
}

int
address_list_append(struct address_list *list, const struct address *address)
{
	struct address *items =
	    reallocarray(list->items, list->count + 1, sizeof(*list->items));

	if (items == NULL)
		return -1;
	items[list->count] = *address;
	list->items = items;
	list->count++;
	return 0;
}

void
address_list_free(struct address_list *list)
{
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

/* Log receivers need one for each datagram. */
static size_t
format_ip4(char text[ADDRESS_TEXT_SIZE], const struct sockaddr_in *in)
{
	const unsigned char *byte = (const void *)&in->sin_addr;
	size_t len = 0;

	for (unsigned i = 0; i < 4; i++) {
		len += decimal_format(text + len, byte[i]);
		text[len++] = i < 3 ? '.' : ':';
	}
	len += decimal_format(text + len, ntohs(in->sin_port));
	text[len] = '\0';
	return len;
}

static size_t
format_ip6(char text[ADDRESS_TEXT_SIZE], const struct sockaddr_in6 *in6)
{
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
	if (in6->sin6_scope_id != 0)
		return (size_t)snprintf(text, ADDRESS_TEXT_SIZE, "[%s%%%u]:%u",
		    host, in6->sin6_scope_id, ntohs(in6->sin6_port));
	return (size_t)snprintf(
	    text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(in6->sin6_port));
}

/* Many datagrams often come from one sender: the last text is kept. */
static size_t
format_ip(char text[ADDRESS_TEXT_SIZE], const struct sockaddr *sa)
{
	static struct {
		struct sockaddr_in6 address; /* or the shorter one of IPv4 */
		size_t len;
		char text[ADDRESS_TEXT_SIZE];
	} last;
	bool is_ip4 = sa->sa_family == AF_INET;
	size_t size =
	    is_ip4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	if (memcmp(&last.address, sa, size) != 0) {
		memcpy(&last.address, sa, size);
		last.len = is_ip4 ? format_ip4(last.text, (const void *)sa)
				  : format_ip6(last.text, (const void *)sa);
	}
	memcpy(text, last.text, last.len + 1);
	return last.len;
}

/* Another's word for where it is: it must not look like another address. */
static bool
is_relative(const char *path)
{
	return path[0] != '/' && !(path[0] == '.' && path[1] == '/');
}

/*
 * A path of the other side's choosing: what does not fit escaped is cut. It may
 * fill sun_path without a NUL, and then the kernel's len counts one byte more.
 */
static size_t
format_unix(
    char text[ADDRESS_TEXT_SIZE], const struct sockaddr_un *un, socklen_t len)
{
	size_t offset = offsetof(struct sockaddr_un, sun_path);
	size_t path_len = len > offset ? len - offset : 0, used = 0, first;

	if (path_len > sizeof(un->sun_path))
		path_len = sizeof(un->sun_path);
	if (path_len == 0)
		return (size_t)(stpcpy(text, "unnamed") - text);
	if (un->sun_path[0] == '\0')
		text[used++] = '@';
	else
		path_len = strnlen(un->sun_path, path_len);
	first = used;
	if (used == 0 && is_relative(un->sun_path))
		used = (size_t)(stpcpy(text, "./") - text);
	for (size_t i = first; i < path_len; i++) {
		char piece[ESCAPE_GROWTH];
		size_t n = escape_repr(piece, un->sun_path + i, 1);

		if (used + n >= ADDRESS_TEXT_SIZE)
			break;
		memcpy(text + used, piece, n);
		used += n;
	}
	text[used] = '\0';
	return used;
}

size_t
address_format(
    char text[ADDRESS_TEXT_SIZE], const struct sockaddr *sa, socklen_t len)
{
	if ((len >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) ||
	    (len >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6))
		return format_ip(text, sa);
	if (len < sizeof(sa->sa_family) || sa->sa_family != AF_UNIX)
		len = 0;
	return format_unix(text, (const struct sockaddr_un *)sa, len);
}

unsigned
address_port(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)sa)->sin_port);
	if (sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)sa)->sin6_port);
	return 0;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->transport == b->transport && a->len == b->len &&
	    memcmp(&a->u, &b->u, a->len) == 0;
}
