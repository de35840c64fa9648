/* SPDX-License-Identifier: ISC */
/* The socket addresses that a text means. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

#define HOST_SIZE  256
#define QUOTE_SIZE 96

/* An address text taken apart: HOST, PORT, transports. */
struct parts {
	char host[HOST_SIZE];
	bool in_brackets;
	unsigned port;
	unsigned transports;
};

static int
append(struct address_list *list, const struct address *address)
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

/* Appends the host for each IP transport of the set; sa's port is set here. */
static int
append_host(struct address_list *list, const struct sockaddr *sa,
    const struct parts *parts, bool optional)
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
		    append(list, &address) == -1)
			return -1;
	}
	return 0;
}

static int
append_both(struct address_list *list, const struct parts *parts,
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

/* Looks the host up: a numeric address at once, a name at a name server. */
static int
append_lookup(
    struct address_list *list, const struct parts *parts, char why[WHY_SIZE])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found, *ai;
	char quoted[QUOTE_SIZE];
	int error;

	escape_quote(quoted, sizeof(quoted), parts->host);
	if (parts->in_brackets) {
		hints.ai_family = AF_INET6;
		hints.ai_flags = AI_NUMERICHOST;
	} else if (is_short_ipv4(parts->host)) {
		return why_set(why,
		    "host %s is no IPv4 address (write 4 decimal numbers)",
		    quoted);
	}
	error = getaddrinfo(parts->host, NULL, &hints, &found);
	if (error != 0 && parts->in_brackets)
		return why_set(why, "host %s is no IPv6 address", quoted);
	if (error != 0)
		return why_set(why, "host %s cannot be resolved: %s", quoted,
		    gai_strerror(error));
	for (ai = found; ai != NULL; ai = ai->ai_next)
		if (append_host(list, ai->ai_addr, parts, false) == -1)
			break;
	freeaddrinfo(found);
	if (ai == NULL)
		return 0;
	return why_set(why, "out of memory");
}

static int
append_parts(
    struct address_list *list, const struct parts *parts, char why[WHY_SIZE])
{
	int result = 0;

	if (parts->in_brackets)
		return append_lookup(list, parts, why);
	if (strcmp(parts->host, "*") == 0)
		result = append_both(list, parts, INADDR_ANY, &in6addr_any);
	else if (strcmp(parts->host, "localhost") == 0)
		result = append_both(
		    list, parts, INADDR_LOOPBACK, &in6addr_loopback);
	else
		return append_lookup(list, parts, why);
	if (result == -1)
		why_set(why, "out of memory");
	return result;
}

/* Reads decimal digits up to 65535 and nothing else. */
static int
parse_port(const char *text, size_t len, unsigned *port)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value > 65535)
		return -1;
	*port = value;
	return 0;
}

/* Takes /udp or /tcp off the end; *len becomes what is before it. */
static int
split_transport(const char *text, size_t *len, unsigned *transports)
{
	const char *slash = strchr(text, '/');

	if (slash == NULL)
		return 0;
	*len = (size_t)(slash - text);
	if (strcmp(slash, "/udp") == 0)
		*transports = TRANSPORT_UDP;
	else if (strcmp(slash, "/tcp") == 0)
		*transports = TRANSPORT_TCP;
	else
		return -1;
	return 0;
}

/*
 * Finds HOST in the first len bytes: returns where it begins, its length in
 * *host_len and where PORT begins in *port; NULL when the form is wrong.
 */
static const char *
split_host(const char *text, size_t len, size_t *host_len, const char **port)
{
	const char *colon = memrchr(text, ':', len);
	const char *bracket = memrchr(text, ']', len);

	*port = text;
	*host_len = 0;
	if (colon == NULL && bracket == NULL)
		return text;
	if (colon == NULL || colon == text)
		return NULL;
	*port = colon + 1;
	*host_len = (size_t)(colon - text);
	if (text[0] != '[')
		return bracket == NULL && memchr(text, ':', *host_len) == NULL
		    ? text
		    : NULL;
	if (bracket != colon - 1 || bracket == text + 1)
		return NULL;
	*host_len -= 2;
	return text + 1;
}

static int
parse_parts(const char *text, struct parts *parts, char why[WHY_SIZE])
{
	const char *host, *port;
	size_t len = strlen(text), host_len;

	if (split_transport(text, &len, &parts->transports) == -1)
		return why_set(why, "unknown transport (write /udp or /tcp)");
	host = split_host(text, len, &host_len, &port);
	if (host == NULL)
		return why_set(why,
		    "not an address (write HOST:PORT, an IPv6 HOST in [])");
	if (host_len >= sizeof(parts->host))
		return why_set(why, "host longer than %zu characters",
		    sizeof(parts->host) - 1);
	if (parse_port(port, len - (size_t)(port - text), &parts->port) == -1)
		return why_set(
		    why, "no port from 0 to 65535 (write HOST:PORT)");
	if (host_len == 0)
		strcpy(parts->host, "localhost");
	else
		*(char *)mempcpy(parts->host, host, host_len) = '\0';
	parts->in_brackets = host != text;
	return 0;
}

static int
parse_unix(const char *path, enum transport transport,
    struct address_list *list, char why[WHY_SIZE])
{
	struct address address = { .transport = transport };
	size_t len = strlen(path);

	if (path[0] != '/')
		return why_set(why, "not an absolute path (write %s:/path)",
		    address_transport_name(transport));
	if (len >= sizeof(address.u.un.sun_path))
		return why_set(why, "path longer than %zu characters",
		    sizeof(address.u.un.sun_path) - 1);
	address.u.un.sun_family = AF_UNIX;
	memcpy(address.u.un.sun_path, path, len + 1);
	address.len = sizeof(address.u.un);
	if (append(list, &address) == -1)
		return why_set(why, "out of memory");
	return 0;
}

#define NAMES_SIZE 32 /* "udp tcp unix unixgram" */

static void
list_transports(unsigned transports, const char *join, char names[NAMES_SIZE])
{
	names[0] = '\0';
	for (unsigned bit = TRANSPORT_UDP; bit <= TRANSPORT_UNIXGRAM; bit *= 2)
		if ((transports & bit) != 0) {
			strcat(names, names[0] != '\0' ? join : "");
			strcat(names, address_transport_name(bit));
		}
}

/* Says which transports may be written instead. */
static int
refuse_transport(unsigned wanted, unsigned allowed, char why[WHY_SIZE])
{
	char refused[NAMES_SIZE], possible[NAMES_SIZE];

	list_transports(wanted, " or ", refused);
	list_transports(allowed, " ", possible);
	return why_set(
	    why, "not served over %s (possible: %s)", refused, possible);
}

int
address_parse(const char *text, unsigned transports, struct address_list *list,
    char why[WHY_SIZE])
{
	struct parts parts = { .transports = TRANSPORT_UDP | TRANSPORT_TCP };
	size_t before = list->count;
	enum transport local = strncmp(text, "unix:", 5) == 0 ? TRANSPORT_UNIX
	    : strncmp(text, "unixgram:", 9) == 0 ? TRANSPORT_UNIXGRAM
						 : 0;

	if (local != 0) {
		if ((transports & local) == 0)
			return refuse_transport(local, transports, why);
		return parse_unix(strchr(text, ':') + 1, local, list, why);
	}
	if (parse_parts(text, &parts, why) == -1)
		return -1;
	if ((parts.transports & transports) == 0)
		return refuse_transport(parts.transports, transports, why);
	parts.transports &= transports;
	if (append_parts(list, &parts, why) == -1) {
		list->count = before;
		return -1;
	}
	return 0;
}
