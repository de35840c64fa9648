/* SPDX-License-Identifier: ISC */
/* Whom a command asks. */
#include "client/target.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"

#define QUOTE_SIZE 96

/* What was typed, as messages repeat it; what does not fit is cut. */
static void
set_name(struct target *target, const char *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0;
	     i < len && used < sizeof(target->name) - ESCAPE_GROWTH; i++)
		used += escape_repr(target->name + used, text + i, 1);
	target->name[used] = '\0';
}

static void
set_host_name(struct target *target, const struct address_parts *parts)
{
	char
	    text[sizeof(parts->host) + sizeof("[]:") + 3 * sizeof(parts->port)];
	bool is_ipv6 = strchr(parts->host, ':') != NULL;

	snprintf(text, sizeof(text), "%s%s%s:%u", is_ipv6 ? "[" : "",
	    parts->host, is_ipv6 ? "]" : "", parts->port);
	set_name(target, text, strlen(text));
}

static enum status
find_unix(
    struct target *target, const struct target_rules *rules, const char *text)
{
	char why[WHY_SIZE], quoted[QUOTE_SIZE];

	if (address_parse(text, rules->transports, &target->list, why) == -1)
		return command_refuse(rules->command, "address %s: %s",
		    escape_quote(quoted, sizeof(quoted), text), why);
	set_name(target, text, strlen(text));
	target->transports = target->list.items[0].transport;
	return STATUS_OK;
}

/* As in a list of a configuration, or at the end of a command. */
static enum status
refuse_separator(
    const struct target_rules *rules, const char *text, char separator)
{
	char quoted[QUOTE_SIZE];

	return command_refuse(rules->command,
	    "address %s: '%c' is no part of an address (%s)",
	    escape_quote(quoted, sizeof(quoted), text), separator, rules->hint);
}

static enum status
split(struct target *target, const struct target_rules *rules, const char *text,
    struct address_parts *parts)
{
	char why[WHY_SIZE], quoted[QUOTE_SIZE];
	int result = address_split(text, rules->default_port, parts, why);

	escape_quote(quoted, sizeof(quoted), text);
	if (result == -1)
		return command_refuse(
		    rules->command, "address %s: %s", quoted, why);
	if (strcmp(parts->host, "*") == 0 || parts->port == 0)
		return command_refuse(rules->command,
		    "address %s: a service listens on it, but none is there",
		    quoted);
	if ((parts->transports & rules->transports) == 0)
		return command_refuse(rules->command,
		    "address %s: not over %s (%s)", quoted,
		    address_transport_name(parts->transports), rules->hint);
	parts->transports &= rules->transports;
	if (rules->usual != 0 &&
	    parts->transports == (TRANSPORT_UDP | TRANSPORT_TCP))
		parts->transports = rules->usual;
	target->transports = parts->transports;
	target->port = parts->port;
	set_host_name(target, parts);
	return STATUS_OK;
}

enum status
target_find(struct target *target, const struct target_rules *rules,
    const char *text, int timeout_ms)
{
	const char *separator = strpbrk(text, ";,");
	struct address_parts parts;
	char why[WHY_SIZE];
	enum status status;

	*target = (struct target){ 0 };
	if (strncmp(text, "unix:", 5) == 0 ||
	    strncmp(text, "unixgram:", 9) == 0)
		return find_unix(target, rules, text);
	if (separator != NULL)
		return refuse_separator(rules, text, *separator);
	status = split(target, rules, text, &parts);
	if (status != STATUS_OK)
		return status;
	if (address_resolve(&parts, timeout_ms, &target->list, why) == 0)
		return STATUS_OK;
	log_error("%s (%s)", why, rules->hint);
	return STATUS_FAILED;
}

void
target_free(struct target *target)
{
	address_list_free(&target->list);
}

const char *
target_suffix(unsigned transport)
{
	return transport == TRANSPORT_UDP ? "/udp"
	    : transport == TRANSPORT_TCP  ? "/tcp"
					  : "";
}

enum status
target_complain(
    const struct target *target, unsigned transport, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_error("%s%s: %s", target->name, target_suffix(transport), text);
	return STATUS_FAILED;
}
