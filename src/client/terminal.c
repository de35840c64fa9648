/* SPDX-License-Identifier: ISC */
/* What standard output is, and how it is used where it is a terminal. */
#include "client/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "client/output.h"

/* The alternate screen, without and with the cursor (xterm's, and all others').
 */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

#define ROWS_DEFAULT 24

/* The keyboard as it was; meaningful while is_changed. */
static struct termios before;
static bool is_changed;

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

void
terminal_open(struct terminal *terminal)
{
	const char *term = getenv("TERM");

	*terminal =
	    (struct terminal){ .is_terminal = isatty(STDOUT_FILENO) == 1 };
	if (term == NULL)
		term = "dumb";
	terminal->has_colours = terminal->is_terminal && !is_set("NO_COLOR") &&
	    strcmp(term, "dumb") != 0;
	terminal->has_palette = terminal->has_colours &&
	    (strstr(term, "256") != NULL || is_set("COLORTERM"));
	terminal_measure(terminal);
}

void
terminal_measure(struct terminal *terminal)
{
	struct winsize size;

	if (!terminal->is_terminal ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1)
		return;
	terminal->columns = size.ws_col;
	/* A serial line does not know; the oldest terminals have so many. */
	terminal->rows = size.ws_row != 0 ? size.ws_row : ROWS_DEFAULT;
}

/*
 * Whether the keys are somebody else's, who stops what reads or changes them:
 * so it is with "netlab ... &", and with timeout(1).
 */
static bool
is_in_background(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group != -1 && group != getpgrp();
}

bool
terminal_take_keys(void)
{
	struct termios keys;

	if (is_in_background())
		return false;
	if (is_changed || tcgetattr(STDIN_FILENO, &before) == -1)
		return true;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
	is_changed = true;
	return true;
}

void
terminal_enter(void)
{
	(void)terminal_take_keys();
	(void)output_write_all(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1);
}

void
terminal_leave(void)
{
	(void)output_write_all(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
	if (is_changed && !is_in_background())
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	is_changed = false;
}
