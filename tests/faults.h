/* SPDX-License-Identifier: ISC */
/*
 * Calls of the C library that fail as a plan says: faults.so is preloaded into
 * a program, and shares the plan with the test by a file that both map, named
 * by $NETLAB_FAULTS. Calls that the C library makes within itself do not count,
 * nor do those of sanitizers and of libseccomp.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULTS_NAME_SIZE  24
#define FAULTS_WHERE_SIZE 104
#define FAULTS_MAX        100
#define FAULTS_SITES_MAX  4001

/* Where a function is called, and the number of the last call from there. */
struct faults_site {
	uint64_t caller; /* 0: none */
	uint64_t function;
	uint64_t call;
};

/* As in faults.py. The test writes is_armed last, and clears it first. */
struct faults_plan {
	char function[FAULTS_NAME_SIZE];
	uint64_t at;             /* the first of its calls that fails; from 1 */
	uint64_t count;          /* how many fail */
	int32_t error;           /* errno; 0: only one byte is transferred */
	uint32_t is_armed;       /* else calls are only counted */
	int64_t clock_offset_ns; /* added to the time of day */
	uint64_t failed;         /* how many have failed */
	char where[FAULTS_WHERE_SIZE]; /* who called, the last time */
	struct {
		char name[FAULTS_NAME_SIZE];
		uint64_t calls;
	} functions[FAULTS_MAX];
	struct faults_site sites[FAULTS_SITES_MAX];
};

/* The plan; NULL: none yet, or none at all. */
struct faults_plan *faults_plan(void);

/*
 * Counts a call of the function and is true when it is to fail: errno is set
 * then, to 0 for a transfer of one byte. The number is kept for the function.
 */
bool faults_strike(const char *function, int *number, const void *caller);

/* What the thread calls from now on does not count, or counts again. */
void faults_suspend(bool suspend);

/* True of an address in the code of the dynamic loader. */
bool faults_is_loader(const void *caller);

#endif
