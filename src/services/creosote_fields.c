/* SPDX-License-Identifier: ISC */
/* What a decoder tells, by number and by name (RFC 5424, 6.2.1). */
#include "services/creosote_fields.h"

#include <stddef.h>

#define COUNT(array) (int)(sizeof(array) / sizeof(*(array)))

static const struct {
	const char *name;
	size_t offset;
} slices[CREOSOTE_FIELDS_SLICES] = {
	{ "timestamp", offsetof(struct creosote_fields, time) },
	{ "release", offsetof(struct creosote_fields, release) },
	{ "host", offsetof(struct creosote_fields, host) },
	{ "program", offsetof(struct creosote_fields, program) },
	{ "process", offsetof(struct creosote_fields, process) },
	{ "message_id", offsetof(struct creosote_fields, message_id) },
	{ "structured", offsetof(struct creosote_fields, structured) },
	{ "dictionary", offsetof(struct creosote_fields, dictionary) },
};

struct slice *
creosote_fields_slice(struct creosote_fields *fields, unsigned i)
{
	return (struct slice *)(void *)((char *)fields + slices[i].offset);
}

const struct slice *
creosote_fields_slice_const(const struct creosote_fields *fields, unsigned i)
{
	return (const struct slice *)(const void *)((const char *)fields +
	    slices[i].offset);
}

const char *
creosote_fields_name(unsigned i)
{
	return slices[i].name;
}

const char *
creosote_facility_name(int facility)
{
	static const char *const names[] = { "kern", "user", "mail", "daemon",
		"auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
		"ftp", "ntp", "audit", "alert", "clock", "local0", "local1",
		"local2", "local3", "local4", "local5", "local6", "local7" };

	return facility >= 0 && facility < COUNT(names) ? names[facility]
							: "unknown";
}

const char *
creosote_severity_name(int severity)
{
	static const char *const names[] = { "emerg", "alert", "crit", "err",
		"warning", "notice", "info", "debug" };

	return severity >= 0 && severity < COUNT(names) ? names[severity]
							: "unknown";
}
