/* SPDX-License-Identifier: ISC */
/*
 * The control socket: the service type `control`, which shows the daemon and
 * does what is asked of it, in HTTP and JSON. netlabd.conf(5) has its requests.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

struct daemon;

/* From here on control services may be started; 0, or -1: out of memory. */
int control_open(struct daemon *daemon);

/* After a reload, whatever came of it: answers those who wait for it. */
void control_reloaded(void);

/* When all services are stopped. */
void control_close(void);

#endif
