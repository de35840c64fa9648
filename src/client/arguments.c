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
#include "base/usage.h"

#define WATCH_MS 1000
/* More than any history holds. */
#define LINES_MOST 1000000
/* Four bytes hold any UTF-8 character; 65,507 is the most IPv4 carries. */
#define SIZE_LEAST 4
#define SIZE_MOST  65507
#define QUOTE_SIZE 64

/* Lines of a help are not wider, and those that a usage goes on in begin so. */
#define HELP_COLUMNS 80
#define USAGE_INDENT 15
/* Room for what a usage says of an option. */
#define USAGE_SIZE 48

/* Every option that some command takes; some take one letter differently. */
static const struct row {
	char key;    /* in the options of a command */
	char letter; /* 0: it has a name only */
	const char *name;
	const char *value; /* what the value is called; NULL: takes none */
	bool is_optional;  /* the value may be left out */
	const char *help;  /* %s: what the command awaits, and how long */
} rows[] = {
	{ 'S', 's', "socket", "ADDRESS", false,
	    "netlabd's control socket [unix:/run/netlabd/control]" },
	{ 'n', 'n', "lines", "N", false,
	    "begin with the last N records [10; with --since all]" },
	{ 'B', 0, "since", "TIME", false,
	    "begin with those since TIME: 5m ago, 14:30, ISO 8601" },
	{ 'F', 0, "from", "NET", false,
	    "only those of senders in NET, such as 192.0.2.0/24" },
	{ 'M', 0, "match", "RE", false, "only those whose message matches RE" },
	{ 's', 's', "size", "BYTES", false,
	    "cut into datagrams of at most BYTES [1024]" },
	{ 't', 't', "timeout", "SECONDS", false, "wait SECONDS for %s" },
	{ 'j', 'j', "json", NULL, false, "print JSON, for machines" },
	{ 'w', 'w', "watch", "SECONDS", true,
	    "show it anew each SECONDS [1] until q or Ctrl-C" },
	{ 'f', 'f', "follow", NULL, false,
	    "go on with what comes, which it does anyway" },
	{ '1', '1', "no-follow", NULL, false, "end after the last records" },
	{ 'R', 0, "retry", NULL, false,
	    "when netlabd goes, wait for it, and go on" },
	{ 'W', 0, "wrap", NULL, false,
	    "do not cut what is wider than the terminal" },
	{ 'T', 'T', "tee", NULL, false,
	    "pass standard input on to standard output" },
	{ 'h', 'h', "help", NULL, false, "print this help" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

/* Every command takes -h. */
static bool
is_taken(const struct command *command, const struct row *row)
{
	return row->key == 'h' || strchr(command->options, row->key) != NULL;
}

/* What getopt returns for a row. */
static int
code_of(const struct row *row)
{
	return row->letter != 0 ? row->letter : row->key;
}

/* A letter that getopt returned, as the key of its row. */
static char
key_of(const struct command *command, int code)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_taken(command, &rows[i]) && code_of(&rows[i]) == code)
			return rows[i].key;
	return 0;
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
parse_number(const char *text, unsigned long least, unsigned long most,
    unsigned long *number)
{
	unsigned long value = strtoul(text, NULL, 10);

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' ||
	    value < least || value > most)
		return -1;
	*number = value;
	return 0;
}

static enum status
set_seconds(
    const struct command *command, const char *what, const char *text, int *ms)
{
	char quoted[QUOTE_SIZE];

	if (arguments_parse_seconds(text, ms) == 0)
		return STATUS_OK;
	return command_refuse(command,
	    "%s %s is not a number of seconds from 0.001 to %d", what,
	    escape_quote(quoted, sizeof(quoted), text), TIMEOUT_MAX_MS / 1000);
}

static enum status
set_number(const struct command *command, const char *what, unsigned long least,
    unsigned long most, unsigned long *number)
{
	char quoted[QUOTE_SIZE];

	if (parse_number(optarg, least, most, number) == 0)
		return STATUS_OK;
	return command_refuse(command, "%s %s is not a number from %lu to %lu",
	    what, escape_quote(quoted, sizeof(quoted), optarg), least, most);
}

/* Those whose value is looked at later. */
static void
set_text(struct arguments *arguments, char key)
{
	const char **place = key == 'S' ? &arguments->socket
	    : key == 'B'                ? &arguments->since
	    : key == 'F'                ? &arguments->from
					: &arguments->match;

	*place = optarg;
}

/* Those without a value. */
static void
set_flag(struct arguments *arguments, char key)
{
	arguments->json = arguments->json || key == 'j';
	arguments->tee = arguments->tee || key == 'T';
	arguments->wrap = arguments->wrap || key == 'W';
	arguments->retry = arguments->retry || key == 'R';
	if (key == '1' || key == 'f')
		arguments->once = key == '1';
}

