/* SPDX-License-Identifier: ISC */
/* Messages to standard error, for people and for systemd's journal. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wrap.h"

/* Before the lines in which a message goes on. */
#define INDENT 4

#define LINE_SIZE (2000 + 2) /* and a newline and a NUL */

static const char *log_program = "netlabd";
static enum log_level log_level = LOG_NOTICE;
static bool log_to_journal;
static size_t log_columns;

/* systemd names in JOURNAL_STREAM the device and inode its journal reads. */
static bool
is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL &&
	    sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void
log_open(const char *program, enum log_level level)
{
	log_program = program;
	log_level = level;
	log_to_journal = is_journal(STDERR_FILENO);
}

void
log_wrap(size_t columns)
{
	log_columns = columns;
}

bool
log_has(enum log_level level)
{
	return level <= log_level;
}

static int
print_prefix(char *line, enum log_level level)
{
	const char *word = level == LOG_ERROR ? "error: "
	    : level == LOG_WARNING            ? "warning: "
					      : "";

	/* The word again: plain text of the journal shows no priorities. */
	if (log_to_journal)
		return snprintf(line, LINE_SIZE, "<%d>%s", (int)level, word);
	return snprintf(line, LINE_SIZE, "%.100s: %s", log_program, word);
}

/* The line has room for a newline. */
static void
write_line(char line[LINE_SIZE], size_t len)
{
	char wrapped[2 * LINE_SIZE];
	struct wrap wrap = { .columns = log_columns, .indent = INDENT };

	if (log_columns > 0) {
		len = wrap_text(wrapped, sizeof(wrapped) - 1, line, wrap);
		line = wrapped;
	}
	line[len++] = '\n';
	/* Nobody is left to be told when standard error itself fails. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

static void log_line(enum log_level level, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_line(enum log_level level, const char *format, va_list ap)
{
	char line[LINE_SIZE];
	size_t used, room;
	int n;

	if (!log_has(level))
		return;
	used = (size_t)print_prefix(line, level);
	room = sizeof(line) - 1 - used; /* one byte stays for the newline */
	n = vsnprintf(line + used, room, format, ap);
	if (n < 0)
		return;
	used += (size_t)n < room ? (size_t)n : room - 1;
	write_line(line, used);
}

#define LOG_FUNCTION(name, level)            \
	void name(const char *format, ...)   \
	{                                    \
		va_list ap;                  \
                                             \
		va_start(ap, format);        \
		log_line(level, format, ap); \
		va_end(ap);                  \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_notice, LOG_NOTICE)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)

bool
log_is_due(struct log_limit *limit, int64_t now_ms, uint64_t *held_back)
{
	if (now_ms < limit->next_ms) {
		limit->held_back++;
		return false;
	}
	*held_back = limit->held_back;
	limit->held_back = 0;
	limit->next_ms = now_ms + LOG_LIMIT_MS;
	return true;
}
