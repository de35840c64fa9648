/* SPDX-License-Identifier: ISC */
/*
 * What fuzzers share: their entry, and input that is taken piece by piece.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The entry that every engine calls with one input, which is not to change. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what does not hold, and where, and ends as a crash does. */
#define REQUIRE(condition)                                                 \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, \
			    __LINE__, #condition);                         \
			abort();                                           \
		}                                                          \
	} while (0)

/* What is left of an input that is a program of steps. */
struct fuzz_input {
	const uint8_t *at, *end;
};

/* The next byte; 0 where none is left. */
static inline unsigned
fuzz_byte(struct fuzz_input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

/* The next bytes, at most max of them, or what is left: their number. */
static inline size_t
fuzz_bytes(struct fuzz_input *input, const uint8_t **bytes, size_t max)
{
	size_t left = (size_t)(input->end - input->at);
	size_t len = left < max ? left : max;

	*bytes = input->at;
	input->at += len;
	return len;
}

#endif
