/* SPDX-License-Identifier: ISC */
/*
 * How fast the figures of services grow. They are looked at once a second while
 * something happens, and for a while after; seldom otherwise, so that an idle
 * daemon sleeps.
 */
#ifndef DAEMON_CONTROL_RATES_H
#define DAEMON_CONTROL_RATES_H

#include "core/service.h"

struct daemon;

/* 0, or -1: out of memory. */
int control_rates_open(struct daemon *daemon);
void control_rates_close(void);

/* Begins to look, as a control service starts; ends when there is none. */
void control_rates_need(void);

/* Somebody asks: looks again soon. */
void control_rates_asked(void);

/* Forgets the services that a reload has removed. */
void control_rates_forget(void);

/*
 * Calls add with each figure that grew and how much a second, over the last
 * second or the last minute; nothing while a service is too young.
 */
typedef void control_rate_fn(void *arg, const char *name, double a_second);
void control_rates_second(
    const struct service *service, control_rate_fn *add, void *arg);
void control_rates_minute(
    const struct service *service, control_rate_fn *add, void *arg);

#endif
