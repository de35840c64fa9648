/* SPDX-License-Identifier: ISC */
/* The calls that can be made to fail. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <ifaddrs.h>
#include <locale.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"

/* True when this call of the function is to fail. */
#define STRIKES(function)                                             \
	__extension__({                                               \
		static int number = -1;                               \
		faults_strike(                                        \
		    #function, &number, __builtin_return_address(0)); \
	})

/* The function of the C library, or of a sanitizer. */
#define REAL(symbol)                                                        \
	__extension__({                                                     \
		static __typeof__(&(symbol)) real;                          \
		if (real == NULL)                                           \
			real = (__typeof__(real))dlsym(RTLD_NEXT, #symbol); \
		real;                                                       \
	})

/* Defines a function that returns `failure` when it is to fail. */
#define CALL(result, symbol, failure, parameters, arguments) \
	result symbol parameters                             \
	{                                                    \
		if (STRIKES(symbol))                         \
			return failure;                      \
		return REAL(symbol) arguments;               \
	}

/* The same for what may also transfer a single byte. */
#define TRANSFER(symbol, parameters, arguments)  \
	ssize_t symbol parameters                \
	{                                        \
		if (STRIKES(symbol)) {           \
			if (errno != 0)          \
				return -1;       \
			len = len < 1 ? len : 1; \
		}                                \
		return REAL(symbol) arguments;   \
	}

/* --- Memory */

void __lsan_ignore_object(const void *data) __attribute__((weak));

/*
 * What the loader keeps, for threads and modules, the leak sanitizer knows by
 * its caller. Here that is a function of ours, so it is told.
 */
static void *
kept_by(const void *caller, void *data)
{
	if (data != NULL && __lsan_ignore_object != NULL &&
	    faults_is_loader(caller))
		__lsan_ignore_object(data);
	return data;
}

#define MEMORY(symbol, parameters, arguments)                             \
	void *symbol parameters                                           \
	{                                                                 \
		if (STRIKES(symbol))                                      \
			return NULL;                                      \
		return kept_by(                                           \
		    __builtin_return_address(0), REAL(symbol) arguments); \
	}

MEMORY(malloc, (size_t len), (len))
MEMORY(calloc, (size_t n, size_t len), (n, len))
MEMORY(realloc, (void *old, size_t len), (old, len))

/* Its caller counts, not the C library, which calls malloc(). */
char *
strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = STRIKES(strdup) ? NULL : REAL(malloc)(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

/* Its caller counts; a sanitizer's would not come to our realloc(). */
void *
reallocarray(void *old, size_t n, size_t len)
{
	size_t bytes;

	if (!__builtin_mul_overflow(n, len, &bytes))
		return STRIKES(realloc) ? NULL : REAL(realloc)(old, bytes);
	errno = ENOMEM;
	return NULL;
}

/* --- Files */

#define OPEN(symbol, parameters, arguments)                               \
	int symbol parameters                                             \
	{                                                                 \
		va_list list;                                             \
		mode_t mode;                                              \
                                                                          \
		va_start(list, flags);                                    \
		mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0; \
		va_end(list);                                             \
		return STRIKES(symbol) ? -1 : REAL(symbol) arguments;     \
	}

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int dir, const char *path, int flags, ...),
    (dir, path, flags, mode))

TRANSFER(read, (int fd, void *data, size_t len), (fd, data, len))

/*
 * What is logged is what the test waits for; and without the byte that libevent
 * sends itself for a signal, the signal is lost.
 */
ssize_t
write(int fd, const void *data, size_t len)
{
	if (fd != STDERR_FILENO && len > 1 && STRIKES(write)) {
		if (errno != 0)
			return -1;
		len = len < 1 ? len : 1;
	}
	return REAL(write)(fd, data, len);
}

/* It is closed, whatever it says. */
int
close(int fd)
{
	bool strikes = STRIKES(close);
	int error = errno, result = REAL(close)(fd);

	if (!strikes)
		return result;
	errno = error;
	return -1;
}

CALL(ssize_t, pread, -1, (int fd, void *data, size_t len, off_t at),
    (fd, data, len, at))
CALL(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode))
CALL(FILE *, fmemopen, NULL, (void *data, size_t len, const char *mode),
    (data, len, mode))
