/* SPDX-License-Identifier: ISC */
/*
 * The system calls that are left, by libseccomp. The list is what serving and
 * reloading take, and what the C library does for them; by names, as numbers
 * differ between machines. Strict (configure --with-seccomp=strict) whatever is
 * not listed ends the process, so that a test finds what is missing.
 */
#include "daemon/syscalls.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The C library tries new calls first and knows by ENOSYS that it has to take
 * older ones; EPERM would be a failure to it.
 */
#ifdef SECCOMP_STRICT
#define OTHERWISE SCMP_ACT_KILL_PROCESS
#else
#define OTHERWISE SCMP_ACT_ERRNO(ENOSYS)
#endif

static const char *const allowed[] = {
	/* files */
	"access", "chmod", "close", "fchmod", "fchmodat", "fchown", "fchown32",
	"fchownat", "fcntl", "fcntl64", "fdatasync", "flock", "fstat",
	"fstat64", "fstatat64", "fsync", "ftruncate", "ftruncate64", "getcwd",
	"getdents64", "lseek", "_llseek", "lstat", "lstat64", "newfstatat",
	"open", "openat", "pread64", "read", "readlink", "readlinkat", "rename",
	"renameat", "renameat2", "stat", "stat64", "statx", "sync_file_range",
	"sync_file_range2", "unlink", "unlinkat", "write", "writev",
	"faccessat", "memfd_create",
	/* sockets; socket() is below */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname",
	"getsockopt", "listen", "recv", "recvfrom", "recvmmsg",
	"recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto",
	"setsockopt", "shutdown",
	/* waiting, time */
	"clock_gettime", "clock_gettime64", "clock_nanosleep",
	"clock_nanosleep_time64", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"epoll_pwait2", "epoll_wait", "gettimeofday", "nanosleep", "pipe2",
	"poll", "ppoll", "ppoll_time64", "restart_syscall", "timerfd_create",
	"timerfd_settime", "timerfd_settime64",
	/* memory */
	"brk", "madvise", "mremap", "munmap",
	/* threads: names are looked up in one */
	"exit", "futex", "futex_time64", "gettid", "rseq", "sched_getaffinity",
	"sched_yield", "set_robust_list",
	/* signals, and the process itself */
	"exit_group", "getegid", "getegid32", "geteuid", "geteuid32", "getgid",
	"getgid32", "getgroups", "getgroups32", "getpid", "getrandom",
	"getrlimit", "getuid", "getuid32", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "setrlimit", "sigreturn", "sysinfo", "ugetrlimit",
	"uname"
};

/* What nothing of ours does, and somebody who has taken over would. */
static const char *const deadly[] = { "execve", "execveat", "fork", "vfork",
	"ptrace", "process_vm_readv", "process_vm_writev", "bpf", "chroot",
	"delete_module", "finit_module", "fsopen", "init_module",
	"io_uring_setup", "kexec_file_load", "kexec_load", "mount",
	"mount_setattr", "move_mount", "open_by_handle_at", "open_tree",
	"perf_event_open", "pivot_root", "reboot", "setns", "swapoff", "swapon",
	"umount2", "unshare", "userfaultfd" };

/* Calls whose arguments decide. */
struct rule {
	const char *name;
	uint32_t action;
	unsigned count;
	struct scmp_arg_cmp arguments[2];
};

#define IS(n, value)                             \
	{                                        \
		.arg = (n), .op = SCMP_CMP_EQ,   \
		.datum_a = (scmp_datum_t)(value) \
	}
#define MASKED(n, mask, value)                        \
	{                                             \
		.arg = (n), .op = SCMP_CMP_MASKED_EQ, \
		.datum_a = (scmp_datum_t)(mask),      \
		.datum_b = (scmp_datum_t)(value)      \
	}

#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define NEW_NAMESPACES                                                 \
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | \
	    CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS)
#define WRITE_EXEC (PROT_WRITE | PROT_EXEC)

