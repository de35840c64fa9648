/* SPDX-License-Identifier: ISC */
/* The addresses of a host's name, within a time. */
#ifndef BASE_ADDRESS_LOOKUP_H
#define BASE_ADDRESS_LOOKUP_H

#include <netdb.h>
#include <stdbool.h>

/*
 * getaddrinfo(3) that gives up after timeout_ms; -1 waits as long as it does.
 * Returns 0 with *found for freeaddrinfo(), or an EAI_ number: EAI_INPROGRESS
 * when the time is over.
 */
int address_lookup(const char *host, int timeout_ms, struct addrinfo **found);

/*
 * From now on all look-ups together may take so long; -1 (as at first): each as
 * long as its caller says.
 */
void address_lookup_bound(int timeout_ms);

/*
 * True when any look-up has failed so far: another one may not, as soon as name
 * servers can be reached.
 */
bool address_lookup_has_failed(void);

/* The same of something else that may be there later. */
void address_lookup_note_failure(void);

#endif
