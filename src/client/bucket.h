/* SPDX-License-Identifier: ISC */
/* Which buckets a netlabd serves. */
#ifndef CLIENT_BUCKET_H
#define CLIENT_BUCKET_H

#include "client/control.h"

/* Room for the name of a service with its NUL. */
#define BUCKET_NAME_SIZE 256

/*
 * Asks which buckets there are. Returns 0 and the name of the only one, or -1
 * with why: none, or several, which are named. *status is that of HTTP, 0 where
 * no answer came.
 */
int bucket_find_only(const struct control *control, char name[BUCKET_NAME_SIZE],
    unsigned *status, char why[CONTROL_WHY_SIZE]);

#endif
