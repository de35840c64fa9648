/* SPDX-License-Identifier: ISC */
/* Fuzzes addresses: what a text means, printed, means the same again. */
#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define TRANSPORTS_ALL (TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM)
#define TEXT_MAX_LEN   400

/* True when HOST may be a name: it would be asked of a name server. */
static bool
has_name(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;

	return len > 0 && text[0] != '[' && strncmp(text, "unix:", 5) != 0 &&
	    strncmp(text, "unixgram:", 9) != 0 &&
	    strncmp(text, "localhost:", 10) != 0 &&
	    strncmp(text, "*:", 2) != 0 && strspn(text, "0123456789.") < len;
}

static void
require_printable(const char *text)
{
	for (; *text != '\0'; text++)
		REQUIRE(*text >= ' ' && *text <= '~');
}

static bool
is_unix(const struct address *address)
{
	return address->u.sa.sa_family == AF_UNIX;
}

/* An escaped path is another path: only a plain one means itself. */
static bool
is_plain(const struct address *address)
{
	const char *path = address->u.un.sun_path;

	for (; is_unix(address) && *path != '\0'; path++)
		if (*path < ' ' || *path > '~' || *path == '\\')
			return false;
	return true;
}

static void
require_round_trip(const struct address *address)
{
	struct address_list again = { 0 };
	char text[ADDRESS_TEXT_SIZE], whole[ADDRESS_TEXT_SIZE + 16];
	const char *name = address_transport_name(address->transport);
	char why[WHY_SIZE];

	REQUIRE(
	    address_format(text, &address->u.sa, address->len) == strlen(text));
	require_printable(text);
	if (!is_plain(address))
		return;
	if (is_unix(address))
		snprintf(whole, sizeof(whole), "%s:%s", name, text);
	else
		snprintf(whole, sizeof(whole), "%s/%s", text, name);
	REQUIRE(address_parse(whole, TRANSPORTS_ALL, &again, why) == 0);
	REQUIRE(again.count == 1);
	REQUIRE(address_equal(&again.items[0], address));
	address_list_free(&again);
}

/* A unix address of the kernel's: these bytes, of which any may be NUL. */
static void
fuzz_format(const uint8_t *data, size_t size)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[ADDRESS_TEXT_SIZE];
	size_t len = size < sizeof(un.sun_path) ? size : sizeof(un.sun_path);

	memcpy(un.sun_path, data, len);
	len += offsetof(struct sockaddr_un, sun_path);
	REQUIRE(address_format(text, (struct sockaddr *)&un, (socklen_t)len) ==
	    strlen(text));
	require_printable(text);
}

/* The first byte is the set of transports, the rest is the text. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_list list = { 0 };
	char text[TEXT_MAX_LEN + 1], why[WHY_SIZE] = "";

	if (size == 0 || size > TEXT_MAX_LEN)
		return 0;
	fuzz_format(data + 1, size - 1);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (has_name(text))
		return 0;
	if (address_parse(text, data[0] & TRANSPORTS_ALL, &list, why) == -1) {
		REQUIRE(list.count == 0);
		REQUIRE(why[0] != '\0' && strlen(why) < WHY_SIZE);
	} else {
		REQUIRE(list.count > 0);
	}
	for (size_t i = 0; i < list.count; i++) {
		REQUIRE((list.items[i].transport & data[0]) != 0);
		require_round_trip(&list.items[i]);
	}
	address_list_free(&list);
	return 0;
}
