/* SPDX-License-Identifier: ISC */
/* The command line of netlabd. */
#include "daemon/command_line.h"

#include <getopt.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/usage.h"
#include "daemon/load.h"

#define QUOTE_SIZE 64

static const char help[] =
    "usage: netlabd [-c FILE] [-t] [-u NAME[:GROUP]] [--no-sandbox] [-v]...\n"
    "       netlabd --list-services | --list-options [TYPE] |\n"
    "               --print-default-config | --version | --help\n"
    "\n"
    "Serves the network lab that its configuration declares, in the "
    "foreground.\n"
    "\n"
    "  -c, --config FILE       read FILE (default: " LOAD_INSTALLED "\n"
    "                          if it exists, else the built-in lab)\n"
    "  -t, --test              check the configuration and exit\n"
    "  -v, --verbose           log connections too; -vv: every datagram\n"
    "  -u, --user NAME[:GROUP] become this user once the sockets are open\n"
    "                          (root: by default _netlabd, or nobody)\n"
    "  --no-sandbox            keep all files and system calls within reach\n"
    "  --list-services         print the service types\n"
    "  --list-options [TYPE]   print the options, or those of a service type\n"
    "  --print-default-config  print the built-in lab\n"
    "  -V, --version           print the version\n"
    "  -h, --help              print this text\n"
    "\n"
    "SIGTERM and SIGINT end it, SIGHUP reads the configuration anew, SIGUSR1\n"
    "opens log files anew.\n"
    "See netlabd(8) and netlabd.conf(5).\n";

enum long_option {
	NO_SANDBOX = 256,
	LIST_SERVICES,
	LIST_OPTIONS,
	PRINT_DEFAULT_CONFIG
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "user", required_argument, NULL, 'u' },
	{ "test", no_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "no-sandbox", no_argument, NULL, NO_SANDBOX },
	{ "list-services", no_argument, NULL, LIST_SERVICES },
	{ "list-options", no_argument, NULL, LIST_OPTIONS },
	{ "print-default-config", no_argument, NULL, PRINT_DEFAULT_CONFIG },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const char *
command_line_help(void)
{
	return help;
}

static int
take_option(struct command_line *line, int option)
{
	switch (option) {
	case 'c':
		line->config = optarg;
		return 0;
	case 'u':
		line->user = optarg;
		return 0;
	case 't':
		line->action = ACTION_TEST;
		return 0;
	case 'v':
		line->verbosity++;
		return 0;
	case NO_SANDBOX:
		line->no_sandbox = true;
		return 0;
	case LIST_SERVICES:
		line->action = ACTION_LIST_SERVICES;
		return 0;
	case LIST_OPTIONS:
		line->action = ACTION_LIST_OPTIONS;
		return 0;
	case PRINT_DEFAULT_CONFIG:
		line->action = ACTION_PRINT_DEFAULT_CONFIG;
		return 0;
	case 'V':
		line->action = ACTION_PRINT_VERSION;
		return 0;
	case 'h':
		line->action = ACTION_PRINT_HELP;
		return 0;
	default:
		return -1;
	}
}

static int
refuse_option(int refusal, char **argv)
{
	char why[WHY_SIZE];

	usage_explain(why, refusal, argv, long_options);
	fprintf(stderr, "netlabd: %s; see netlabd --help\n", why);
	return -1;
}

int
command_line_parse(struct command_line *line, int argc, char **argv)
{
	char quoted[QUOTE_SIZE];
	int option;

	opterr = 0;
	*line = (struct command_line){ .action = ACTION_SERVE };
	while ((option = getopt_long(
		    argc, argv, ":c:tu:vVh", long_options, NULL)) != -1)
		if (take_option(line, option) == -1)
			return refuse_option(option, argv);
	if (optind < argc && line->action == ACTION_LIST_OPTIONS)
		line->type = argv[optind++];
	if (optind == argc)
		return 0;
	fprintf(stderr,
	    "netlabd: unexpected argument %s (write -c FILE for a "
	    "configuration); see netlabd --help\n",
	    escape_quote(quoted, sizeof(quoted), argv[optind]));
	return -1;
}
