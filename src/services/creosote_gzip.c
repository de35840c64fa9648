/* SPDX-License-Identifier: ISC */
/* Compression in slices. */
#include "services/creosote_gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

/* A third of the processor time of the default, for a seventh more bytes. */
#define LEVEL 4

/* What zlib takes for a gzip header, and the most memory for its speed. */
#define WINDOW_BITS_GZIP (15 + 16)
#define MEMORY_LEVEL     9

struct gzip {
	z_stream stream;
	int in, out;
	uint64_t taken;
	bool is_ended;
};

/* One slice at a time, whichever file it is of. */
static unsigned char input[GZIP_SLICE_SIZE], output[GZIP_SLICE_SIZE];

struct gzip *
gzip_new(int in, int out)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	if (gzip != NULL &&
	    deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS_GZIP,
		MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		gzip = NULL;
	}
	if (gzip == NULL) {
		close(in);
		close(out);
		errno = ENOMEM;
		return NULL;
	}
	gzip->in = in;
	gzip->out = out;
	return gzip;
}

void
gzip_free(struct gzip *gzip)
{
	if (gzip == NULL)
		return;
	deflateEnd(&gzip->stream);
	close(gzip->in);
	close(gzip->out);
	free(gzip);
}

static int
write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Writes what comes of the input, or with Z_FINISH the end too. */
static int
deflate_all(struct gzip *gzip, int flush)
{
	int result;

	do {
		gzip->stream.next_out = output;
		gzip->stream.avail_out = sizeof(output);
		result = deflate(&gzip->stream, flush);
		if (write_all(gzip->out, output,
			sizeof(output) - gzip->stream.avail_out) == -1)
			return -1;
	} while (gzip->stream.avail_out == 0);
	gzip->is_ended = result == Z_STREAM_END;
	/* The disk begins at once, so that little is left for the end. */
	(void)sync_file_range(gzip->out, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

int
gzip_work(struct gzip *gzip)
{
	ssize_t n;

	if (gzip->is_ended)
		return fsync(gzip->out);
	do
		n = read(gzip->in, input, sizeof(input));
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	gzip->stream.next_in = input;
	gzip->stream.avail_in = (unsigned)n;
	gzip->taken += (uint64_t)n;
	return deflate_all(gzip, n == 0 ? Z_FINISH : Z_NO_FLUSH) == -1 ? -1 : 1;
}

int
gzip_input(const struct gzip *gzip)
{
	return gzip->in;
}

uint64_t
gzip_taken(const struct gzip *gzip)
{
	return gzip->taken;
}

int
gzip_output(const struct gzip *gzip)
{
	return gzip->out;
}
