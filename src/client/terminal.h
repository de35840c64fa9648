/* SPDX-License-Identifier: ISC */
/* What standard output is, and how it is used where it is a terminal. */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal {
	bool is_terminal;
	bool has_colours;     /* they are wanted: see no-color.org */
	bool has_palette;     /* 256 of them */
	size_t columns, rows; /* 0: not known, as of a pipe */
};

/* Looks at standard output, $NO_COLOR and $TERM. */
void terminal_open(struct terminal *terminal);

/* Asks for the size again, as windows change theirs. */
void terminal_measure(struct terminal *terminal);

/*
 * Takes the keys and shows an empty screen. terminal_leave() brings back what
 * there was; it writes and sets only what a signal's end may need.
 */
void terminal_enter(void);
void terminal_leave(void);

/*
 * From now on keys come at once and unseen on standard input, if that is a
 * terminal. False: it is in the background, where keys must not be touched
 * until a later call finds it in front.
 */
bool terminal_take_keys(void);

/* SGR codes, for what is of the same meaning everywhere. */
#define PAINT_BOLD  "1"
#define PAINT_FAINT "2"
#define PAINT_BAD   "1;31"
#define PAINT_WARN  "33"

#endif
