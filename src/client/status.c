/* SPDX-License-Identifier: ISC */
/* netlab status: how netlabd and its services are. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/control.h"
#include "client/output.h"
#include "client/page.h"
#include "client/signals.h"
#include "client/status_text.h"
#include "client/terminal.h"
#include "net/http.h"

/* Begins the screen anew: each line is written over, and its rest cleared. */
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

struct status_command {
	const struct arguments *arguments;
	struct control control;
	struct terminal terminal;
	char path[1024];
	bool is_one; /* one service is asked for */
};

/* Appends what the answer says; its bytes as they are with --json. */
static void
print_answer(const struct status_command *command, struct page *page,
    const struct control_answer *answer)
{
	struct status_style style = {
		.columns = command->terminal.columns,
		.has_colours = command->terminal.has_colours,
	};
	size_t len = answer->len;

	if (!command->arguments->json) {
		(command->is_one ? status_print_service : status_print)(
		    page, &style, answer->json);
		return;
	}
	/* Its last newline is no text to be escaped. */
	if (len > 0 && answer->text[len - 1] == '\n')
		len--;
	if (command->terminal.is_terminal)
		page_plain(page, answer->text, len);
	else
		page_add(page, answer->text, len);
	page_puts(page, "\n");
}

/* Asks, and appends what there is to show. 0, or -1 with why. */
static int
ask(const struct status_command *command, struct page *page,
    char why[CONTROL_WHY_SIZE])
{
	struct control_answer answer;
	int result = 0;

	if (control_ask(
		&command->control, "GET", command->path, &answer, why) == -1)
		return -1;
	if (answer.status == 200) {
		print_answer(command, page, &answer);
	} else {
		control_format_refusal(&answer, why);
		result = -1;
	}
	control_answer_free(&answer);
	return result;
}

static enum status
show_once(const struct status_command *command)
{
	struct page page = { 0 };
	char why[CONTROL_WHY_SIZE];
	enum status status;

	if (ask(command, &page, why) == -1)
		status = control_complain(&command->control, why);
	else
		status = page_print_out(&page);
	page_free(&page);
	return status;
}

/* --- Watching */

/*
 * Appends the lines of the text that fit on the screen: each clears what stood
 * behind it, and the last but one says how many there are no room for.
 */
static void
fit_screen(struct page *screen, const struct page *text, size_t rows)
{
	size_t lines = 0, row = 0;
	const char *line = text->data, *end = text->data + text->len;

	for (size_t i = 0; i < text->len; i++)
		lines += text->data[i] == '\n';
	page_puts(screen, HOME);
	while (line < end && (lines < rows || row + 2 < rows)) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		if (newline == NULL)
			break; /* memory was short */
		page_add(screen, line, (size_t)(newline - line));
		page_puts(screen, CLEAR_LINE "\n");
		line = newline + 1;
		row++;
	}
	if (row < lines)
		page_print(screen,
		    "... and %zu lines more (the terminal is too "
		    "low)" CLEAR_LINE "\n",
		    lines - row);
	page_puts(screen, CLEAR_REST);
}

