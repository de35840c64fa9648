/* SPDX-License-Identifier: ISC */
/* The options of the commands. */
#include "client/arguments.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"

#define TIMEOUT_MS 2000
#define SIZE       1024
/* Four bytes hold any UTF-8 character; 65,507 is the most IPv4 carries. */
#define SIZE_LEAST 4
#define SIZE_MOST  65507
#define QUOTE_SIZE 64

/* Every option that some command takes. */
static const struct row {
	char letter;
	const char *name;
	const char *value; /* what the value is called; NULL: takes none */
	const char *help;  /* %s: what the command awaits */
} rows[] = {
	{ 's', "size", "BYTES", "cut into datagrams of at most BYTES [1024]" },
	{ 't', "timeout", "SECONDS",
	    "wait SECONDS for %s, fractions allowed [2]" },
	{ 'j', "json", NULL, "print one JSON object, for machines" },
	{ 'T', "tee", NULL, "pass standard input on to standard output" },
	{ 'h', "help", NULL, "print this help" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

/* Every command takes -h. */
static bool
is_taken(const struct command *command, const struct row *row)
{
	return row->letter == 'h' ||
	    strchr(command->options, row->letter) != NULL;
}

enum status
command_refuse(const struct command *command, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_error("%s; see netlab %s --help", text, command->name);
	return STATUS_USAGE;
}

int
arguments_parse_seconds(const char *text, int *ms)
{
	double seconds = strtod(text, NULL);

	/* strtod() alone takes signs, exponents, hexadecimal and "inf" too. */
	if (text[strspn(text, "0123456789.")] != '\0' ||
	    strchr(text, '.') != strrchr(text, '.') ||
	    !(seconds * 1000 >= TIMEOUT_MIN_MS) ||
	    !(seconds * 1000 <= TIMEOUT_MAX_MS))
		return -1;
	*ms = (int)(seconds * 1000);
	return 0;
}

static int
parse_size(const char *text, size_t *size)
{
	unsigned long value = strtoul(text, NULL, 10);

	if (text[strspn(text, "0123456789")] != '\0' || value < SIZE_LEAST ||
	    value > SIZE_MOST)
		return -1;
	*size = value;
	return 0;
}

static enum status
set(const struct command *command, struct arguments *arguments, int letter)
{
	char quoted[QUOTE_SIZE];

	if (letter == 'j')
		arguments->json = true;
	else if (letter == 'T')
		arguments->tee = true;
	else if (letter == 't' &&
	    arguments_parse_seconds(optarg, &arguments->timeout_ms) == -1)
		return command_refuse(command,
		    "time-out %s is not a number of seconds from 0.001 to %d",
		    escape_quote(quoted, sizeof(quoted), optarg),
		    TIMEOUT_MAX_MS / 1000);
	else if (letter == 's' && parse_size(optarg, &arguments->size) == -1)
		return command_refuse(command,
		    "size %s is not a number of bytes from %d to %d",
		    escape_quote(quoted, sizeof(quoted), optarg), SIZE_LEAST,
		    SIZE_MOST);
	return STATUS_OK;
}

/* Makes getopt_long()'s two tables of the rows that the command takes. */
static void
make_tables(const struct command *command, struct option *table, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!is_taken(command, &rows[i]))
			continue;
		*table++ = (struct option){ .name = rows[i].name,
			.has_arg = rows[i].value != NULL,
			.val = rows[i].letter };
		*letters++ = rows[i].letter;
		if (rows[i].value != NULL)
			*letters++ = ':';
	}
	*table = (struct option){ 0 };
	*letters = '\0';
}

/* getopt tells an unknown letter in optopt, but not an unknown name. */
static enum status
refuse_option(const struct command *command, int error, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' }, quoted[QUOTE_SIZE];
	const char *word = argv[optind - 1];

	if (word[0] != '-' || word[1] != '-')
		word = letter;
	escape_quote(quoted, sizeof(quoted), word);
	if (error == ':')
		return command_refuse(
		    command, "option %s needs a value", quoted);
	return command_refuse(command,
	    "unknown option %s (write -- before text that begins with -)",
	    quoted);
}

enum status
arguments_parse(const struct command *command, int argc, char **argv,
    struct arguments *arguments, bool *help)
{
	struct option table[ROW_COUNT + 1];
	char letters[2 * ROW_COUNT + 2];
	enum status status = STATUS_OK;
	int letter;

	*help = false;
	*arguments =
	    (struct arguments){ .timeout_ms = TIMEOUT_MS, .size = SIZE };
	make_tables(command, table, letters);
	opterr = 0;
	while (status == STATUS_OK &&
	    (letter = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		if (letter == '?' || letter == ':')
			return refuse_option(command, letter, argv);
		if (letter == 'h')
			*help = true;
		else
			status = set(command, arguments, letter);
	}
	arguments->count = argc - optind;
	arguments->operands = argv + optind;
	return status;
}

static void
print_row_help(const struct command *command, const char *help)
{
	const char *place = strstr(help, "%s");

	if (place == NULL)
		puts(help);
	else
		printf("%.*s%s%s\n", (int)(place - help), help,
		    command->awaited, place + strlen("%s"));
}

void
arguments_print_help(const struct command *command)
{
	printf("Usage: netlab %s", command->name);
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_taken(command, &rows[i]) && rows[i].value != NULL)
			printf(" [-%c %s]", rows[i].letter, rows[i].value);
		else if (is_taken(command, &rows[i]) && rows[i].letter != 'h')
			printf(" [--%s]", rows[i].name);
	printf(" %s\n\n%s\n\nOptions:\n", command->usage, command->help);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *value = rows[i].value;
		char option[32];

		if (!is_taken(command, &rows[i]))
			continue;
		snprintf(option, sizeof(option), "--%s%s%s", rows[i].name,
		    value == NULL ? "" : "=", value == NULL ? "" : value);
		printf("  -%c, %-18s ", rows[i].letter, option);
		print_row_help(command, rows[i].help);
	}
}
