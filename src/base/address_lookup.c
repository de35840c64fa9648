/* SPDX-License-Identifier: ISC */
/* The addresses of a host's name, within a time. */
#include "base/address_lookup.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* A look-up that may outlive its caller owns what it reads and writes. */
struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char host[];
};

static struct lookup *
lookup_new(const char *host)
{
	size_t size = strlen(host) + 1;
	struct lookup *lookup = calloc(1, sizeof(*lookup) + size);

	if (lookup == NULL)
		return NULL;
	memcpy(lookup->host, host, size);
	lookup->hints.ai_socktype = SOCK_STREAM;
	lookup->request.ar_name = lookup->host;
	lookup->request.ar_request = &lookup->hints;
	return lookup;
}

/*
 * getaddrinfo(3) has no time-out, so it runs in a thread of the C library. One
 * that is still running when the time is over cannot be freed.
 */
static int
lookup_within(const char *host, int timeout_ms, struct addrinfo **found)
{
	struct timespec left = { .tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L };
	struct lookup *lookup = lookup_new(host);
	struct gaicb *list[1];
	int error;

	if (lookup == NULL)
		return EAI_MEMORY;
	list[0] = &lookup->request;
	error = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (error == 0) {
		gai_suspend((const struct gaicb *const *)list, 1, &left);
		error = gai_error(&lookup->request);
		if (error == EAI_INPROGRESS &&
		    gai_cancel(&lookup->request) != EAI_CANCELED)
			return EAI_INPROGRESS;
		*found = lookup->request.ar_result;
	}
	free(lookup);
	return error;
}

int
address_lookup(const char *host, int timeout_ms, struct addrinfo **found)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

	if (timeout_ms >= 0)
		return lookup_within(host, timeout_ms, found);
	return getaddrinfo(host, NULL, &hints, found);
}
