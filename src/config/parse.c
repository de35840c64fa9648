/* SPDX-License-Identifier: ISC */
/*
 * Sets the options of a configuration from its text. libconfuse gets every
 * option as text with a callback that sets it at once, so that a wrong value
 * is reported with its own line and the next one is still looked at. What
 * libconfuse stores itself is not used.
 */
#include "config/parse.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "services/services.h"

#define QUOTE_SIZE 96

struct parse {
	struct errors *errors;
	struct config_globals *globals;
	struct sections *sections;
	cfg_t *cfg;
	size_t file;
	size_t text_len;
	bool has_faults;     /* that libconfuse has named */
	bool was_ended;      /* by us, for want of memory */
	bool is_half_made;   /* libconfuse itself got no memory */
	struct parse *older; /* of those that are half made */
	size_t section; /* the one that libconfuse is in, or comes to next */
	unsigned *include_lines;
	size_t include_count;
};

/* libconfuse hands nothing of ours to its callbacks; NULL between parses. */
static struct parse *current;

/*
 * What libconfuse needs until it calls us again, beside twice the longest text:
 * its lexer's buffer, and a section with all of its options.
 */
#define RESERVE (64UL << 10)

/*
 * Where libconfuse gets no memory it ends the program, which may be one that
 * serves: it goes on only while there is enough.
 */
static bool
has_memory(struct parse *parse)
{
	void *volatile probe = malloc(RESERVE + 2 * parse->text_len);
	bool has = probe != NULL;

	free(probe);
	if (!has)
		parse->was_ended = parse->errors->out_of_memory = true;
	return has;
}

/* Of a list it names the value too: a line may have several. */
static void
report_value(const cfg_t *cfg, const struct option *row, const char *value,
    const char *why)
{
	struct errors_place place = { current->file, (unsigned)cfg->line };
	char quoted[QUOTE_SIZE];

	if (row->kind == OPTION_LIST)
		errors_add(current->errors, ERRORS_VALUE, place, "%s: %s: %s",
		    row->name, escape_quote(quoted, sizeof(quoted), value),
		    why);
	else
		errors_add(current->errors, ERRORS_VALUE, place, "%s: %s",
		    row->name, why);
}

/* What libconfuse finds wrong itself: nothing, if syntax.c is as strict. */
static void error_cb(cfg_t *cfg, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
error_cb(cfg_t *cfg, const char *format, va_list ap)
{
	struct errors_place place = { current->file, (unsigned)cfg->line };
	char what[WHY_SIZE];

	current->has_faults = true;
	vsnprintf(what, sizeof(what), format, ap);
	errors_add(current->errors, ERRORS_SYNTAX, place, "%s", what);
}

/* The line of each pattern of `include`, for errors in finding its files. */
static int
note_include_line(unsigned line, char why[WHY_SIZE])
{
	unsigned *lines = reallocarray(
	    current->include_lines, current->include_count + 1, sizeof(*lines));

	if (lines == NULL)
		return why_set(why, "out of memory");
	current->include_lines = lines;
	lines[current->include_count++] = line;
	return 0;
}

/* Values are set here; libconfuse is given an empty text to keep. */
static int
set_global_cb(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct option *row =
	    option_find(config_global_options(), opt->name);
	char why[WHY_SIZE];

	*(const char **)result = "";
	if ((strcmp(row->name, "include") == 0 &&
		note_include_line((unsigned)cfg->line, why) == -1) ||
	    config_set_global(current->globals, row, value, why) == -1)
		report_value(cfg, row, value, why);
	return has_memory(current) ? 0 : -1;
}

/* The section that libconfuse is in; NULL: it sees one where there is none. */
static struct section *
find_section(void)
{
	return current->section < current->sections->count
	    ? &current->sections->items[current->section]
	    : NULL;
}

static int
set_option_cb(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct section *section = find_section();
	const struct option *row;
	char why[WHY_SIZE];

	if (section == NULL)
		return -1;
	*(const char **)result = "";
	row = service_find_option(section->type, opt->name);
	if (section_set(section, row, value, (unsigned)cfg->line, why) == -1)
		report_value(cfg, row, value, why);
	return has_memory(current) ? 0 : -1;
}

/*
 * Called at the end of each section, also of an empty one. libconfuse forgets
 * it: it would look for the name of each new one among all of them.
 */
static int
end_section_cb(cfg_t *cfg, cfg_opt_t *opt)
{
	struct section *section = find_section();

	(void)cfg;
	if (section == NULL)
		return -1;
	section->parsed = true;
	current->section++;
	cfg_free_value(opt);
	return has_memory(current) ? 0 : -1;
}

static size_t
count_rows(const struct option *rows)
{
	size_t count = 0;

	while (rows != NULL && rows[count].name != NULL)
		count++;
	return count;
}

/* Appends an option for each row to opts[*count]. */
static void
add_rows(cfg_opt_t *opts, size_t *count, const struct option *rows,
    cfg_callback_t set_cb)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		opts[(*count)++] = (cfg_opt_t){ .name = rows->name,
			.type = CFGT_STR,
			.flags = CFGF_NODEFAULT |
			    (rows->kind == OPTION_LIST ? CFGF_LIST : 0),
			.parsecb = set_cb };
}