/* Waits for the next moment, a key or a signal. False: it shall end. */
static bool
wait_for_end(const struct status_command *command, int64_t until_ms)
{
	bool has_keys = command->terminal.is_terminal && terminal_take_keys();
	struct pollfd ready[] = {
		{ .fd = command->control.stop_fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
		{ .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};

	for (;;) {
		int64_t left = until_ms - clock_monotonic_ms();
		char key;

		if (poll(ready, 3, left < 0 ? 0 : (int)left) <= 0)
			return true;
		if (ready[0].revents != 0)
			return true; /* the caller takes the signal */
		if (ready[1].revents != 0)
			return false;
		if (read(STDIN_FILENO, &key, 1) != 1)
			ready[2].fd = -1; /* no keys will come */
		else if (key == 'q' || key == 'Q')
			return false;
		else
			return true; /* any other shows it anew */
	}
}

/* Gives the terminal back while it is stopped. */
static void
suspend(const struct status_command *command)
{
	if (command->terminal.is_terminal)
		terminal_leave();
	raise(SIGSTOP);
	if (command->terminal.is_terminal)
		terminal_enter();
}

/* Obeys the signals that have come. False: one of them ends. */
static bool
obey_signals(const struct status_command *command)
{
	int number;

	while ((number = signals_take()) != 0) {
		if (number == SIGTSTP)
			suspend(command);
		else if (number != SIGWINCH)
			return false;
	}
	return true;
}

/* Stands in place of the state. */
static void
print_failure(
    const struct status_command *command, struct page *page, const char *why)
{
	page_print(page, "%s: %s", command->control.target.name, why);
	page_wrap(page, 0,
	    (struct wrap){ .columns = command->terminal.columns, .indent = 2 });
	page_puts(page, "\n");
}

/* One picture: the state, or why there is none. */
static int
show(struct status_command *command, struct page *text, struct page *screen)
{
	char why[CONTROL_WHY_SIZE];

	terminal_measure(&command->terminal);
	page_clear(text);
	if (ask(command, text, why) == -1 && command->control.stop_fd != -1)
		print_failure(command, text, why);
	if (!command->terminal.is_terminal)
		return page_write(
		    text, STDOUT_FILENO, command->control.stop_fd);
	fit_screen(screen, text, command->terminal.rows);
	screen->is_short = screen->is_short || text->is_short;
	return page_write(screen, STDOUT_FILENO, command->control.stop_fd);
}

static enum status
watch(struct status_command *command)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP,
		SIGWINCH };
	struct page text = { 0 }, screen = { 0 };
	int64_t next_ms;
	int error = 0;

	command->control.stop_fd =
	    signals_open(numbers, sizeof(numbers) / sizeof(*numbers));
	if (command->terminal.is_terminal)
		terminal_enter();
	do {
		if (show(command, &text, &screen) == -1)
			error = errno;
		next_ms = clock_monotonic_ms() + command->arguments->watch_ms;
	} while (error == 0 && obey_signals(command) &&
	    wait_for_end(command, next_ms) && obey_signals(command));
	if (command->terminal.is_terminal)
		terminal_leave();
	page_free(&text);
	page_free(&screen);
	return error == 0 ? STATUS_OK : output_complain(error);
}

static enum status
make_path(struct status_command *command)
{
	const struct arguments *arguments = command->arguments;
	size_t used = (size_t)snprintf(
	    command->path, sizeof(command->path), "/services/");

	if (arguments->count > 1)
		return command_refuse(&status_command, "more than one service");
	command->is_one = arguments->count == 1;
	if (!command->is_one)
		strcpy(command->path, "/status");
	else if (http_encode(command->path + used, sizeof(command->path) - used,
		     arguments->operands[0]) >= sizeof(command->path) - used)
		return command_refuse(&status_command,
		    "no service has a name of so many letters");
	return STATUS_OK;
}

static enum status
status_run(const struct arguments *arguments)
{
	struct status_command command = { .arguments = arguments };
	enum status status = make_path(&command);

	if (status == STATUS_OK)
		status =
		    control_open(&command.control, &status_command, arguments);
	if (status != STATUS_OK)
		return status;
	terminal_open(&command.terminal);
	status =
	    arguments->watch_ms == 0 ? show_once(&command) : watch(&command);
	control_close(&command.control);
	return status;
}

const struct command status_command = {
	.name = "status",
	.usage = "[SERVICE]",
	.summary = "show how netlabd and its services are",
	.help = "Shows how netlabd is, what each of its services has done, at "
		"what rate, and what\nit refused and lost; or all figures of "
		"one SERVICE, by its name.",
	.awaited = "netlabd",
	.options = "Swjt",
	.run = status_run,
};
