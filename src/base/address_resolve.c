/* SPDX-License-Identifier: ISC */
/* The socket addresses that a HOST, a PORT and transports mean. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "base/address_lookup.h"
#include "base/escape.h"

#define QUOTE_SIZE 96

/* Appends the host for each IP transport of the set; sa's port is set here. */
static int
append_host(struct address_list *list, const struct sockaddr *sa,
    const struct address_parts *parts, bool optional)
{
	static const enum transport ip[] = { TRANSPORT_UDP, TRANSPORT_TCP };
	struct address address = { .optional = optional };

	address.len = sa->sa_family == AF_INET ? sizeof(address.u.in)
					       : sizeof(address.u.in6);
	memcpy(&address.u, sa, address.len);
	if (sa->sa_family == AF_INET)
		address.u.in.sin_port = htons((uint16_t)parts->port);
	else
		address.u.in6.sin6_port = htons((uint16_t)parts->port);
	for (size_t i = 0; i < sizeof(ip) / sizeof(*ip); i++) {
		address.transport = ip[i];
		if ((parts->transports & ip[i]) != 0 &&
		    address_list_append(list, &address) == -1)
			return -1;
	}
	return 0;
}

static int
append_both(struct address_list *list, const struct address_parts *parts,
    in_addr_t ipv4, const struct in6_addr *ipv6)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	in.sin_addr.s_addr = htonl(ipv4);
	in6.sin6_addr = *ipv6;
	if (append_host(list, (struct sockaddr *)&in, parts, false) == -1)
		return -1;
	return append_host(list, (struct sockaddr *)&in6, parts, true);
}

/*
 * True of all that looks like an IPv4 address to the resolver but is not one in
 * full: it takes 1 for 0.0.0.1 and 010.0.0.1 for 8.0.0.1.
 */
static bool
is_short_ipv4(const char *host)
{
	struct in_addr in;

	return inet_pton(AF_INET, host, &in) != 1 &&
	    (host[strspn(host, "0123456789.")] == '\0' ||
		inet_aton(host, &in) != 0);
}

/* True of an IPv6 address of an interface: that one is not there, or not yet.
 */
static bool
is_of_interface(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	const char *percent = strchr(host, '%');
	size_t len = percent != NULL ? (size_t)(percent - host) : 0;
	struct in6_addr in6;

	if (percent == NULL || percent[1] == '\0' || len >= sizeof(address))
		return false;
	*(char *)mempcpy(address, host, len) = '\0';
	return inet_pton(AF_INET6, address, &in6) == 1;
}

/* Why what stands in brackets is no address: -1. */
static int
refuse_ipv6(const char *host, const char *quoted, char why[WHY_SIZE])
{
	if (!is_of_interface(host))
		return why_set(why, "host %s is no IPv6 address", quoted);
	address_lookup_note_failure();
	return why_set(why, "host %s: there is no such interface", quoted);
}

/* Finds the addresses of a numeric host at once, of a name by a look-up. */
static int
find_host(const struct address_parts *parts, int timeout_ms,
    struct addrinfo **found, char why[WHY_SIZE])
{
	struct addrinfo numeric = { .ai_family =
					parts->in_brackets ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST };
	char quoted[QUOTE_SIZE];
	int error;

	escape_quote(quoted, sizeof(quoted), parts->host);
	if (!parts->in_brackets && is_short_ipv4(parts->host))
		return why_set(why,
		    "host %s is no IPv4 address (write 4 decimal numbers)",
		    quoted);
	if (getaddrinfo(parts->host, NULL, &numeric, found) == 0)
		return 0;
	if (parts->in_brackets)
		return refuse_ipv6(parts->host, quoted, why);
	error = address_lookup(parts->host, timeout_ms, found);
	if (error == 0)
		return 0;
	return why_set(why, "host %s cannot be resolved: %s", quoted,
	    error == EAI_INPROGRESS ? "no name server answers (an address "
				      "needs none)"
				    : gai_strerror(error));
}

static int
append_found(struct address_list *list, const struct address_parts *parts,
    int timeout_ms, char why[WHY_SIZE])
{
	struct addrinfo *found = NULL, *ai;

	if (find_host(parts, timeout_ms, &found, why) == -1)
		return -1;
	for (ai = found; ai != NULL; ai = ai->ai_next)
		if (append_host(list, ai->ai_addr, parts, false) == -1)
			break;
	freeaddrinfo(found);
	return ai == NULL ? 0 : why_set(why, "out of memory");
}

int
address_resolve(const struct address_parts *parts, int timeout_ms,
    struct address_list *list, char why[WHY_SIZE])
{
	bool is_all = !parts->in_brackets && strcmp(parts->host, "*") == 0;
	bool is_localhost =
	    !parts->in_brackets && strcmp(parts->host, "localhost") == 0;
	size_t before = list->count;
	int result = 0;

	if (!is_all && !is_localhost)
		result = append_found(list, parts, timeout_ms, why);
	else if (append_both(list, parts, is_all ? INADDR_ANY : INADDR_LOOPBACK,
		     is_all ? &in6addr_any : &in6addr_loopback) == -1)
		result = why_set(why, "out of memory");
	if (result == -1)
		list->count = before;
	return result;
}
