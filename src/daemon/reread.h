/* SPDX-License-Identifier: ISC */
/* Whether a configuration that was read could be read again. */
#ifndef DAEMON_REREAD_H
#define DAEMON_REREAD_H

struct config;

/*
 * Warns of each file, of those that it was read from (see load_name()) and
 * includes, that this process may not read, who is the user of that name now.
 */
void
reread_check(const struct config *config, const char *path, const char *user);

#endif
