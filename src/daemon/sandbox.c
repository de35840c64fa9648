/* SPDX-License-Identifier: ISC */
/* The sandbox, of capabilities, no_new_privs, Landlock and seccomp. */
#include "daemon/sandbox.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/escape.h"
#include "base/fence.h"
#include "config/config.h"
#include "daemon/capability.h"
#include "daemon/sandbox_fence.h"
#include "daemon/syscalls.h"

#define QUOTE_SIZE 160

static struct sandbox sandbox;

/* Adds to what is told of it. */
static void
append(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
append(const char *format, ...)
{
	size_t used = strlen(sandbox.summary);
	size_t size = sizeof(sandbox.summary);
	va_list arguments;

	if (used > 0)
		used +=
		    (size_t)snprintf(sandbox.summary + used, size - used, ", ");
	va_start(arguments, format);
	if (used < size)
		vsnprintf(
		    sandbox.summary + used, size - used, format, arguments);
	va_end(arguments);
}

/* Why there is no fence. */
static const char *
explain_no_fence(int error)
{
	if (!fence_is_built_in())
		return "netlabd was built without it";
	return error == ENOSYS || error == EOPNOTSUPP ? "this kernel has none"
						      : strerror(error);
}

static void
enter_fence(const struct config *config, const char *config_path)
{
	int version = sandbox_raise_fence(config, config_path);

	if (version == -1) {
		append("no Landlock (%s)", explain_no_fence(errno));
		return;
	}
	sandbox.landlock = version;
	append("Landlock ABI %d", version);
}

static void
enter_filter(void)
{
	char why[WHY_SIZE];

	sandbox.seccomp = syscalls_limit(why) == 0;
	if (sandbox.seccomp)
		append("seccomp");
	else
		append("no seccomp (%s)", why);
}

void
sandbox_enter(const struct config *config, const char *config_path)
{
	char why[WHY_SIZE];

	/* Time zones may be anywhere that TZ says: once read they are kept. */
	tzset();
	if (capability_keep_useful(why) == -1)
		append("all capabilities (%s)", why);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		append("none (no_new_privs: %s)", strerror(errno));
		return;
	}
	sandbox.no_new_privileges = true;
	append("no new privileges");
	enter_fence(config, config_path);
	enter_filter();
}

const struct sandbox *
sandbox_now(void)
{
	return &sandbox;
}

/* What is asked of each path of a service. */
struct question {
	char *why; /* of WHY_SIZE */
	int result;
};

static void
ask(struct question *question, const char *what, const char *path,
    enum fence_use use)
{
	char quoted[QUOTE_SIZE];

	if (question->result == -1 || fence_lets(path, use))
		return;
	question->result = why_set(question->why, "%s %s: %s", what,
	    escape_quote(quoted, sizeof(quoted), path),
	    fence_advice(path, use));
}

static void
ask_file(void *arg, const char *path)
{
	ask(arg, "file", path, FENCE_FILES);
}

static void
ask_socket(void *arg, const char *path)
{
	ask(arg, "unix socket", path, FENCE_SOCKETS);
}

int
sandbox_check(const struct service *service, char why[WHY_SIZE])
{
	struct question question = { .why = why };

	service_each_path(service, ask_file, ask_socket, &question);
	return question.result;
}

const char *
sandbox_built_in(void)
{
	if (fence_is_built_in())
		return syscalls_are_built_in() ? "Landlock, seccomp"
					       : "Landlock";
	return syscalls_are_built_in() ? "seccomp" : "none";
}
