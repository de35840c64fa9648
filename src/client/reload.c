/* SPDX-License-Identifier: ISC */
/* netlab reload: netlabd reads its configuration anew, and tells what came. */
#include "client/reload.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "client/control.h"
#include "client/plain.h"

/* What the outcome counts, in the order in which it is told. */
static const char *const counts[] = { "kept", "changed", "started", "stopped" };

void
reload_print_counts(struct page *page, const json_t *outcome)
{
	const char *separator = "";

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const json_t *value = json_object_get(outcome, counts[i]);

		if (!json_is_integer(value))
			continue;
		page_print(page, "%s%" JSON_INTEGER_FORMAT " %s", separator,
		    json_integer_value(value), counts[i]);
		separator = ", ";
	}
	if (*separator == '\0')
		page_puts(page, "without a word on the services");
}

static enum status
print_outcome(const json_t *outcome)
{
	struct page page = { 0 };
	enum status status;

	page_puts(&page, "reloaded: ");
	reload_print_counts(&page, outcome);
	page_puts(&page, "\n");
	status = page_print_out(&page);
	page_free(&page);
	return status;
}

/* All that is wrong, a line each, and that nothing has changed. */
static enum status
complain(const struct control *control, const json_t *outcome)
{
	const json_t *errors = json_object_get(outcome, "errors");
	char text[1024];
	json_t *item;
	size_t i;

	json_array_foreach(errors, i, item)
	{
		const char *error = json_string_value(item);

		if (error != NULL)
			log_error("%s", plain_cut(text, sizeof(text), error));
	}
	return control_complain(
	    control, "the reload was refused, and netlabd serves on as before");
}

static enum status
reload_run(const struct arguments *arguments)
{
	struct control control;
	struct control_answer answer;
	char why[CONTROL_WHY_SIZE];
	enum status status;

	if (arguments->count > 0)
		return command_refuse(&reload_command, "more than the command");
	status = control_open(&control, &reload_command, arguments);
	if (status != STATUS_OK)
		return status;
	if (control_ask(&control, "POST", "/reload", &answer, why) == -1) {
		status = control_complain(&control, why);
	} else if (answer.status == 200) {
		status = print_outcome(answer.json);
	} else if (json_is_array(json_object_get(answer.json, "errors"))) {
		status = complain(&control, answer.json);
	} else {
		control_format_refusal(&answer, why);
		status = control_complain(&control, why);
	}
	control_answer_free(&answer);
	control_close(&control);
	return status;
}

const struct command reload_command = {
	.name = "reload",
	.usage = "",
	.summary =
	    "let netlabd read its configuration anew, and see it through",
	.help = "Lets netlabd read its configuration anew, and waits for the "
		"outcome: what was\nkept, changed, started and stopped; or all "
		"that is wrong, and then nothing has\nchanged, and the exit "
		"status is 1.",
	.awaited = "the outcome",
	.options = "St",
	.run = reload_run,
	.timeout_ms = 60000,
};
