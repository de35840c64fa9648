/* SPDX-License-Identifier: ISC */
/*
 * Configurations that the input chooses: services with addresses, files and
 * options, of which some cannot be had, and all stay in one folder.
 */
#ifndef FUZZ_RELOAD_H
#define FUZZ_RELOAD_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/services.h"
#include "fuzz.h"

#define TEXT_SIZE     8192
#define SERVICES_MAX  4
#define ADDRESSES_MAX 3

struct text {
	const char *folder; /* of all its files */
	char data[TEXT_SIZE];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static inline void
print(struct text *text, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	text->len += (size_t)vsnprintf(
	    text->data + text->len, sizeof(text->data) - text->len, format, ap);
	va_end(ap);
	REQUIRE(text->len < sizeof(text->data));
}

/* Some that cannot be had: a missing folder, a network that is not ours. */
static inline void
print_address(struct text *text, unsigned code)
{
	static const char *const network[] = { "127.0.0.1:0", "127.0.0.1:0/udp",
		"[::1]:0/tcp", "localhost:0", "192.0.2.1:0/udp" };

	if (code % 3 == 0)
		print(text, "\"%s\", ",
		    network[code / 3 % (sizeof(network) / sizeof(*network))]);
	else
		print(text, "\"%s:%s/%ss%u\", ",
		    code % 3 == 1 ? "unix" : "unixgram", text->folder,
		    code > 250 ? "missing/" : "", code / 3 % 5);
}

/* Files are in the folder, or cannot be. */
static inline void
print_option(struct text *text, const struct option *row, unsigned value)
{
	static const char *const values[] = { "yes", "no", "1", "64K", "256K",
		"4M", "30s", "0", "0640", "json", "time", "%a", "always" };

	if (row->kind == OPTION_PATH)
		print(text, "\t%s = \"%s/%sf%u%s\"\n", row->name, text->folder,
		    value > 230 ? "missing/" : "", value % 4,
		    value > 200 ? "%a.log" : "");
	else if (strcmp(row->name, "forward") == 0)
		print(text, "\tforward = \"127.0.0.1:9\"\n");
	else if (strcmp(row->name, "journal") != 0)
		print(text, "\t%s = \"%s\"\n", row->name,
		    values[value % (sizeof(values) / sizeof(*values))]);
}

/* One of the type's own or of all, but for listen, which is the first. */
static inline void
print_any_option(struct text *text, const struct service_type *type,
    unsigned number, unsigned value)
{
	const struct option *row = service_common_options() + 1;

	for (; row->name != NULL && number > 0; number--)
		row++;
	if (row->name == NULL && type->options != NULL)
		for (row = type->options; row->name != NULL && number > 0;
		     number--)
			row++;
	if (row->name != NULL)
		print_option(text, row, value);
}

static inline void
print_service(struct text *text, struct fuzz_input *input)
{
	const struct service_type *const *types = service_types();
	unsigned count = 0, code = fuzz_byte(input), shape = fuzz_byte(input);
	const struct service_type *type;

	while (types[count] != NULL)
		count++;
	type = types[code % count];
	print(text, "%s %c {\n\tlisten = { ", type->name,
	    'a' + (int)(code / count % 5));
	for (unsigned i = 0; i <= shape % ADDRESSES_MAX; i++)
		print_address(text, fuzz_byte(input));
	print(text, "}\n");
	if (strcmp(type->name, "creosote") == 0)
		print_option(
		    text, service_find_option(type, "file"), fuzz_byte(input));
	for (shape /= 4; shape % 4 > 0; shape--) {
		unsigned number = fuzz_byte(input) % 48;

		print_any_option(text, type, number, fuzz_byte(input));
	}
	print(text, "}\n");
}

static inline void
make_config(struct text *text, struct fuzz_input *input)
{
	unsigned shape = fuzz_byte(input);

	text->len = 0;
	for (unsigned i = 0; i < shape % (SERVICES_MAX + 1); i++)
		print_service(text, input);
	if (shape > 240)
		print(text, "max-connections = 5\n");
	if (shape == 255)
		print(text, "}\n");
}

#endif
