/* SPDX-License-Identifier: ISC */
/* Fuzzes the reading of netlabd.conf. */
#include "config/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* What libconfuse finds is a mistake that syntax.c has let through. */
static void
require_own_errors(const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		REQUIRE(strncmp(errors->items[i], "fuzz.conf:", 10) == 0);
		REQUIRE(strcmp(errors->items[i],
			    "fuzz.conf: libconfuse cannot read it") != 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errors = { 0 };
	struct config *config;
	char *text;

	/* Other files are not the fuzzer's to read. */
	if (memmem(data, size, "include", 7) != NULL)
		return 0;
	text = strndup((const char *)data, size);
	config = config_load_text("fuzz.conf", text, &errors);
	REQUIRE((config == NULL) == (errors.count > 0));
	require_own_errors(&errors);
	config_free(config);
	config_errors_free(&errors);
	free(text);
	return 0;
}
