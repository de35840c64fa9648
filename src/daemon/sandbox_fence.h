/* SPDX-License-Identifier: ISC */
/* The fence round what a configuration, its reloads and the C library use. */
#ifndef DAEMON_SANDBOX_FENCE_H
#define DAEMON_SANDBOX_FENCE_H

struct config;

/*
 * Raises it for a configuration that was read from config_path (NULL: the
 * installed one or the lab). Returns the version of the kernel's interface, or
 * -1 with errno: there is none.
 */
int sandbox_raise_fence(const struct config *config, const char *config_path);

#endif
