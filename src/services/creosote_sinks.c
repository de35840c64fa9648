/* SPDX-License-Identifier: ISC */
/* All sinks of a bucket. */
#include "services/creosote_sinks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static bool
empty_sink(void *arg, struct bucket_files_item *item)
{
	struct bucket_sink *sink = item->queue;

	(void)arg;
	if (sink == NULL)
		return true;
	(void)bucket_sink_flush(sink, false);
	return bucket_queue_len(&sink->queue) == 0;
}

/* Before a file is closed. What is lost then is said in another. */
static void
close_sink(void *arg, struct bucket_files_item *item)
{
	struct bucket_sinks *sinks = arg;
	struct bucket_sink *sink = item->queue;

	if (sink == NULL)
		return;
	bucket_sink_close(sink, sinks->stops);
	if (!sinks->stops)
		bucket_loss_merge(&sinks->loss, &sink->loss);
	else if (bucket_loss_is_any(&sink->loss))
		sinks->gave_up = true;
	sinks->written += sink->written;
	sinks->lost += sink->lost;
	free(sink);
}

static void
say(void *arg, bool is_error, const char *what)
{
	const struct bucket_sinks *sinks = arg;

	if (is_error)
		log_error("creosote '%s': %s", sinks->config.name, what);
	else
		log_notice("creosote '%s': %s", sinks->config.name, what);
}

static const struct bucket_files_calls calls = { empty_sink, close_sink, say };

int
bucket_sinks_open(struct bucket_sinks *sinks,
    const struct bucket_sink_config *config, uint64_t queue,
    const struct bucket_files_settings *settings, char why[WHY_SIZE])
{
	*sinks = (struct bucket_sinks){
		.config = *config,
		.path = settings->path,
		.memory = { .max = queue },
	};
	sinks->config.memory = &sinks->memory;
	sinks->config.says = &sinks->says;
	sinks->files = bucket_files_new(settings, &calls, sinks, why);
	sinks->config.files = sinks->files;
	return sinks->files != NULL ? 0 : -1;
}

/* The sink of a file; NULL with errno: out of memory. */
static struct bucket_sink *
sink_of(struct bucket_sinks *sinks, struct bucket_files_item *item)
{
	struct bucket_sink *sink = item->queue;

	if (sink != NULL || (sink = malloc(sizeof(*sink))) == NULL)
		return sink;
	bucket_sink_open(sink, &item->file, &sinks->config);
	sink->item = item;
	item->queue = sink;
	return sink;
}

/* Something waits for its file, or is to be said there. */
static bool
is_waiting(const struct bucket_sink *sink)
{
	return bucket_queue_len(&sink->queue) > 0 ||
	    bucket_loss_is_any(&sink->loss);
}

void
bucket_sinks_take_over(struct bucket_sinks *sinks, struct bucket_sinks *others)
{
	struct bucket_files_item *item = NULL;

	if (strcmp(sinks->path, others->path) != 0)
		return;
	while ((item = bucket_files_next(others->files, item)) != NULL) {
		struct bucket_sink *other = item->queue, *sink = NULL;
		struct bucket_files_item *same = NULL;

		if (other != NULL && is_waiting(other))
			same = bucket_files_find_same(sinks->files, item);
		if (same != NULL)
			sink = sink_of(sinks, same);
		if (sink != NULL)
			bucket_sink_take_over(sink, other);
	}
	bucket_loss_merge(&sinks->loss, &others->loss);
	others->loss = (struct bucket_loss){ 0 };
}

/* The sink for what comes from there; it learns what was not said elsewhere. */
static struct bucket_sink *
find_sink(
    struct bucket_sinks *sinks, const struct sockaddr *peer, socklen_t peer_len)
{
	struct bucket_files_item *item =
	    bucket_files_find(sinks->files, peer, peer_len);
	struct bucket_sink *sink = item != NULL ? sink_of(sinks, item) : NULL;

	if (sink != NULL && bucket_loss_is_any(&sinks->loss)) {
		bucket_loss_merge(&sink->loss, &sinks->loss);
		sinks->loss = (struct bucket_loss){ 0 };
	}
	return sink;
}

void
bucket_sinks_add(struct bucket_sinks *sinks, const struct sockaddr *peer,
    socklen_t peer_len, const struct record *record)
{
	struct bucket_sink *sink = find_sink(sinks, peer, peer_len);

	if (sink != NULL) {
		bucket_sink_add(sink, record);
		return;
	}
	bucket_loss_add_record(&sinks->loss, record->time_ns, errno);
	sinks->lost++;
}