static const struct rule rules[] = {
	{ "socket", SCMP_ACT_ALLOW, 1, { IS(0, AF_UNIX) } },
	{ "socket", SCMP_ACT_ALLOW, 1, { IS(0, AF_INET) } },
	{ "socket", SCMP_ACT_ALLOW, 1, { IS(0, AF_INET6) } },
	/* the C library asks which addresses this machine has */
	{ "socket", SCMP_ACT_ALLOW, 2,
	    { IS(0, AF_NETLINK), IS(2, NETLINK_ROUTE) } },
	{ "ioctl", SCMP_ACT_ALLOW, 1, { IS(1, SIOCOUTQ) } },
	{ "ioctl", SCMP_ACT_ALLOW, 1, { IS(1, FIONREAD) } },
	{ "ioctl", SCMP_ACT_ALLOW, 1, { IS(1, TCGETS) } },
	{ "ioctl", SCMP_ACT_ALLOW, 1, { IS(1, SIOCGIFINDEX) } },
	{ "ioctl", SCMP_ACT_ALLOW, 1, { IS(1, SIOCGIFNAME) } },
	/* memory is written or run */
	{ "mmap", SCMP_ACT_ALLOW, 1, { MASKED(2, WRITE_EXEC, 0) } },
	{ "mmap", SCMP_ACT_ALLOW, 1, { MASKED(2, WRITE_EXEC, PROT_WRITE) } },
	{ "mmap", SCMP_ACT_ALLOW, 1, { MASKED(2, WRITE_EXEC, PROT_EXEC) } },
	{ "mmap2", SCMP_ACT_ALLOW, 1, { MASKED(2, WRITE_EXEC, 0) } },
	{ "mmap2", SCMP_ACT_ALLOW, 1, { MASKED(2, WRITE_EXEC, PROT_WRITE) } },
	{ "mmap2", SCMP_ACT_ALLOW, 1, { MASKED(2, WRITE_EXEC, PROT_EXEC) } },
	{ "mprotect", SCMP_ACT_ALLOW, 1, { MASKED(2, PROT_EXEC, 0) } },
	/* its own limits alone */
	{ "prlimit64", SCMP_ACT_ALLOW, 1, { IS(0, 0) } },
	/* a thread is none of its own; a process is */
	{ "clone", SCMP_ACT_ALLOW, 1,
	    { MASKED(
		CLONE_FLAGS, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD) } },
	{ "clone", SCMP_ACT_KILL_PROCESS, 1,
	    { MASKED(CLONE_FLAGS, CLONE_THREAD, 0) } },
	/* its flags cannot be seen: the C library takes clone then */
	{ "clone3", SCMP_ACT_ERRNO(ENOSYS), 0, { { 0 } } },
	{ "faccessat2", SCMP_ACT_ERRNO(ENOSYS), 0, { { 0 } } },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

bool
syscalls_are_built_in(void)
{
	return true;
}

/* What this machine, or libseccomp, does not know, nobody can call. */
static int
add(scmp_filter_ctx filter, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->name);
	int result;

	/* As anything else is already. */
	if (number == __NR_SCMP_ERROR || rule->action == OTHERWISE)
		return 0;
	result = seccomp_rule_add_array(
	    filter, rule->action, number, rule->count, rule->arguments);
	return result == -EDOM ? 0 : result;
}

static int
add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names,
    size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		struct rule rule = { .name = names[i], .action = action };

		result = add(filter, &rule);
	}
	return result;
}

/* Only itself gets signals from it, as when it aborts. */
static int
add_own_signals(scmp_filter_ctx filter)
{
	const struct rule rule = { "tgkill", SCMP_ACT_ALLOW, 1,
		{ IS(0, getpid()) } };

	return add(filter, &rule);
}

static int
fill(scmp_filter_ctx filter)
{
	int result = add_names(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	if (result == 0)
		result = add_names(
		    filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	for (size_t i = 0; i < COUNT(rules) && result == 0; i++)
		result = add(filter, &rules[i]);
	return result == 0 ? add_own_signals(filter) : result;
}

static int
load(scmp_filter_ctx filter)
{
	int result = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (result == 0)
		result = fill(filter);
	return result == 0 ? seccomp_load(filter) : result;
}

int
syscalls_limit(char why[WHY_SIZE])
{
	scmp_filter_ctx filter = seccomp_init(OTHERWISE);
	int result = filter != NULL ? load(filter) : -ENOMEM;

	seccomp_release(filter);
	return result == 0
	    ? 0
	    : why_set(why, "cannot limit system calls: %s", strerror(-result));
}
