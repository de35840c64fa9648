/* SPDX-License-Identifier: ISC */
/* Sets of port numbers. */
#include "base/ports.h"

/* Takes decimal digits off the text: the port, or -1. */
static int
take_port(const char **text)
{
	const char *at = *text;
	int port = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		port = port * 10 + (*at - '0');
		if (port >= PORTS_COUNT)
			return -1;
	}
	if (at == *text)
		return -1;
	*text = at;
	return port;
}

int
ports_add(struct ports *ports, const char *text, char why[WHY_SIZE])
{
	const char *at = text;
	int first = take_port(&at), last = first;

	if (first != -1 && *at == '-') {
		at++;
		last = take_port(&at);
	}
	if (first == -1 || last < first || *at != '\0')
		return why_set(why,
		    "no port and no range of ports (write a number up to "
		    "65535, or two as in 7000-7100)");
	for (unsigned port = (unsigned)first; port <= (unsigned)last; port++)
		ports->words[port / 64] |= UINT64_C(1) << port % 64;
	return 0;
}

bool
ports_has(const struct ports *ports, unsigned port)
{
	return (ports->words[port / 64] >> port % 64 & 1) != 0;
}
