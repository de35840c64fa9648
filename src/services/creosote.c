/* SPDX-License-Identifier: ISC */
/*
 * The creosote log bucket (after Jeff Bauer's creosote.py): each datagram, and
 * each line of a connection, becomes one line of harmless text. Records are
 * gathered and written once a batch, or wait in memory while they cannot be;
 * what is lost on the way is said in the log, at the place where it happened.
 */
#include "core/service.h"

#include "base/history.h"
#include "services/creosote_bucket.h"
#include "services/creosote_forward.h"
#include "services/creosote_history.h"
#include "services/creosote_path.h"
#include "services/creosote_stream.h"

static const char *const format_names[] = { "text", "raw", "json", NULL };
static const char *const escape_names[] = { "repr", "utf8", NULL };
static const char *const decode_names[] = { "none", "netconsole", "syslog",
	NULL };
static const char *const sync_words[] = { "never", "always", NULL };

#define FIELD(name) offsetof(struct bucket_settings, name)

static const struct option creosote_options[] = {
	BUCKET_FILES_OPTIONS(struct bucket_settings, files),
	{ .name = "format",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(style.format),
	    .initial = "text",
	    .choices = format_names,
	    .help = "text: time, sender, message; raw: the message alone; "
		    "json: an object a line" },
	{ .name = "escape",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(style.escape),
	    .initial = "repr",
	    .choices = escape_names,
	    .help = "repr: 7-bit text; utf8: printable UTF-8 passes" },
	{ .name = "decode",
	    .kind = OPTION_CHOICE,
	    .offset = FIELD(decode),
	    .initial = "none",
	    .choices = decode_names,
	    .help = "what the messages are: take them apart, show their "
		    "level, host, program" },
	BUCKET_FILTER_OPTIONS(struct bucket_settings, filter),
	BUCKET_OUTPUTS_OPTIONS(struct bucket_settings, outputs),
	{ .name = "gather",
	    .kind = OPTION_TIME,
	    .offset = FIELD(gather),
	    .initial = "1ms",
	    .max = 1000,
	    .help = "how long datagrams may gather, to be written together" },
	{ .name = "history",
	    .kind = OPTION_SIZE,
	    .offset = FIELD(history),
	    .initial = "1M",
	    .max = 1 << 30,
	    .help = "memory for the last records, to be looked at; 0: none" },
	{ .name = "queue",
	    .kind = OPTION_SIZE,
	    .offset = FIELD(queue),
	    .initial = "16M",
	    .min = 2 << 20,
	    .max = 1 << 30,
	    .help =
		"records that wait in memory while they cannot be written" },
	{ .name = "max-record",
	    .kind = OPTION_SIZE,
	    .offset = FIELD(max_record),
	    .initial = "64K",
	    .min = 256,
	    .max = RECORD_MAX,
	    .help =
		"the longest message; the rest of a longer one is cut off" },
	{ .name = "sync",
	    .kind = OPTION_TIME,
	    .offset = FIELD(sync),
	    .initial = "never",
	    .min = 10,
	    .max = 24UL * 60 * 60 * 1000,
	    .choices = sync_words,
	    .help = "how long a record may stay off the disk; always: written "
		    "there at once" },
	{ .name = NULL },
};

/* What is read of a connection at once has to find room above the mark. */
static int
creosote_check(const void *values, char why[WHY_SIZE])
{
	const struct bucket_settings *settings = values;

	if (bucket_files_check(&settings->files, why) == -1 ||
	    bucket_filter_check(&settings->filter, why) == -1)
		return -1;
	if (settings->history != 0 && settings->history < HISTORY_MIN_SIZE)
		return why_set(
		    why, "history is too small (write 0, or at least 256K)");
	if (settings->max_record > settings->queue / BUCKET_QUEUE_SHARE)
		return why_set(why,
		    "max-record is more than a %dth of queue (write a longer "
		    "queue or a shorter max-record)",
		    BUCKET_QUEUE_SHARE);
	return 0;
}

static int
creosote_check_pair(const void *values, const void *others, char why[WHY_SIZE])
{
	const struct bucket_settings *settings = values, *other = others;

	return bucket_files_check_pair(&settings->files, &other->files, why);
}

