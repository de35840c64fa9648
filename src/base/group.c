/* SPDX-License-Identifier: ISC */
/* Groups of users. */
#include "base/group.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address_lookup.h"
#include "base/escape.h"

static bool
parse_number(const char *text, gid_t *group)
{
	char *end;
	unsigned long number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	*group = (gid_t)number;
	return errno == 0 && *end == '\0' && number < UINT_MAX;
}

/* What knows of it, a directory service perhaps, may be there later. */
static int
explain_unknown(const char *text, int error, char why[WHY_SIZE])
{
	char quoted[64];

	escape_quote(quoted, sizeof(quoted), text);
	if (error == 0)
		return why_set(why,
		    "there is no group %s (write the name of one, or a number)",
		    quoted);
	address_lookup_note_failure();
	return why_set(why,
	    "group %s cannot be looked up: %s (see nsswitch.conf, or write a "
	    "number)",
	    quoted, strerror(error));
}

int
group_find(const char *text, gid_t *group, char why[WHY_SIZE])
{
	const struct group *entry;
	int error;

	errno = 0; /* who does not exist is no error */
	entry = getgrnam(text);
	error = errno;
	if (entry != NULL)
		*group = entry->gr_gid;
	else if (!parse_number(text, group))
		return explain_unknown(text, error, why);
	return 0;
}

bool
group_is_ours(gid_t group)
{
	gid_t groups[NGROUPS_MAX];
	int count;

	if (geteuid() == 0 || getegid() == group)
		return true;
	count = getgroups(NGROUPS_MAX, groups);
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}
