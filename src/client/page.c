/* SPDX-License-Identifier: ISC */
/* Text that is put together in memory and written at once. */
#include "client/page.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "client/output.h"
#include "client/plain.h"

#define SIZE_LEAST 4096

void
page_free(struct page *page)
{
	free(page->data);
	*page = (struct page){ 0 };
}

void
page_clear(struct page *page)
{
	page->len = 0;
}

/* Makes room for so many bytes more; NULL: out of memory. */
static char *
reserve(struct page *page, size_t len)
{
	size_t size = page->size == 0 ? SIZE_LEAST : page->size;
	char *data;

	while (size - page->len < len) {
		if (size > SIZE_MAX / 2) {
			page->is_short = true;
			return NULL;
		}
		size *= 2;
	}
	if (size != page->size) {
		data = realloc(page->data, size);
		if (data == NULL) {
			page->is_short = true;
			return NULL;
		}
		page->data = data;
		page->size = size;
	}
	return page->data + page->len;
}

void
page_add(struct page *page, const char *data, size_t len)
{
	char *place = reserve(page, len);

	if (place == NULL)
		return;
	memcpy(place, data, len);
	page->len += len;
}

void
page_puts(struct page *page, const char *text)
{
	page_add(page, text, strlen(text));
}

void
page_print(struct page *page, const char *format, ...)
{
	char text[PAGE_PRINT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	page_puts(page, text);
}

void
page_plain(struct page *page, const char *data, size_t len)
{
	char *place;

	if (len > SIZE_MAX / ESCAPE_GROWTH)
		return;
	place = reserve(page, ESCAPE_GROWTH * len);
	if (place != NULL)
		page->len += plain_text(place, data, len);
}

void
page_wrap(struct page *page, size_t begin, struct wrap wrap)
{
	size_t len = page->len - begin;
	/* A NUL behind the text, and at each blank a newline and the indent. */
	size_t size = len * (1 + wrap.indent) + 1;
	char *out = reserve(page, 1 + size);

	if (out == NULL)
		return;
	*out++ = '\0';
	len = wrap_text(out, size, page->data + begin, wrap);
	memmove(page->data + begin, out, len);
	page->len = begin + len;
}

/* 1: it takes more; 0: it shall stop; -1: errno. */
static int
wait_for_reader(int fd, int stop_fd)
{
	struct pollfd ready[] = {
		{ .fd = fd, .events = POLLOUT },
		{ .fd = stop_fd, .events = POLLIN },
	};

	while (poll(ready, 2, -1) == -1)
		if (errno != EINTR)
			return -1;
	return ready[1].revents == 0;
}

int
page_write(struct page *page, int fd, int stop_fd)
{
	size_t done = 0, len = page->len;
	int goes_on = 1;

	page_clear(page);
	if (page->is_short) {
		errno = ENOMEM;
		return -1;
	}
	while (done < len && (goes_on = wait_for_reader(fd, stop_fd)) == 1) {
		/* So much a pipe takes at once when poll(2) says so. */
		size_t piece = len - done < PIPE_BUF ? len - done : PIPE_BUF;
		ssize_t n = write(fd, page->data + done, piece);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
	return goes_on == -1 ? -1 : 0;
}

enum status
page_print_out(struct page *page)
{
	if (page_write(page, STDOUT_FILENO, -1) == -1)
		return output_complain(errno);
	return STATUS_OK;
}