void
bucket_sinks_add_drops(
    struct bucket_sinks *sinks, const char *local, uint64_t count)
{
	struct bucket_sink *sink = find_sink(sinks, NULL, 0);

	bucket_loss_add_drops(
	    sink != NULL ? &sink->loss : &sinks->loss, local, count);
}

void
bucket_sinks_add_word(struct bucket_sinks *sinks, const struct sockaddr *peer,
    socklen_t peer_len, uint64_t count, const char *what)
{
	struct bucket_sink *sink = find_sink(sinks, peer, peer_len);
	int64_t now_ns = clock_now_ns();

	if (sink != NULL) {
		bucket_sink_add_word(sink, count, what);
		return;
	}
	bucket_loss_add_records(&sinks->loss, count, now_ns, now_ns, errno);
	sinks->lost += count;
}

int64_t
bucket_sinks_flush(struct bucket_sinks *sinks, bool again)
{
	struct bucket_files_item *item = NULL;
	int64_t delay_ms = -1;

	while ((item = bucket_files_next(sinks->files, item)) != NULL)
		if (item->queue != NULL)
			delay_ms = bucket_sooner(
			    delay_ms, bucket_sink_flush(item->queue, again));
	return delay_ms;
}

/* True when a line is written in part: no file may change within it. */
static bool
is_within_line(struct bucket_sinks *sinks)
{
	struct bucket_files_item *item = NULL;

	while ((item = bucket_files_next(sinks->files, item)) != NULL) {
		const struct bucket_sink *sink = item->queue;

		if (sink != NULL && sink->queue.done > 0)
			return true;
	}
	return false;
}

int64_t
bucket_sinks_work(struct bucket_sinks *sinks)
{
	int64_t now_ns = clock_now_ns();
	int64_t wait_ms = bucket_files_wait_ms(sinks->files, now_ns);

	if (wait_ms != 0 || is_within_line(sinks))
		return wait_ms == 0 ? -1 : wait_ms;
	bucket_files_work(sinks->files, now_ns);
	return bucket_files_wait_ms(sinks->files, now_ns);
}

int
bucket_sinks_reopen(struct bucket_sinks *sinks, char why[WHY_SIZE])
{
	struct bucket_files_item *item = NULL;

	while ((item = bucket_files_next(sinks->files, item)) != NULL)
		if (item->queue != NULL)
			bucket_sink_take_back(item->queue);
	return bucket_files_reopen(sinks->files, why);
}

int
bucket_sinks_rotate(struct bucket_sinks *sinks, char why[WHY_SIZE])
{
	(void)bucket_sinks_flush(sinks, true);
	if (is_within_line(sinks))
		return why_set(
		    why, "cannot rotate while the file cannot be written");
	return bucket_files_rotate(sinks->files, clock_now_ns(), why);
}

struct bucket_sinks_figures
bucket_sinks_figures(const struct bucket_sinks *sinks)
{
	struct bucket_sinks_figures figures = {
		.written = sinks->written,
		.lost = sinks->lost,
	};
	struct bucket_files_item *item = NULL;

	if (sinks->files == NULL)
		return figures;
	while ((item = bucket_files_next(sinks->files, item)) != NULL) {
		const struct bucket_sink *sink = item->queue;

		if (sink == NULL)
			continue;
		figures.written += sink->written;
		figures.lost += sink->lost;
		figures.waiting += bucket_queue_records(&sink->queue);
		if (sink->error != 0)
			figures.error = sink->error;
	}
	return figures;
}

bool
bucket_sinks_wait(const struct bucket_sinks *sinks)
{
	struct bucket_files_item *item = NULL;

	if (sinks->gave_up || bucket_loss_is_any(&sinks->loss))
		return true;
	while (sinks->files != NULL &&
	    (item = bucket_files_next(sinks->files, item)) != NULL)
		if (item->queue != NULL && is_waiting(item->queue))
			return true;
	return false;
}

void
bucket_sinks_close(struct bucket_sinks *sinks)
{
	/* What was said nowhere: the last chance. */
	if (bucket_loss_is_any(&sinks->loss))
		(void)find_sink(sinks, NULL, 0);
	sinks->stops = true;
	bucket_files_free(sinks->files);
	sinks->files = NULL;
	if (bucket_loss_is_any(&sinks->loss))
		log_error("creosote '%s': the loss of %llu records and %llu "
			  "datagrams could not be said in a file",
		    sinks->config.name, (unsigned long long)sinks->loss.records,
		    (unsigned long long)sinks->loss.drops);
}
