/* SPDX-License-Identifier: ISC */
/* Address texts taken apart: HOST, PORT and transport, or a path. */
#include "base/address.h"

#include <string.h>

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
	return bracket == colon - 1 && bracket > text + 1 ? text : NULL;
}

/* True for a HOST, bracketed or not, where a PORT might follow. */
static bool
is_host_alone(const char *text, size_t len)
{
	if (len == 0 || strspn(text, "0123456789") >= len)
		return false;
	if (text[0] == '[')
		return len > 2 && memchr(text, ']', len) == text + len - 1;
	return memchr(text, ':', len) == NULL && memchr(text, ']', len) == NULL;
}

/* Stores HOST without its brackets; none is localhost. */
static int
set_host(struct address_parts *parts, const char *host, size_t len,
    char why[WHY_SIZE])
{
	parts->in_brackets = len > 0 && host[0] == '[';
	if (parts->in_brackets) {
		host++;
		len -= 2;
	}
	if (len >= sizeof(parts->host))
		return why_set(why, "host longer than %zu characters",
		    sizeof(parts->host) - 1);
	if (len == 0)
		strcpy(parts->host, "localhost");
	else
		*(char *)mempcpy(parts->host, host, len) = '\0';
	return 0;
}

int
address_split(const char *text, int default_port, struct address_parts *parts,
    char why[WHY_SIZE])
{
	const char *host, *port;
	size_t len = strlen(text), host_len;

	parts->transports = TRANSPORT_UDP | TRANSPORT_TCP;
	if (split_transport(text, &len, &parts->transports) == -1)
		return why_set(why, "unknown transport (write /udp or /tcp)");
	if (default_port != ADDRESS_NO_PORT && is_host_alone(text, len)) {
		parts->port = (unsigned)default_port;
		return set_host(parts, text, len, why);
	}
	host = split_host(text, len, &host_len, &port);
	if (host == NULL)
		return why_set(why,
		    "not an address (write HOST:PORT, an IPv6 HOST in [])");
	if (set_host(parts, host, host_len, why) == -1)
		return -1;
	if (parse_port(port, len - (size_t)(port - text), &parts->port) == -1)
		return why_set(
		    why, "no port from 0 to 65535 (write HOST:PORT)");
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
	if (address_list_append(list, &address) == -1)
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
	struct address_parts parts;
	enum transport local = strncmp(text, "unix:", 5) == 0 ? TRANSPORT_UNIX
	    : strncmp(text, "unixgram:", 9) == 0 ? TRANSPORT_UNIXGRAM
						 : 0;

	if (local != 0) {
		if ((transports & local) == 0)
			return refuse_transport(local, transports, why);
		return parse_unix(strchr(text, ':') + 1, local, list, why);
	}
	if (address_split(text, ADDRESS_NO_PORT, &parts, why) == -1)
		return -1;
	if ((parts.transports & transports) == 0)
		return refuse_transport(parts.transports, transports, why);
	parts.transports &= transports;
	return address_resolve(&parts, -1, list, why);
}
