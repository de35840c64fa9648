/* SPDX-License-Identifier: ISC */
/* A time of day that jumps. The monotonic clock stays as it is. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "faults.h"

#define NS_PER_S 1000000000LL

static void
shift(struct timespec *time)
{
	int64_t ns;

	if (faults_plan() == NULL)
		return;
	ns = time->tv_sec * NS_PER_S + time->tv_nsec +
	    faults_plan()->clock_offset_ns;
	time->tv_sec = ns / NS_PER_S;
	time->tv_nsec = ns % NS_PER_S;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static __typeof__(&clock_gettime) real;
	int result;

	if (real == NULL)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, now);
	if (result == 0 && clock == CLOCK_REALTIME)
		shift(now);
	return result;
}

time_t
time(time_t *seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (seconds != NULL)
		*seconds = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &time);
	*now = (struct timeval){ time.tv_sec, time.tv_nsec / 1000 };
	return 0;
}

/* The kernel tells with a datagram when it came. */
static void
shift_datagram(struct msghdr *header)
{
	for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL;
	     message = CMSG_NXTHDR(header, message)) {
		struct timespec time;

		if (message->cmsg_level != SOL_SOCKET ||
		    message->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(message), sizeof(time));
		shift(&time);
		memcpy(CMSG_DATA(message), &time, sizeof(time));
	}
}

int
recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout)
{
	static __typeof__(&recvmmsg) real;
	static int number = -1;
	int received;

	if (faults_strike("recvmmsg", &number, __builtin_return_address(0))) {
		if (errno != 0)
			return -1;
		count = 1;
	}
	if (real == NULL)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "recvmmsg");
	received = real(fd, messages, count, flags, timeout);
	for (int i = 0; i < received; i++)
		shift_datagram(&messages[i].msg_hdr);
	return received;
}
