/* SPDX-License-Identifier: ISC */
/* What a reload came to, for whoever asks for it and for status. */
#ifndef DAEMON_OUTCOME_H
#define DAEMON_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many errors are kept, each so long at most, and then how many more. */
#define OUTCOME_ERRORS     64
#define OUTCOME_ERROR_SIZE 1024

struct outcome {
	int64_t time_ns; /* 0: there was none */
	bool done;       /* false: refused */
	size_t kept, changed, started, stopped;
	char *errors[OUTCOME_ERRORS];
	size_t error_count;
	size_t error_excess; /* that are not kept */
};

/* Logs what is wrong and keeps a copy. */
void outcome_fail(struct outcome *outcome, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Frees what it owns; all zero is one that there was not. */
void outcome_free(struct outcome *outcome);

#endif
