/* SPDX-License-Identifier: ISC */
/* A bucket's files, and what they say. */
#ifndef CHECK_CREOSOTE_FILES_H
#define CHECK_CREOSOTE_FILES_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "check_files.h"
#include "services/creosote_files.h"

#define TYPE struct bucket_files_settings

static const struct option rows[] = {
	BUCKET_FILES_OPTIONS(
	    struct { TYPE files; }, files),
	{ .name = NULL },
};

static TYPE settings;
static struct bucket_files *files;
static int64_t now_ns = FILES_NOW_NS;
static char said[2048], why[WHY_SIZE];

/* What waits for this one cannot be written. */
static const char *stuck;

static bool
on_empty(void *arg, struct bucket_files_item *item)
{
	(void)arg;
	return item->queue == NULL || item->queue != stuck;
}

static void
on_close(void *arg, struct bucket_files_item *item)
{
	(void)arg;
	/* what waits for it is written now */
	if (item->queue != NULL)
		ck_assert_int_eq(
		    write(item->file.fd, item->queue, strlen(item->queue)),
		    (int)strlen(item->queue));
}

static void
on_say(void *arg, bool is_error, const char *what)
{
	(void)arg;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s\n",
	    is_error ? "error: " : "", what);
}

static const struct bucket_files_calls calls = { on_empty, on_close, on_say };

static inline void
set(const char *name, const char *text)
{
	ck_assert_msg(
	    option_set(option_find(rows, name), &settings, text, why) == 0,
	    "%s", why);
}

static inline void
prepare(const char *name)
{
	ck_assert_int_eq(option_set_defaults(rows, &settings), 0);
	set("file", files_path(name));
}

static inline void
begin(void)
{
	why[0] = '\0';
	ck_assert_msg(bucket_files_check(&settings, why) == 0, "%s", why);
	files = bucket_files_new(&settings, &calls, NULL, why);
	ck_assert_msg(files != NULL, "%s", why);
}

static inline void
end(void)
{
	bucket_files_free(files);
	option_free(rows, &settings);
}

static inline struct bucket_files_item *
find(const char *address)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = 7 };

	inet_pton(AF_INET, address, &peer.sin_addr);
	return bucket_files_find(
	    files, (const struct sockaddr *)&peer, sizeof(peer));
}

static inline void
say_to(struct bucket_files_item *item, const char *lines)
{
	size_t len = strlen(lines);

	ck_assert_ptr_nonnull(item);
	while (len > 0) {
		size_t n = bucket_files_part(files, item, lines, len, now_ns);

		ck_assert(n > 0 && n <= len);
		ck_assert_int_eq(write(item->file.fd, lines, n), (int)n);
		lines += n;
		len -= n;
	}
}

static inline void
work(void)
{
	for (int i = 0; i < 1000; i++)
		bucket_files_work(files, now_ns), usleep(100);
}

#endif
