/* SPDX-License-Identifier: ISC */
/* No limit: what is built without libseccomp. */
#include "daemon/syscalls.h"

bool
syscalls_are_built_in(void)
{
	return false;
}

int
syscalls_limit(char why[WHY_SIZE])
{
	return why_set(why, "netlabd was built without it");
}
