/* SPDX-License-Identifier: ISC */
/* Passing messages on to another bucket. */
#include "services/creosote_forward.h"

#include <string.h>

/* The same for all who may be the sender, or nobody. */
static bool
is_no_peer(const struct address *address)
{
	if (address_port(&address->u.sa) == 0)
		return true;
	if (address->u.sa.sa_family == AF_INET)
		return address->u.in.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&address->u.in6.sin6_addr);
}

static int
find_peer(const char *text, struct address *peer, char why[WHY_SIZE])
{
	struct address_list found = { .items = NULL };
	struct address_parts parts;

	if (address_split(text, FORWARD_PORT, &parts, why) == -1)
		return -1;
	if ((parts.transports & TRANSPORT_UDP) == 0)
		return why_set(why, "buckets are reached over udp only");
	parts.transports = TRANSPORT_UDP;
	if (address_resolve(&parts, -1, &found, why) == -1)
		return -1;
	*peer = found.items[0];
	address_list_free(&found);
	if (is_no_peer(peer))
		return why_set(why, "no address of one peer (write HOST:PORT)");
	return 0;
}

bool
forward_find(const char *text, struct address *peer)
{
	struct sockaddr_storage host;
	struct address_parts parts;
	char why[WHY_SIZE];

	return address_split(text, FORWARD_PORT, &parts, why) == 0 &&
	    (strcmp(parts.host, "localhost") == 0 ||
		address_parse_host(&host, parts.host) != 0) &&
	    find_peer(text, peer, why) == 0;
}

struct relay *
forward_new(const char *text, char why[WHY_SIZE])
{
	struct relay *relay = NULL;
	struct address peer;

	if (find_peer(text, &peer, why) == 0 &&
	    (relay = relay_new(&peer, false)) == NULL)
		(void)why_set(why, "out of memory");
	return relay;
}

void
forward_add(struct relay *relay, struct slice message)
{
	char *room = relay_reserve(relay, message.len);

	if (room == NULL)
		return;
	if (message.len > 0)
		memcpy(room, message.data, message.len);
	relay_commit(relay, message.len);
}
