/* SPDX-License-Identifier: ISC */
/* Reads netlabd.conf: the services it declares, and every error in it. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "core/service.h"

/* Options of the daemon itself, outside any section. */
struct config_globals {
	uint64_t max_connections;   /* 0: what the descriptor limit allows */
	uint64_t max_output;        /* bytes */
	uint64_t reload_grace;      /* ms */
	struct option_list include; /* patterns of further files */
	struct option_list allow, deny;
	struct network_set *networks; /* of these; NULL: none */
	bool log_only;
};

struct config {
	struct config_globals globals;
	struct service **services; /* in the order of the files */
	size_t service_count;
	size_t included; /* files, besides the main one */
};

/* "FILE:LINE: option: what is wrong (what to write)", one text an error. */
struct config_errors {
	char **items;
	size_t count;
	bool lacked_memory; /* and so another attempt may find none */
};

/* The rows of struct config_globals. */
const struct option *config_global_options(void);

/* Sets an option, as option_set(). */
int config_set_global(struct config_globals *globals, const struct option *row,
    const char *text, char why[WHY_SIZE]);

/*
 * Reads and checks a file and all that it includes. Returns a configuration
 * whose services are not started, or NULL with at least one error; the list is
 * the caller's to free in both cases.
 */
struct config *config_load(const char *path, struct config_errors *errors);

/* The same for who cannot wait: a pipe is an error. */
struct config *
config_load_again(const char *path, struct config_errors *errors);

/* The same of a text in memory; `name` stands for the file in errors. */
struct config *config_load_text(
    const char *name, const char *text, struct config_errors *errors);

/* Frees the configuration and the services that are still in it. */
void config_free(struct config *config);

void config_errors_free(struct config_errors *errors);

#endif
