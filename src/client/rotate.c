/* SPDX-License-Identifier: ISC */
/* netlab rotate: buckets begin new files. */
#include <stdio.h>
#include <string.h>

#include "client/control.h"
#include "client/page.h"
#include "net/http.h"

static enum status
print_rotated(const struct control *control, const json_t *json)
{
	const json_t *names = json_object_get(json, "rotated");
	struct page page = { 0 };
	enum status status;
	json_t *item;
	size_t i;

	if (json_array_size(names) == 0)
		return control_complain(
		    control, "no bucket has a file that could be rotated");
	page_puts(&page, "rotated: ");
	json_array_foreach(names, i, item)
	{
		const char *name = json_string_value(item);

		page_puts(&page, i > 0 ? ", " : "");
		if (name != NULL)
			page_plain(&page, name, strlen(name));
	}
	page_puts(&page, "\n");
	status = page_print_out(&page);
	page_free(&page);
	return status;
}

static enum status
rotate_run(const struct arguments *arguments)
{
	struct control control;
	struct control_answer answer;
	enum status status;
	char path[1024] = "/rotate";

	if (arguments->count > 1)
		return command_refuse(&rotate_command, "more than one bucket");
	if (arguments->count == 1) {
		strcpy(path, "/rotate?bucket=");
		if (http_encode(path + strlen(path),
			sizeof(path) - strlen(path), arguments->operands[0]) >=
		    sizeof(path) - sizeof("/rotate?bucket="))
			return command_refuse(&rotate_command,
			    "no bucket has a name of so many letters");
	}
	status = control_open(&control, &rotate_command, arguments);
	if (status != STATUS_OK)
		return status;
	status = control_ask_or_complain(&control, "POST", path, &answer);
	if (status == STATUS_OK) {
		status = print_rotated(&control, answer.json);
		control_answer_free(&answer);
	}
	control_close(&control);
	return status;
}

const struct command rotate_command = {
	.name = "rotate",
	.usage = "[BUCKET]",
	.summary = "let a bucket, or all of them, begin a new file",
	.help = "Lets the bucket of that name begin a new file now and keep "
		"the old one, or\nwithout BUCKET all buckets that have files. "
		"No record is lost at the seam.",
	.awaited = "netlabd",
	.options = "St",
	.run = rotate_run,
	.timeout_ms = 30000,
};
