/* SPDX-License-Identifier: ISC */
/* Loads a configuration: each file through all passes, then all together. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "config/errors.h"
#include "config/include.h"
#include "config/parse.h"
#include "config/section.h"
#include "config/syntax.h"
#include "config/text.h"

#define QUOTE_SIZE 96

#define FIELD(name) offsetof(struct config_globals, name)

static const struct option global_rows[] = {
	{ .name = "include",
	    .kind = OPTION_LIST,
	    .offset = FIELD(include),
	    .help = "more files to read, with wildcards; relative to the main "
		    "file" },
	{ .name = "allow",
	    .kind = OPTION_LIST,
	    .offset = FIELD(allow),
	    .help = "networks that may come to services without lists of "
		    "their own" },
	{ .name = "deny",
	    .kind = OPTION_LIST,
	    .offset = FIELD(deny),
	    .help = "networks that may not; of several the longest decides" },
	{ .name = "log-only",
	    .kind = OPTION_BOOL,
	    .offset = FIELD(log_only),
	    .initial = "no",
	    .help = "log-only of all services" },
	{ .name = "max-connections",
	    .kind = OPTION_NUMBER,
	    .offset = FIELD(max_connections),
	    .initial = "0",
	    .min = 0,
	    .max = 1000000,
	    .unit = "connections",
	    .help = "connections of all services; 0: what the limit of open "
		    "files allows" },
	{ .name = "max-output",
	    .kind = OPTION_SIZE,
	    .offset = FIELD(max_output),
	    .initial = "64M",
	    .min = 1 << 20,
	    .max = 1ULL << 40,
	    .help = "output of all connections that may wait for slow readers; "
		    "beyond it each adds 4 KiB at most" },
	{ .name = "reload-grace",
	    .kind = OPTION_TIME,
	    .offset = FIELD(reload_grace),
	    .initial = "30s",
	    .min = 0,
	    .max = 7ULL * 24 * 60 * 60 * 1000,
	    .help = "how long connections of a service that a reload changes "
		    "may go on" },
	{ .name = NULL },
};

/* Which file on which disk has been read, lest one is read twice. */
struct identity {
	dev_t device;
	ino_t inode;
};

struct loader {
	struct errors errors;
	struct sections sections;
	struct syntax syntax;
	struct parse *parse;
	struct config *config;
	struct identity *identities; /* of regular files */
	size_t identity_count;
	bool may_wait; /* for who writes a pipe */
};

const struct option *
config_global_options(void)
{
	return global_rows;
}

int
config_set_global(struct config_globals *globals, const struct option *row,
    const char *text, char why[WHY_SIZE])
{
	if ((row->offset == FIELD(allow) || row->offset == FIELD(deny)) &&
	    network_set_parse(&globals->networks, text,
		row->offset == FIELD(allow), why) == -1)
		return -1;
	return option_set(row, globals, text, why);
}

struct fault_place {
	struct errors *errors;
	size_t file;
};

static void
text_fault(void *arg, unsigned line, const char *what)
{
	struct fault_place *fault = arg;
	struct errors_place place = { fault->file, line };

	errors_add(fault->errors, ERRORS_TEXT, place, "%s", what);
}

/* Takes a text, which is changed, through all passes. */
static void
load_passes(struct loader *loader, size_t file, char *text, size_t len)
{
	struct fault_place fault = { &loader->errors, file };
	size_t sound = text_clean(text, len, text_fault, &fault);

	syntax_check(&loader->syntax, file, text, len, sound);
	/* Then the sections are not those that libconfuse would find. */
	if (!loader->errors.out_of_memory)
		parse_text(loader->parse, file, text, text_squeeze(text, len));
}

/* Notes that a file is read: 0, or -1 with why. A pipe has no second reading.
 */
static int
note_identity(struct loader *loader, const struct stat *st, char why[WHY_SIZE])
{
	struct identity *identities = loader->identities;
	size_t count = loader->identity_count;

	if (!S_ISREG(st->st_mode))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (identities[i].device == st->st_dev &&
		    identities[i].inode == st->st_ino)
			return why_set(
			    why, "has been read already (include it once)");
	identities = reallocarray(identities, count + 1, sizeof(*identities));
	if (identities == NULL)
		return why_set(why, "out of memory");
	identities[count] = (struct identity){ st->st_dev, st->st_ino };
	loader->identities = identities;
	loader->identity_count++;
	return 0;
}

/* Reads a file and takes it through all passes: 0, or -1 with why. */
static int
load_file(struct loader *loader, const char *path, char why[WHY_SIZE])
{
	struct stat st;
	size_t len, file;
	char *text = text_read(path, loader->may_wait, &len, &st, why);
	int result = -1;

	if (text == NULL)
		return -1;
	if (note_identity(loader, &st, why) == -1) {
		result = -1;
	} else if (errors_add_file(&loader->errors, path, &file) == -1) {
		why_set(why, "out of memory");
	} else {
		load_passes(loader, file, text, len);
		result = 0;
	}
	free(text);
	return result;
}