/* The options of a section, freed by the caller; NULL: out of memory. */
static cfg_opt_t *
section_options(const struct service_type *type)
{
	const struct option *common = service_common_options();
	cfg_opt_t *opts = calloc(
	    count_rows(common) + count_rows(type->options) + 1, sizeof(*opts));
	size_t count = 0;

	if (opts == NULL)
		return NULL;
	add_rows(opts, &count, common, set_option_cb);
	add_rows(opts, &count, type->options, set_option_cb);
	return opts;
}

static void
free_options(cfg_opt_t *opts)
{
	for (cfg_opt_t *opt = opts; opts != NULL && opt->name != NULL; opt++)
		free(opt->subopts);
	free(opts);
}

/* All that may stand in a file; NULL: out of memory. */
static cfg_opt_t *
file_options(void)
{
	const struct option *globals = config_global_options();
	const struct service_type *const *types = service_types();
	size_t type_count = 0, count = 0;
	cfg_opt_t *opts;

	while (types[type_count] != NULL)
		type_count++;
	opts = calloc(count_rows(globals) + type_count + 1, sizeof(*opts));
	if (opts == NULL)
		return NULL;
	add_rows(opts, &count, globals, set_global_cb);
	for (; *types != NULL; types++) {
		opts[count] = (cfg_opt_t){ .name = (*types)->name,
			.type = CFGT_SEC,
			.flags = CFGF_MULTI | CFGF_TITLE,
			.subopts = section_options(*types),
			.validcb = end_section_cb };
		if (opts[count++].subopts == NULL) {
			free_options(opts);
			return NULL;
		}
	}
	return opts;
}

struct parse *
parse_new(struct errors *errors, struct config_globals *globals,
    struct sections *sections)
{
	struct parse *parse = calloc(1, sizeof(*parse));
	cfg_opt_t *opts = file_options();

	if (parse != NULL && opts != NULL)
		parse->cfg = cfg_init(opts, CFGF_NONE);
	free_options(opts);
	if (parse == NULL || parse->cfg == NULL) {
		free(parse);
		return NULL;
	}
	parse->errors = errors;
	parse->globals = globals;
	parse->sections = sections;
	cfg_set_error_function(parse->cfg, error_cb);
	return parse;
}

/*
 * A section for which libconfuse got no memory it frees and keeps; cfg_free()
 * would go through it, and end the program or worse. So that one stays.
 */
static void
keep(struct parse *parse)
{
	static struct parse *half_made;

	parse->older = half_made;
	half_made = parse;
}

void
parse_free(struct parse *parse)
{
	if (parse == NULL)
		return;
	if (parse->is_half_made) {
		keep(parse);
		return;
	}
	cfg_free(parse->cfg); /* and its lexer's memory */
	free(parse->include_lines);
	free(parse);
}

/* libconfuse names what is wrong, but not that it got no memory. */
static void
note_failure(struct parse *parse)
{
	struct errors_place place = { parse->file, 0 };

	if (parse->has_faults)
		errors_add(parse->errors, ERRORS_SYNTAX, place,
		    "libconfuse cannot read it");
	else
		parse->errors->out_of_memory = true;
	parse->is_half_made = !parse->has_faults && !parse->was_ended;
}

void
parse_text(struct parse *parse, size_t file, char *text, size_t len)
{
	FILE *fp = fmemopen(text, len, "r");

	free(parse->cfg->filename);
	parse->cfg->filename = strdup(parse->errors->files[file]);
	parse->file = file;
	parse->text_len = len;
	if (fp == NULL || parse->cfg->filename == NULL) {
		parse->errors->out_of_memory = true;
	} else if (has_memory(parse)) {
		current = parse;
		if (cfg_parse_fp(parse->cfg, fp) != CFG_SUCCESS)
			note_failure(parse);
		current = NULL;
	}
	if (fp != NULL)
		fclose(fp);
}

unsigned
parse_include_line(const struct parse *parse, size_t n)
{
	return parse->include_lines[n];
}
