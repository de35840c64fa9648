/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes option values, in every row of every type: what is refused changes
 * nothing, and what is taken is taken again as it is printed, in a file.
 */
#include "base/option.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "core/service_private.h"
#include "services/services.h"
#include "fuzz.h"

/* A longer text's value may be cut when it is printed. */
#define TEXT_MAX_LEN 200

#define LISTEN "unix:/run/x"

static struct service *
make_service(const struct service_type *type)
{
	struct service *service = service_new(type, "x");
	char why[WHY_SIZE];

	REQUIRE(service != NULL);
	REQUIRE(service_set_option(service, service_find_option(type, "listen"),
		    LISTEN, why) == 0);
	return service;
}

/* The settings that a row of the service is an offset into. */
static const void *
settings_of(const struct service *service, const struct option *row)
{
	return option_find(service_common_options(), row->name) == row
	    ? (const void *)&service->common
	    : service->settings;
}

/* In a file it is what it was; or the file is refused for what is set. */
static void
require_in_file(
    const struct service *service, const char *name, const char *value)
{
	char text[OPTION_TEXT_SIZE + 256], why[WHY_SIZE];
	struct config_errors errors = { 0 };
	struct config *config;

	snprintf(text, sizeof(text),
	    "%s x {\n\tlisten = \"" LISTEN "\"\n\t%s = %s\n}\n",
	    service->type->name, name, value);
	config = config_load_text("fuzz.conf", text, &errors);
	if (config == NULL)
		REQUIRE(service_check(service, why) == -1);
	else
		REQUIRE(service_is_equal(config->services[0], service));
	config_free(config);
	config_errors_free(&errors);
}

static void
fuzz_row(
    const struct service_type *type, const struct option *row, const char *text)
{
	struct service *service = make_service(type);
	struct service *before = make_service(type);
	char value[OPTION_TEXT_SIZE], why[WHY_SIZE] = "";

	if (service_set_option(service, row, text, why) == -1) {
		REQUIRE(why[0] != '\0' && strlen(why) < WHY_SIZE);
		REQUIRE(service_is_equal(service, before));
	} else {
		option_format(row, settings_of(service, row), value);
		REQUIRE(strlen(value) < sizeof(value));
		if (strcmp(row->name, "listen") != 0)
			require_in_file(service, row->name, value);
	}
	option_describe(row, value);
	REQUIRE(strlen(value) < sizeof(value));
	service_free(service);
	service_free(before);
}

/* Other files are not the fuzzer's to read, so include is left out. */
static void
fuzz_global(const char *name, const char *text)
{
	const struct option *row = option_find(config_global_options(), name);
	struct config_globals globals = { 0 };
	struct config_errors errors = { 0 };
	char value[OPTION_TEXT_SIZE], why[WHY_SIZE], file[2048];
	struct config *config;

	if (option_set(row, &globals, text, why) == -1)
		return;
	option_format(row, &globals, value);
	snprintf(file, sizeof(file),
	    "%s = %s\necho x {\n\tlisten = \"" LISTEN "\"\n}\n", name, value);
	config = config_load_text("fuzz.conf", file, &errors);
	REQUIRE(config != NULL);
	option_format(row, &config->globals, file);
	REQUIRE(strcmp(file, value) == 0);
	config_free(config);
	config_errors_free(&errors);
}

static size_t
count_rows(const struct option *rows)
{
	size_t count = 0;

	while (rows != NULL && rows[count].name != NULL)
		count++;
	return count;
}

/* Which type, which of its rows and the common ones; the text. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct service_type *const *types = service_types();
	const struct option *common = service_common_options();
	size_t count = 0, commons = count_rows(common), row;
	char *text;

	if (size < 2 || size - 2 > TEXT_MAX_LEN)
		return 0;
	while (types[count] != NULL)
		count++;
	text = strndup((const char *)data + 2, size - 2);
	if (data[0] % (count + 1) == count) {
		fuzz_global(
		    data[1] % 2 == 0 ? "max-connections" : "reload-grace",
		    text);
	} else {
		types += data[0] % (count + 1);
		row = data[1] % (commons + count_rows((*types)->options));
		fuzz_row(*types,
		    row < commons ? &common[row]
				  : &(*types)->options[row - commons],
		    text);
	}
	free(text);
	return 0;
}
