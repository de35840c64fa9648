/* SPDX-License-Identifier: ISC */
/* Which configuration is read: at the start, at a check and at a reload. */
#ifndef DAEMON_LOAD_H
#define DAEMON_LOAD_H

struct config;
struct config_errors;

#define LOAD_INSTALLED SYSCONFDIR "/netlabd/netlabd.conf"

#define LOAD_BUILT_IN "built-in lab"

/* What load_config() reads: a path, or LOAD_BUILT_IN. */
const char *load_name(const char *path);

/*
 * Reads the file at path; NULL: the installed one if it exists, else the
 * built-in lab. As config_load().
 */
struct config *load_config(const char *path, struct config_errors *errors);

/*
 * The same for a reload, which waits for no writer of a pipe and at most two
 * seconds for name servers. As config_load_again().
 */
struct config *
load_config_again(const char *path, struct config_errors *errors);

#endif
