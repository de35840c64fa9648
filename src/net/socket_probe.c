/* SPDX-License-Identifier: ISC */
/* Looks whether a socket could be made. */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A unit makes directories, too; then they may be missing before a start. */
static const char *
probe_advice(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "make its directory, unless the unit does: "
		       "RuntimeDirectory=";
	case EROFS:
		return "the unit has to allow it: ReadWritePaths=";
	default:
		return "the directory must be writable";
	}
}

int
socket_probe(const struct address *address, char why[WHY_SIZE])
{
	char directory[sizeof(address->u.un.sun_path)];
	size_t len;

	if (address->u.sa.sa_family != AF_UNIX)
		return 0;
	len = strlen(strcpy(directory, address->u.un.sun_path));
	while (len > 0 && directory[len - 1] != '/')
		directory[--len] = '\0'; /* paths are absolute */
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	return why_set(why, "cannot listen on %s %s: %s (%s)",
	    address_transport_name(address->transport), address->u.un.sun_path,
	    strerror(errno), probe_advice(errno));
}
