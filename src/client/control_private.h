/* SPDX-License-Identifier: ISC */
/* The parts of control.h that only its own files use. */
#ifndef CLIENT_CONTROL_PRIVATE_H
#define CLIENT_CONTROL_PRIVATE_H

#include "client/control.h"

/* Where an answer means nothing to netlab. */
#define CONTROL_NOT_NETLABD "(is this the control socket of a netlabd?)"

/* Writes what failed, and returns -1. */
int control_fail(char why[CONTROL_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Connects, asks and feeds the response until it is complete, the sink has
 * enough or the control's stop_fd is readable, and returns 0; or -1 with why.
 * is_endless: the time-out bounds the wait for its header only.
 */
int control_talk(const struct control *control, const char *method,
    const char *path, struct response *response,
    const struct control_sink *sink, bool is_endless,
    char why[CONTROL_WHY_SIZE]);

#endif
