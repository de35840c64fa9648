/* SPDX-License-Identifier: ISC */
/*
 * Syslog's messages, RFC 5424 and RFC 3164 as it is found in the wild.
 *
 *   <165>1 2003-10-11T22:14:15.003Z host prog 42 ID47 [x@1 k="v"] text
 *   <34>Oct 11 22:14:15 host prog[42]: text
 *   <34>Oct 11 22:14:15 prog[42]: text           as written to /dev/log
 *
 * Rules, each with what happens where it does not hold:
 *
 * - A message begins with <PRIORITY>, 0 to 191 without leading zeros. Otherwise
 *   all of it is the text.
 * - "1 " and the six fields of RFC 5424 follow: "-" is a field that is not
 * told. Structured data that is broken begins the text. Otherwise it is read by
 *   the rules of RFC 3164, which cannot fail, as all that they ask is optional:
 * - A time: "Oct 11 22:14:15", with a year before or a fraction after the time
 *   of day, and a colon after it, as some write it; or that of RFC 3339.
 * - A host, only behind a time: a word of letters, digits and any of ".-_:%/",
 *   of at most 255 characters, which is no tag.
 * - A tag: "prog:" or "prog[42]:", and then a blank or the end; or "prog[42] ".
 * - The rest is the text.
 *
 * One NUL and one newline at the end, which some senders put there, and the
 * byte order mark of RFC 5424 are not part of the text.
 */
#ifndef SERVICES_CREOSOTE_SYSLOG_H
#define SERVICES_CREOSOTE_SYSLOG_H

#include <stddef.h>

#include "services/creosote_fields.h"

/* Fills all of fields; its slices point into data. Never fails. */
void
syslog_decode(struct creosote_fields *fields, const char *data, size_t len);

#endif