/* Reads the files of the nth pattern of `include`. */
static void
load_included(struct loader *loader, size_t n)
{
	struct errors_place place = { 0, parse_include_line(loader->parse, n) };
	char why[WHY_SIZE], quoted[QUOTE_SIZE];
	glob_t found;

	if (include_find(loader->errors.files[0],
		loader->config->globals.include.items[n], &found, why) == -1) {
		errors_add(
		    &loader->errors, ERRORS_VALUE, place, "include: %s", why);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (load_file(loader, found.gl_pathv[i], why) == -1)
			errors_add(&loader->errors, ERRORS_VALUE, place,
			    "include: %s: %s",
			    escape_quote(
				quoted, sizeof(quoted), found.gl_pathv[i]),
			    why);
	globfree(&found);
}

/* Moves the services of the sections into the configuration. */
static void
take_services(struct loader *loader)
{
	struct config *config = loader->config;
	size_t count = loader->sections.count;

	config->services = calloc(count + 1, sizeof(*config->services));
	if (config->services == NULL) {
		loader->errors.out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		config->services[i] = loader->sections.items[i].service;
		service_set_access(config->services[i],
		    config->globals.networks, config->globals.log_only);
		loader->sections.items[i].service = NULL;
	}
	config->service_count = count;
	config->included = loader->errors.file_count - 1;
}

/* Makes ready to read the main file; *file becomes its number. */
static int
begin(struct loader *loader, const char *name, size_t *file)
{
	if (errors_add_file(&loader->errors, name, file) == -1)
		return -1;
	loader->syntax.errors = &loader->errors;
	loader->syntax.sections = &loader->sections;
	if ((loader->config = calloc(1, sizeof(*loader->config))) == NULL ||
	    option_set_defaults(global_rows, &loader->config->globals) == -1)
		return -1;
	loader->parse = parse_new(
	    &loader->errors, &loader->config->globals, &loader->sections);
	return loader->parse == NULL ? -1 : 0;
}

/* What follows the main file: those it includes, then all together. */
static void
complete(struct loader *loader)
{
	struct errors_place main_file = { 0, 0 };

	for (size_t i = 0; i < loader->config->globals.include.count; i++)
		load_included(loader, i);
	sections_check(&loader->sections, &loader->errors);
	if (loader->sections.count == 0 && !errors_any(&loader->errors))
		errors_add(&loader->errors, ERRORS_SERVICE, main_file,
		    "no service is declared "
		    "(write echo NAME { listen = \"HOST:PORT\" })");
	if (!errors_any(&loader->errors))
		take_services(loader);
}

/* Frees the loader: the configuration, or NULL when there are errors. */
static struct config *
finish(struct loader *loader, struct config_errors *errors)
{
	struct config *config = loader->config;

	if (errors_any(&loader->errors)) {
		config_free(config);
		config = NULL;
	}
	parse_free(loader->parse);
	sections_free(&loader->sections);
	free(loader->identities);
	errors_deliver(&loader->errors, errors);
	return config;
}

static struct config *
load(const char *path, bool may_wait, struct config_errors *errors)
{
	struct loader loader = { .may_wait = may_wait };
	struct errors_place place = { 0, 0 };
	struct stat st;
	char why[WHY_SIZE], *text = NULL;
	size_t len;

	if (begin(&loader, path, &place.file) == -1) {
		loader.errors.out_of_memory = true;
	} else if ((text = text_read(path, may_wait, &len, &st, why)) == NULL ||
	    note_identity(&loader, &st, why) == -1) {
		errors_add(&loader.errors, ERRORS_TEXT, place, "%s", why);
	} else {
		load_passes(&loader, place.file, text, len);
		complete(&loader);
	}
	free(text);
	return finish(&loader, errors);
}

struct config *
config_load(const char *path, struct config_errors *errors)
{
	return load(path, true, errors);
}

struct config *
config_load_again(const char *path, struct config_errors *errors)
{
	return load(path, false, errors);
}

struct config *
config_load_text(
    const char *name, const char *text, struct config_errors *errors)
{
	struct loader loader = { .config = NULL };
	char *copy = strdup(text);
	size_t file;

	if (copy == NULL || begin(&loader, name, &file) == -1) {
		loader.errors.out_of_memory = true;
	} else {
		load_passes(&loader, file, copy, strlen(copy));
		complete(&loader);
	}
	free(copy);
	return finish(&loader, errors);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->service_count; i++)
		service_free(config->services[i]);
	free(config->services);
	network_set_release(config->globals.networks);
	option_free(global_rows, &config->globals);
	free(config);
}