static enum status
set(const struct command *command, struct arguments *arguments, char key)
{
	enum status status = STATUS_OK;
	unsigned long number = 0;

	switch (key) {
	case 't':
		return set_seconds(
		    command, "time-out", optarg, &arguments->timeout_ms);
	case 'w':
		arguments->watch_ms = WATCH_MS;
		return optarg == NULL ? STATUS_OK
				      : set_seconds(command, "interval", optarg,
					    &arguments->watch_ms);
	case 'n':
		status = set_number(
		    command, "number of records", 0, LINES_MOST, &number);
		arguments->lines = (int)number;
		break;
	case 's':
		status =
		    set_number(command, "size", SIZE_LEAST, SIZE_MOST, &number);
		arguments->size = number;
		break;
	default:
		if (optarg != NULL)
			set_text(arguments, key);
		else
			set_flag(arguments, key);
	}
	return status;
}

/* Makes getopt_long()'s two tables of the rows that the command takes. */
static void
make_tables(const struct command *command, struct option *table, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *row = &rows[i];
		int has_value = row->value == NULL ? no_argument
		    : row->is_optional             ? optional_argument
						   : required_argument;

		if (!is_taken(command, row))
			continue;
		*table++ = (struct option){ .name = row->name,
			.has_arg = has_value,
			.val = code_of(row) };
		if (row->letter == 0)
			continue;
		*letters++ = row->letter;
		for (int colons = has_value; colons > 0; colons--)
			*letters++ = ':';
	}
	*table = (struct option){ 0 };
	*letters = '\0';
}

static enum status
refuse_option(const struct command *command, int refusal, char **argv,
    const struct option *table)
{
	char why[WHY_SIZE];
	bool is_text = usage_explain(why, refusal, argv, table) &&
	    strstr(command->usage, "TEXT") != NULL;

	return command_refuse(command, "%s%s", why,
	    is_text ? " (write -- before text that begins with -)" : "");
}

static int
timeout_of(const struct command *command)
{
	return command->timeout_ms != 0 ? command->timeout_ms
					: ARGUMENTS_TIMEOUT_MS;
}

enum status
arguments_parse(const struct command *command, int argc, char **argv,
    struct arguments *arguments, bool *help)
{
	struct option table[ROW_COUNT + 1];
	char letters[3 * ROW_COUNT + 2];
	enum status status = STATUS_OK;
	int letter;

	*help = false;
	*arguments = (struct arguments){ .timeout_ms = timeout_of(command),
		.lines = -1 };
	make_tables(command, table, letters);
	opterr = 0;
	while (status == STATUS_OK &&
	    (letter = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		if (letter == '?' || letter == ':')
			return refuse_option(command, letter, argv, table);
		if (letter == 'h')
			*help = true;
		else
			status =
			    set(command, arguments, key_of(command, letter));
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
		printf("%.*s%s, fractions allowed [%d]\n", (int)(place - help),
		    help, command->awaited, timeout_of(command) / 1000);
}

/* As in "[-s ADDRESS]" and "[--from=NET]". */
static void
format_row_usage(char text[USAGE_SIZE], const struct row *row)
{
	if (row->value == NULL)
		snprintf(text, USAGE_SIZE, "[--%s]", row->name);
	else if (row->is_optional)
		snprintf(
		    text, USAGE_SIZE, "[--%s[=%s]]", row->name, row->value);
	else if (row->letter != 0)
		snprintf(text, USAGE_SIZE, "[-%c %s]", row->letter, row->value);
	else
		snprintf(text, USAGE_SIZE, "[--%s=%s]", row->name, row->value);
}

/* Appends a word to the usage, in a new line where it does not fit. */
static void
print_word(const char *word, size_t *column)
{
	if (*column + 1 + strlen(word) > HELP_COLUMNS) {
		printf("\n%*s", USAGE_INDENT - 1, "");
		*column = USAGE_INDENT - 1;
	}
	*column += (size_t)printf(" %s", word);
}

static void
print_usage(const struct command *command)
{
	size_t column = (size_t)printf("Usage: netlab %s", command->name);
	char text[USAGE_SIZE];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!is_taken(command, &rows[i]) || rows[i].key == 'h')
			continue;
		format_row_usage(text, &rows[i]);
		print_word(text, &column);
	}
	if (*command->usage != '\0')
		print_word(command->usage, &column);
}

static void
print_row(const struct command *command, const struct row *row)
{
	char option[32], letter[] = "    ";

	if (row->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(option, sizeof(option), "--%s%s%s%s", row->name,
	    row->value == NULL     ? ""
		: row->is_optional ? "[="
				   : "=",
	    row->value == NULL ? "" : row->value, row->is_optional ? "]" : "");
	printf("  %.4s%-18s ", letter, option);
	print_row_help(command, row->help);
}

void
arguments_print_help(const struct command *command)
{
	print_usage(command);
	printf("\n\n%s\n\nOptions:\n", command->help);
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_taken(command, &rows[i]))
			print_row(command, &rows[i]);
}
