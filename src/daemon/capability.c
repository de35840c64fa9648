/* SPDX-License-Identifier: ISC */
/* What is left of the rights of root, by the bare system calls. */
#include "daemon/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/*
 * What a reload may need of what it was started with: listen, receive-buffer,
 * and where root serves, file, file-group and socket-group.
 */
#define USEFUL                                                             \
	(BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_ADMIN) | BIT(CAP_CHOWN) | \
	    BIT(CAP_FOWNER) | BIT(CAP_DAC_OVERRIDE))

typedef struct __user_cap_data_struct capability_data[2];

static int
call(long number, capability_data data)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return (int)syscall(number, &header, data);
}

/*
 * Asks for a change only where there is one: a filter of the system's may know
 * the call for one of root's.
 */
int
capability_keep_useful(char why[WHY_SIZE])
{
	capability_data data;
	uint32_t excess = 0;

	if (call(SYS_capget, data) == -1)
		return why_set(
		    why, "cannot read capabilities: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		uint32_t useful = (uint32_t)(USEFUL >> (32 * i));

		excess |= data[i].permitted & ~useful;
		data[i].permitted &= useful;
		data[i].effective &= useful;
		data[i].inheritable &= useful;
	}
	if (excess != 0 && call(SYS_capset, data) == -1)
		return why_set(
		    why, "cannot give up capabilities: %s", strerror(errno));
	return 0;
}

void
capability_empty_bounds(void)
{
	/* The kernel tells which one is its last. */
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}
