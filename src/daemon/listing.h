/* SPDX-License-Identifier: ISC */
/* Tables for people: which services and options there are. */
#ifndef DAEMON_LISTING_H
#define DAEMON_LISTING_H

/* Prints a line a service type: name, transports, summary. */
void list_services(void);

/*
 * Prints a line an option in columns: section (global, common or a type), name,
 * default, what may be written, help. With a type's name: the options that such
 * a section takes. Returns -1 when there is no such type.
 */
int list_options(const char *type_name);

#endif
