/* SPDX-License-Identifier: ISC */
/* The outcome of a reload in words. */
#ifndef CLIENT_RELOAD_H
#define CLIENT_RELOAD_H

#include <jansson.h>

#include "client/page.h"

/* Appends "3 kept, 1 changed, 0 started, 0 stopped", of those that it tells. */
void reload_print_counts(struct page *page, const json_t *outcome);

#endif
