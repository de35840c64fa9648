/* SPDX-License-Identifier: ISC */
/* No fence: what is built where there is no landlock(7), or it is not wanted.
 */
#include "base/fence.h"

#include <errno.h>

bool
fence_is_built_in(void)
{
	return false;
}

int
fence_open(void)
{
	errno = ENOSYS;
	return -1;
}

int
fence_add(const char *path, enum fence_use use)
{
	(void)path;
	(void)use;
	return 0;
}

int
fence_add_place(const char *path, enum fence_use use)
{
	(void)path;
	(void)use;
	return 0;
}

int
fence_add_descriptor(int fd)
{
	(void)fd;
	return 0;
}

int
fence_raise(void)
{
	errno = ENOSYS;
	return -1;
}

void
fence_cancel(void)
{
}

const char *
fence_advice(const char *path, enum fence_use use)
{
	(void)path;
	(void)use;
	return FENCE_ADVICE;
}

bool
fence_lets(const char *path, enum fence_use use)
{
	(void)path;
	(void)use;
	return true;
}
