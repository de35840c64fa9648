/* SPDX-License-Identifier: ISC */
/* The built-in lab: the text of conf/netlabd.conf, made into C by the build. */
#ifndef DAEMON_DEFAULT_CONFIG_H
#define DAEMON_DEFAULT_CONFIG_H

const char *default_config(void);

#endif
