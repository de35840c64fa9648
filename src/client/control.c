/* SPDX-License-Identifier: ISC */
/* Questions to the control socket of netlabd, and its answers. */
#include "client/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "client/control_private.h"
#include "client/plain.h"

#define DEFAULT_SOCKET "unix:/run/netlabd/control"
#define ENVIRONMENT    "NETLAB_SOCKET"

enum status
control_open(struct control *control, const struct command *command,
    const struct arguments *arguments)
{
	const struct target_rules rules = {
		.command = command,
		.transports = TRANSPORTS_STREAM,
		.default_port = ADDRESS_NO_PORT,
		.hint = "write unix:/path, or HOST:PORT",
	};
	const char *text = arguments->socket;
	char path[sizeof("unix:") + sizeof(struct sockaddr_un)];

	if (text == NULL)
		text = getenv(ENVIRONMENT);
	if (text == NULL || *text == '\0')
		text = DEFAULT_SOCKET;
	*control = (struct control){ .timeout_ms = arguments->timeout_ms,
		.stop_fd = -1,
		.reader_fd = -1 };
	if (text[0] == '/') {
		snprintf(path, sizeof(path), "unix:%s", text);
		text = path;
	}
	return target_find(&control->target, &rules, text, control->timeout_ms);
}

void
control_close(struct control *control)
{
	target_free(&control->target);
}

enum status
control_complain(const struct control *control, const char *why)
{
	return target_complain(&control->target, 0, "%s", why);
}

/* Where an answer is gathered. */
struct gathering {
	char *text;
	size_t len;
	bool is_too_long, is_out_of_memory;
};

/* The body of an answer that is wanted as a whole. */
static bool
gather(void *arg, const char *data, size_t len)
{
	struct gathering *all = arg;
	char *text;

	if (len > CONTROL_ANSWER_MAX - all->len) {
		all->is_too_long = true;
		return false;
	}
	text = realloc(all->text, all->len + len + 1);
	if (text == NULL) {
		all->is_out_of_memory = true;
		return false;
	}
	memcpy(text + all->len, data, len);
	all->text = text;
	all->len += len;
	text[all->len] = '\0';
	return true;
}

static int
parse(const struct gathering *all, unsigned status,
    struct control_answer *answer, char why[CONTROL_WHY_SIZE])
{
	json_error_t error;

	if (all->is_out_of_memory)
		return control_fail(why, "out of memory");
	if (all->is_too_long)
		return control_fail(why, "an answer longer than %u bytes %s",
		    CONTROL_ANSWER_MAX, CONTROL_NOT_NETLABD);
	answer->json = json_loadb(all->text == NULL ? "" : all->text, all->len,
	    JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(answer->json)) {
		json_decref(answer->json);
		answer->json = NULL;
		return control_fail(why,
		    "an answer of status %u that is no "
		    "object of JSON %s",
		    status, CONTROL_NOT_NETLABD);
	}
	answer->status = status;
	answer->text = all->text;
	answer->len = all->len;
	return 0;
}

int
control_ask(const struct control *control, const char *method, const char *path,
    struct control_answer *answer, char why[CONTROL_WHY_SIZE])
{
	struct gathering all = { 0 };
	const struct control_sink sink = { .body = gather, .arg = &all };
	struct response response;
	int result;

	*answer = (struct control_answer){ 0 };
	if (response_open(&response, gather, &all) == -1)
		return control_fail(why, "out of memory");
	result =
	    control_talk(control, method, path, &response, &sink, false, why);
	response_close(&response);
	if (result == 0)
		result = parse(&all, response.status, answer, why);
	if (result == -1)
		free(all.text);
	return result;
}

void
control_answer_free(struct control_answer *answer)
{
	free(answer->text);
	json_decref(answer->json);
	*answer = (struct control_answer){ 0 };
}

/* A stream goes to its sink; an answer that refuses one is gathered. */
struct streaming {
	const struct control_sink *sink;
	const struct response *response;
	struct gathering refusal;
};

static bool
pass(void *arg, const char *data, size_t len)
{
	struct streaming *streaming = arg;

	if (streaming->response->status == 200)
		return streaming->sink->body(streaming->sink->arg, data, len);
	return gather(&streaming->refusal, data, len);
}

static bool
pass_pause(void *arg)
{
	struct streaming *streaming = arg;

	return streaming->sink->pause(streaming->sink->arg);
}

/* The answer is no stream: says what the server says. */
static int
refuse(struct streaming *streaming, char why[CONTROL_WHY_SIZE])
{
	struct control_answer answer = { 0 };
	unsigned status = streaming->response->status;

	if (parse(&streaming->refusal, status, &answer, why) == -1) {
		free(streaming->refusal.text);
		return -1;
	}
	control_format_refusal(&answer, why);
	control_answer_free(&answer);
	return -1;
}

int
control_stream(const struct control *control, const char *path,
    const struct control_sink *sink, unsigned *status,
    char why[CONTROL_WHY_SIZE])
{
	struct response response;
	struct streaming streaming = { .sink = sink, .response = &response };
	const struct control_sink through = { pass, pass_pause, &streaming };
	int result;

	*status = 0;
	if (response_open(&response, pass, &streaming) == -1)
		return control_fail(why, "out of memory");
	result =
	    control_talk(control, "GET", path, &response, &through, true, why);
	response_close(&response);
	*status = response.status;
	if (result == 0 && *status != 0 && *status != 200)
		return refuse(&streaming, why);
	free(streaming.refusal.text);
	return result;
}

void
control_format_refusal(
    const struct control_answer *answer, char why[CONTROL_WHY_SIZE])
{
	const char *error =
	    json_string_value(json_object_get(answer->json, "error"));
	char text[CONTROL_WHY_SIZE / 2];

	if (error == NULL)
		snprintf(why, CONTROL_WHY_SIZE,
		    "refused with status %u, without a word", answer->status);
	else
		snprintf(why, CONTROL_WHY_SIZE, "%s",
		    plain_cut(text, sizeof(text), error));
}

enum status
control_ask_or_complain(const struct control *control, const char *method,
    const char *path, struct control_answer *answer)
{
	char why[CONTROL_WHY_SIZE];

	if (control_ask(control, method, path, answer, why) == -1)
		return control_complain(control, why);
	if (answer->status == 200)
		return STATUS_OK;
	control_format_refusal(answer, why);
	control_answer_free(answer);
	return control_complain(control, why);
}
