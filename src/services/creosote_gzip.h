/* SPDX-License-Identifier: ISC */
/*
 * Compresses a file in slices (gzip, RFC 1952), so that the loop is never away
 * for more than a few milliseconds.
 */
#ifndef SERVICES_CREOSOTE_GZIP_H
#define SERVICES_CREOSOTE_GZIP_H

#include <stdint.h>

/* Bytes of input that one slice reads. */
#define GZIP_SLICE_SIZE (64 * 1024)

struct gzip;

/* Takes both descriptors, which gzip_free() closes. NULL: errno. */
struct gzip *gzip_new(int in, int out);
void gzip_free(struct gzip *gzip);

/*
 * The next slice: 1 when there is more to do; 0 when all is written and on the
 * disk; -1 with errno.
 */
int gzip_work(struct gzip *gzip);

/* The descriptor that is read, how many bytes were, and the other one. */
int gzip_input(const struct gzip *gzip);
uint64_t gzip_taken(const struct gzip *gzip);
int gzip_output(const struct gzip *gzip);

#endif