static int
creosote_probe(const void *values, char why[WHY_SIZE])
{
	const struct bucket_settings *settings = values;

	return bucket_files_probe(&settings->files, why);
}

static bool
creosote_target(const void *values, struct address *target)
{
	const struct bucket_settings *settings = values;
	const char *text = settings->outputs.forward;

	return text[0] != '\0' && forward_find(text, target);
}

void
bucket_flush(struct service *service, bool again)
{
	struct bucket *bucket = service_state(service);
	struct bucket *shown = bucket_shown(service);
	int64_t delay_ms = bucket_intake_work(service, false);

	delay_ms =
	    bucket_sooner(delay_ms, bucket_sinks_flush(&bucket->sinks, again));
	delay_ms = bucket_sooner(delay_ms, bucket_sinks_work(&bucket->sinks));
	if (bucket_streams_release(service))
		delay_ms = 0;
	service_set_timer(service, delay_ms);
	if (shown->is_history_new)
		history_wake(shown->history);
	shown->is_history_new = false;
}

static bool
creosote_datagram(struct service *service, struct datagram *datagram)
{
	char source[ADDRESS_TEXT_SIZE];
	struct bucket_arrival arrival = {
		.peer = datagram->peer,
		.peer_len = datagram->peer_len,
		.source = { source,
		    address_format(
			source, datagram->peer, datagram->peer_len) },
		.data = { datagram->data, datagram->len },
		.true_len = datagram->wire_len,
		.time_ns = datagram->received_ns,
	};

	bucket_take(service, &arrival);
	return false;
}

static void
creosote_lost(struct service *service, const char *local, uint64_t count)
{
	bucket_take_drops(service, local, count);
}

static bool
creosote_waits(const struct service *service)
{
	const struct bucket *bucket = service_state_const(service);

	/*
	 * That the kernel's losses are in the file does not hang on peers; so
	 * these count only where nobody else sends to them any more.
	 */
	return bucket_sinks_wait(&bucket->sinks) ||
	    (service_is_retired(service) &&
		bucket_outputs_wait(&bucket->outputs));
}

static uint64_t
creosote_gather(const struct service *service)
{
	const struct bucket_settings *settings = service_settings(service);

	return settings->gather;
}

static void
creosote_batch_end(struct service *service)
{
	bucket_flush(service, false);
}

static void
creosote_timer(struct service *service)
{
	bucket_flush(service, true);
}

static void
creosote_paths(const void *values, service_path_fn *add, void *arg)
{
	const struct bucket_settings *settings = values;
	char path[PATH_MAX];

	if (settings->files.path[0] != '\0' &&
	    bucket_path_format(path, settings->files.path, SENDER_OTHERS) == 0)
		add(arg, path);
}

static int
creosote_start(struct service *service, char why[WHY_SIZE])
{
	const struct bucket_settings *settings = service_settings(service);
	struct bucket *bucket = service_state(service);
	struct bucket_sink_config config = {
		.name = service_name(service),
		.style = &settings->style,
		.sync_ms = settings->sync,
	};

	if (bucket_intake_open(service, why) == -1 ||
	    bucket_sinks_open(&bucket->sinks, &config, settings->queue,
		&settings->files, why) == -1) {
		bucket_intake_close(service);
		return -1;
	}
	service_set_timer(service, bucket_sinks_work(&bucket->sinks));
	return 0;
}

/*
 * Whoever looks at the other one goes on here, with what its connections bring
 * yet; what waits there for a file of this one is written here, and what waits
 * for a peer of this one is sent from here.
 */
static void
creosote_succeed(struct service *service, struct service *other)
{
	struct bucket *bucket = service_state(service);
	struct bucket *old = service_state(other);

	if (bucket->sequence < old->sequence)
		bucket->sequence = old->sequence;
	(void)bucket_intake_work(other, true);
	bucket_sinks_take_over(&bucket->sinks, &old->sinks);
	bucket_outputs_take_over(&bucket->outputs, &old->outputs);
	history_free(old->history);
	old->history = NULL;
	service_set_timer(service, 0);
}