CALL(DIR *, fdopendir, NULL, (int fd), (fd))
CALL(DIR *, opendir, NULL, (const char *path), (path))
CALL(struct dirent *, readdir, NULL, (DIR * dir), (dir))
CALL(int, fstat, -1, (int fd, struct stat *st), (fd, st))
CALL(int, stat, -1, (const char *path, struct stat *st), (path, st))
CALL(int, lstat, -1, (const char *path, struct stat *st), (path, st))
CALL(int, fstatat, -1, (int dir, const char *path, struct stat *st, int flags),
    (dir, path, st, flags))
CALL(off_t, lseek, -1, (int fd, off_t at, int from), (fd, at, from))
CALL(int, ftruncate, -1, (int fd, off_t len), (fd, len))
CALL(int, fsync, -1, (int fd), (fd))
CALL(int, fdatasync, -1, (int fd), (fd))
CALL(int, sync_file_range, -1,
    (int fd, off64_t from, off64_t len, unsigned flags), (fd, from, len, flags))
CALL(int, flock, -1, (int fd, int how), (fd, how))
CALL(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
CALL(int, chmod, -1, (const char *path, mode_t mode), (path, mode))
CALL(int, renameat, -1, (int a, const char *from, int b, const char *to),
    (a, from, b, to))
CALL(int, renameat2, -1,
    (int a, const char *from, int b, const char *to, unsigned flags),
    (a, from, b, to, flags))
CALL(int, unlink, -1, (const char *path), (path))
CALL(int, unlinkat, -1, (int dir, const char *path, int flags),
    (dir, path, flags))
CALL(int, access, -1, (const char *path, int mode), (path, mode))
CALL(int, faccessat, -1, (int dir, const char *path, int mode, int flags),
    (dir, path, mode, flags))
CALL(int, fchown, -1, (int fd, uid_t user, gid_t group), (fd, user, group))
CALL(int, fchownat, -1,
    (int dir, const char *path, uid_t user, gid_t group, int flags),
    (dir, path, user, group, flags))
CALL(char *, realpath, NULL, (const char *path, char *resolved),
    (path, resolved))
CALL(ssize_t, readlink, -1, (const char *path, char *target, size_t len),
    (path, target, len))
CALL(int, glob, GLOB_NOSPACE,
    (const char *pattern, int flags, int (*told)(const char *, int),
	glob_t *found),
    (pattern, flags, told, found))

CALL(struct group *, getgrnam, NULL, (const char *name), (name))
CALL(struct passwd *, getpwnam, NULL, (const char *name), (name))
CALL(ssize_t, getrandom, -1, (void *data, size_t len, unsigned flags),
    (data, len, flags))
CALL(int, getrlimit, -1, (__rlimit_resource_t what, struct rlimit *limit),
    (what, limit))
CALL(int, setrlimit, -1, (__rlimit_resource_t what, const struct rlimit *limit),
    (what, limit))

/* --- Descriptors and events */

int
fcntl(int fd, int command, ...)
{
	va_list list;
	void *argument;

	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	return STRIKES(fcntl) ? -1 : REAL(fcntl)(fd, command, argument);
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	return STRIKES(ioctl) ? -1 : REAL(ioctl)(fd, request, argument);
}

CALL(int, epoll_create1, -1, (int flags), (flags))
CALL(int, epoll_ctl, -1,
    (int poller, int what, int fd, struct epoll_event *event),
    (poller, what, fd, event))
CALL(int, epoll_wait, -1,
    (int poller, struct epoll_event *events, int max, int ms),
    (poller, events, max, ms))
CALL(int, poll, -1, (struct pollfd * fds, nfds_t count, int ms),
    (fds, count, ms))
CALL(int, eventfd, -1, (unsigned count, int flags), (count, flags))
CALL(int, pipe2, -1, (int fds[2], int flags), (fds, flags))
CALL(int, timerfd_create, -1, (clockid_t clock, int flags), (clock, flags))
CALL(int, timerfd_settime, -1,
    (int fd, int flags, const struct itimerspec *time, struct itimerspec *old),
    (fd, flags, time, old))

/* --- The list of system calls; declared here, as not everybody has it */

void *seccomp_init(uint32_t action);
int seccomp_rule_add_array(void *filter, uint32_t action, int call,
    unsigned count, const void *arguments);
int seccomp_load(const void *filter);

CALL(void *, seccomp_init, NULL, (uint32_t action), (action))
CALL(int, seccomp_rule_add_array, -ENOMEM,
    (void *filter, uint32_t action, int call, unsigned count,
	const void *arguments),
    (filter, action, call, count, arguments))
CALL(int, seccomp_load, -ENOMEM, (const void *filter), (filter))

/* --- Locales; libc leaks a name where it gets no memory for one */

locale_t
newlocale(int mask, const char *name, locale_t base)
{
	locale_t locale;

	if (STRIKES(newlocale))
		return (locale_t)0;
	faults_suspend(true);
	locale = REAL(newlocale)(mask, name, base);
	faults_suspend(false);
	return locale;
}

/* --- Sockets */

CALL(int, socket, -1, (int family, int type, int protocol),
    (family, type, protocol))
CALL(int, socketpair, -1, (int family, int type, int protocol, int fds[2]),
    (family, type, protocol, fds))
CALL(int, bind, -1, (int fd, const struct sockaddr *address, socklen_t len),
    (fd, address, len))
CALL(int, listen, -1, (int fd, int backlog), (fd, backlog))
CALL(int, connect, -1, (int fd, const struct sockaddr *address, socklen_t len),
    (fd, address, len))
CALL(int, accept4, -1,
    (int fd, struct sockaddr *peer, socklen_t *len, int flags),
    (fd, peer, len, flags))
CALL(int, shutdown, -1, (int fd, int how), (fd, how))
CALL(int, getsockname, -1, (int fd, struct sockaddr *address, socklen_t *len),
    (fd, address, len))
CALL(int, getpeername, -1, (int fd, struct sockaddr *address, socklen_t *len),
    (fd, address, len))
CALL(int, getsockopt, -1,
    (int fd, int level, int option, void *value, socklen_t *len),
    (fd, level, option, value, len))
CALL(int, setsockopt, -1,
    (int fd, int level, int option, const void *value, socklen_t len),
    (fd, level, option, value, len))
TRANSFER(send, (int fd, const void *data, size_t len, int flags),
    (fd, data, len, flags))
CALL(ssize_t, sendto, -1,
    (int fd, const void *data, size_t len, int flags,
	const struct sockaddr *peer, socklen_t peer_len),
    (fd, data, len, flags, peer, peer_len))
TRANSFER(
    recv, (int fd, void *data, size_t len, int flags), (fd, data, len, flags))
CALL(ssize_t, writev, -1, (int fd, const struct iovec *data, int count),
    (fd, data, count))
CALL(ssize_t, sendmsg, -1, (int fd, const struct msghdr *message, int flags),
    (fd, message, flags))
CALL(ssize_t, recvmsg, -1, (int fd, struct msghdr *message, int flags),
    (fd, message, flags))

/* The first message that is to be cut up; count: none. */
static unsigned
find_run(const struct mmsghdr *messages, unsigned count)
{
	unsigned i = 0;

	while (i < count && messages[i].msg_hdr.msg_iovlen < 2)
		i++;
	return i;
}

/*
 * One byte stands for one datagram here. As sendmmsg_run it fails where there
 * is a run; those before it are sent.
 */
int
sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	unsigned run = find_run(messages, count);

	if (STRIKES(sendmmsg)) {
		if (errno != 0)
			return -1;
		count = 1;
	}
	if (run < count && STRIKES(sendmmsg_run)) {
		if (run == 0)
			return -1;
		count = run;
	}
	return REAL(sendmmsg)(fd, messages, count, flags);
}

CALL(int, getaddrinfo, EAI_MEMORY,
    (const char *host, const char *port, const struct addrinfo *hints,
	struct addrinfo **found),
    (host, port, hints, found))
CALL(int, getaddrinfo_a, EAI_MEMORY,
    (int mode, struct gaicb **list, int count, struct sigevent *event),
    (mode, list, count, event))
CALL(int, getifaddrs, -1, (struct ifaddrs * *found), (found))
