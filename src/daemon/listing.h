/* SPDX-License-Identifier: ISC */
/* Tables for people: which services and options there are. */
#ifndef DAEMON_LISTING_H
#define DAEMON_LISTING_H

/*
 * Prints the service types: name, transports, summary. A line each, but on a
 * terminal in lines that fit.
 */
void list_services(void);

/*
 * Prints the options in columns: section (global, common or a type), name,
 * default, what may be written, help. A line each, but on a terminal the help
 * stands below. With a type's name: the options that such a section takes.
 * Returns -1 when there is no such type.
 */
int list_options(const char *type_name);

#endif