static void
creosote_stop(struct service *service)
{
	struct bucket *bucket = service_state(service);
	struct service *successor = service_successor(service);

	if (successor != NULL)
		creosote_succeed(successor, service);
	else
		(void)bucket_intake_work(service, true);
	bucket_sinks_close(&bucket->sinks);
	bucket_intake_close(service);
	service_set_timer(service, -1);
}

static int
creosote_reopen(struct service *service, char why[WHY_SIZE])
{
	struct bucket *bucket = service_state(service);
	int result = bucket_sinks_reopen(&bucket->sinks, why);

	bucket_flush(service, true);
	return result;
}

static int
creosote_rotate(struct service *service, char why[WHY_SIZE])
{
	struct bucket *bucket = service_state(service);
	int result = bucket_sinks_rotate(&bucket->sinks, why);

	bucket_flush(service, true);
	return result;
}

static void
creosote_report(
    const struct service *service, service_figure_fn *add, void *arg)
{
	const struct bucket *bucket = service_state_const(service);
	struct bucket_sinks_figures figures =
	    bucket_sinks_figures(&bucket->sinks);

	add(arg, "records", figures.written);
	add(arg, "records-lost", figures.lost);
	add(arg, "records-waiting", figures.waiting);
	add(arg, "bytes-waiting", bucket->sinks.memory.used);
	add(arg, "messages-ignored", bucket->filter.ignored);
	add(arg, "messages-suppressed", bucket->filter.suppressed);
	add(arg, "matches-given-up", bucket_filter_stopped(&bucket->filter));
	bucket_outputs_report(&bucket->outputs, add, arg);
}

static struct history *
creosote_history(struct service *service)
{
	struct bucket *bucket = service_state(service);

	return bucket->history;
}

static size_t
creosote_history_json(const struct service *service,
    const struct history_item *item, char *out, size_t size)
{
	const struct bucket_settings *settings = service_settings(service);

	return bucket_history_format(item, &settings->style, out, size);
}

static void
creosote_describe(
    const struct service *service, const struct service_words *words)
{
	const struct bucket_settings *settings = service_settings(service);
	const struct bucket *bucket = service_state_const(service);
	struct bucket_sinks_figures figures =
	    bucket_sinks_figures(&bucket->sinks);
	struct bucket_files_figures files;

	if (bucket->sinks.files == NULL)
		return;
	files = bucket_files_figures(bucket->sinks.files);
	words->text(words->arg, "file", settings->files.path);
	words->text(words->arg, "writing",
	    figures.error == 0 ? "yes" : bucket_loss_reason(figures.error));
	words->number(words->arg, "waiting-records", figures.waiting);
	words->number(words->arg, "waiting-bytes", bucket->sinks.memory.used);
	words->number(words->arg, "open-files", files.open);
	words->number(words->arg, "rotations", files.rotations);
	words->number(words->arg, "compressed", files.compressed);
	words->number(words->arg, "deleted", files.deleted);
}

const struct service_type creosote_service = {
	.name = "creosote",
	.summary = "logs what programs spew, each datagram or line as a "
		   "line: a bucket",
	.example = "netlab spew %s hello",
	.options = creosote_options,
	.settings_size = sizeof(struct bucket_settings),
	.state_size = sizeof(struct bucket),
	.stream_state_size = BUCKET_STREAM_SIZE,
	.check = creosote_check,
	.check_pair = creosote_check_pair,
	.probe = creosote_probe,
	.target = creosote_target,
	.paths = creosote_paths,
	.start = creosote_start,
	.stop = creosote_stop,
	.succeed = creosote_succeed,
	.reopen = creosote_reopen,
	.rotate = creosote_rotate,
	.timer = creosote_timer,
	.datagram = creosote_datagram,
	.one_way = true,
	.kernel_time = true,
	.gather = creosote_gather,
	.lost = creosote_lost,
	.batch_end = creosote_batch_end,
	.waits = creosote_waits,
	.stream = { .open = bucket_stream_open,
	    .data = bucket_stream_data,
	    .end = bucket_stream_end,
	    .close = bucket_stream_close },
	.report = creosote_report,
	.describe = creosote_describe,
	.history = creosote_history,
	.history_json = creosote_history_json,
};
