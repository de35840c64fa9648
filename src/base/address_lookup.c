/* SPDX-License-Identifier: ISC */
/* The addresses of a host's name, within a time. */
#include "base/address_lookup.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

/* Look-ups that were given up and still run; more than these are not begun. */
#define ABANDONED_MAX 8

/* A look-up that may outlive its caller owns what it reads and writes. */
struct lookup {
	struct lookup *next; /* abandoned, too */
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

static struct lookup *abandoned;
static int64_t bound_ms = -1; /* of clock_monotonic_ms(); -1: none */

/* Frees the abandoned ones that have come to an end; how many have not. */
static unsigned
reap(void)
{
	unsigned count = 0;

	for (struct lookup **at = &abandoned; *at != NULL;) {
		struct lookup *lookup = *at;

		if (gai_error(&lookup->request) == EAI_INPROGRESS) {
			at = &lookup->next;
			count++;
			continue;
		}
		*at = lookup->next;
		if (lookup->request.ar_result != NULL)
			freeaddrinfo(lookup->request.ar_result);
		free(lookup);
	}
	return count;
}

/* Waits for its end: 0, or an EAI_ number, EAI_INPROGRESS if it still runs. */
static int
await(struct lookup *lookup, int timeout_ms)
{
	const struct gaicb *list[1] = { &lookup->request };
	struct timespec left = { .tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L };
	int error;

	gai_suspend(list, 1, &left);
	error = gai_error(&lookup->request);
	if (error == EAI_INPROGRESS &&
	    gai_cancel(&lookup->request) == EAI_CANCELED)
		return EAI_CANCELED;
	return error;
}

/*
 * getaddrinfo(3) has no time-out, so it runs in a thread of the C library. One
 * that is still running when the time is over is freed when it has ended.
 */
static int
lookup_within(const char *host, int timeout_ms, struct addrinfo **found)
{
	struct lookup *lookup;
	struct gaicb *list[1];
	int error;

	if (reap() >= ABANDONED_MAX)
		return EAI_INPROGRESS;
	if ((lookup = lookup_new(host)) == NULL)
		return EAI_MEMORY;
	list[0] = &lookup->request;
	error = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (error == 0)
		error = await(lookup, timeout_ms);
	if (error == EAI_INPROGRESS) {
		lookup->next = abandoned;
		abandoned = lookup;
		return error;
	}
	*found = lookup->request.ar_result;
	free(lookup);
	return error == EAI_CANCELED ? EAI_INPROGRESS : error;
}

void
address_lookup_bound(int timeout_ms)
{
	bound_ms = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;
}

/* What is left of the bound, or the caller's own time-out if that is less. */
static int
bounded(int timeout_ms)
{
	int64_t left_ms = bound_ms - clock_monotonic_ms();

	if (bound_ms == -1)
		return timeout_ms;
	if (left_ms < 0)
		left_ms = 0;
	return timeout_ms >= 0 && timeout_ms < left_ms ? timeout_ms
						       : (int)left_ms;
}

static bool has_failed;

int
address_lookup(const char *host, int timeout_ms, struct addrinfo **found)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int error;

	timeout_ms = bounded(timeout_ms);
	if (timeout_ms >= 0)
		error = lookup_within(host, timeout_ms, found);
	else
		error = getaddrinfo(host, NULL, &hints, found);
	has_failed = has_failed || error != 0;
	return error;
}

bool
address_lookup_has_failed(void)
{
	return has_failed;
}

void
address_lookup_note_failure(void)
{
	has_failed = true;
}
