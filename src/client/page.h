/* SPDX-License-Identifier: ISC */
/*
 * Text that is put together in memory and written at once. Out of memory is
 * noted, not told by each function: the page is then of no use.
 */
#ifndef CLIENT_PAGE_H
#define CLIENT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/wrap.h"
#include "client/command.h"

/* All zero is an empty page. */
struct page {
	char *data;
	size_t len, size;
	bool is_short; /* there was no memory for all of it */
};

void page_free(struct page *page);
void page_clear(struct page *page);

/* Appends bytes as they are. */
void page_add(struct page *page, const char *data, size_t len);
void page_puts(struct page *page, const char *text);

/* Appends what printf(3) makes, at most PAGE_PRINT_MAX bytes. */
#define PAGE_PRINT_MAX 512
void page_print(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends text of a server by the rule of plain_text(). */
void page_plain(struct page *page, const char *data, size_t len);

/* Breaks what stands there, from so many bytes on, by wrap_text(). */
void page_wrap(struct page *page, size_t begin, struct wrap wrap);

/*
 * Writes all and empties the page. Waits for a reader that is slow, until
 * stop_fd is readable (-1: never). 0, also when it was stopped so, or -1 with
 * errno: EPIPE when the reader has enough, ENOMEM.
 */
int page_write(struct page *page, int fd, int stop_fd);

/* Writes all to standard output, whatever it takes; logs what is wrong. */
enum status page_print_out(struct page *page);

#endif
