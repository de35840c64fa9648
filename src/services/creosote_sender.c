/* SPDX-License-Identifier: ISC */
/* The names of senders, as those of files. */
#include "services/creosote_path.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"

/* Of a name that is cut, so that two stay two (FNV-1a). */
#define HASH_LEN 9

static uint32_t
hash(const char *text)
{
	uint32_t value = 2166136261u;

	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * 16777619u;
	return value;
}

static bool
is_harmless(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* A name that its sender chose: @NAME, /PATH or PATH. */
static void
name_unix(char out[SENDER_NAME_SIZE], const char *text)
{
	size_t len = 0;

	out[len++] = *text == '@' ? '@' : '_';
	if (*text == '@' || *text == '/')
		text++;
	else
		text += 2; /* of "./" */
	for (const char *c = text; *c != '\0'; c++) {
		if (len == SENDER_NAME_SIZE - 1) {
			snprintf(out + len - HASH_LEN, HASH_LEN + 1, "~%08x",
			    (unsigned)hash(text));
			return;
		}
		out[len++] = is_harmless(*c) ? *c : '_';
	}
	out[len] = '\0';
}

/* 192.0.2.7:40123 or [2001:db8::7]:40123, or one with %ZONE. */
static void
name_internet(char out[SENDER_NAME_SIZE], char *text)
{
	size_t len = 0;

	*strrchr(text, ':') = '\0';
	for (const char *c = text; *c != '\0' && *c != ']'; c++)
		if (*c != '[' && len < SENDER_NAME_SIZE - 1)
			out[len++] = is_harmless(*c) || *c == ':' || *c == '%'
			    ? *c
			    : '_';
	out[len] = '\0';
}

void
sender_name(
    char out[SENDER_NAME_SIZE], const struct sockaddr *peer, socklen_t len)
{
	char text[ADDRESS_TEXT_SIZE];

	text[address_format(text, peer, len)] = '\0';
	if (strcmp(text, "unnamed") == 0)
		strcpy(out, text);
	else if (peer->sa_family != AF_UNIX)
		name_internet(out, text);
	else
		name_unix(out, text);
}

/* An address, of IPv6 perhaps with a zone. */
static bool
is_internet(char *text)
{
	char *zone = strchr(text, '%');
	struct sockaddr_storage address;

	if (zone != NULL)
		*zone = '\0';
	return address_parse_host(&address, text) != 0 &&
	    (zone == NULL || address.ss_family == AF_INET6);
}

bool
sender_is_name(const char *text, size_t len)
{
	char name[SENDER_NAME_SIZE];

	if (len == 0 || len >= sizeof(name))
		return false;
	*(char *)mempcpy(name, text, len) = '\0';
	return name[0] == '_' || name[0] == '@' ||
	    strcmp(name, "unnamed") == 0 || is_internet(name);
}
