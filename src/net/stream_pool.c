/* SPDX-License-Identifier: ISC */
/*
 * All connections by descriptor, in a table as long as the highest: the system
 * gives the lowest that is free, so that there are few gaps.
 */
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>

#include "net/stream_private.h"

/*
 * It grows by so many places, so that few of them are for nobody, and that the
 * allocator has a table for short connections, one at a time, at hand.
 */
#define STEP 64

static int
grow(struct stream_pool *pool, size_t places)
{
	size_t size = (places + STEP - 1) / STEP * STEP;
	struct stream **by_fd =
	    realloc(pool->by_fd, size * sizeof(struct stream *));

	if (by_fd == NULL)
		return -1;
	memset(by_fd + pool->by_fd_size, 0,
	    (size - pool->by_fd_size) * sizeof(struct stream *));
	pool->by_fd = by_fd;
	pool->by_fd_size = size;
	return 0;
}

int
stream_pool_add(struct stream_pool *pool, int fd, struct stream *stream)
{
	size_t place = (size_t)fd;

	if (place >= pool->by_fd_size && grow(pool, place + 1) == -1)
		return -1;
	pool->by_fd[place] = stream;
	pool->open++;
	return 0;
}

void
stream_pool_remove(struct stream_pool *pool, int fd)
{
	pool->by_fd[fd] = NULL;
	stream_pool_leave(pool);
}

void
stream_pool_leave(struct stream_pool *pool)
{
	if (--pool->open > 0)
		return;
	free(pool->by_fd);
	pool->by_fd = NULL;
	pool->by_fd_size = 0;
}

void
stream_each(struct stream_listener *listener, void (*function)(struct stream *))
{
	const struct stream_pool *pool = listener->config.pool;
	size_t left = listener->open;

	for (size_t fd = 0; left > 0 && fd < pool->by_fd_size; fd++) {
		struct stream *stream = pool->by_fd[fd];

		if (stream == NULL || stream_listener(stream) != listener)
			continue;
		left--;
		function(stream);
	}
}
