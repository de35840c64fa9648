/* SPDX-License-Identifier: ISC */
/* The way of a message into a bucket: limited, decoded, chosen, numbered. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "services/creosote_bucket.h"
#include "services/creosote_history.h"
#include "services/creosote_netconsole.h"
#include "services/creosote_syslog.h"

/* On its way through a decoder that may emit it later, or another's. */
struct passage {
	struct service *service;
	const struct bucket_arrival *arrival; /* NULL: nothing has come */
	char source[ADDRESS_TEXT_SIZE];       /* without the port */
};

int
bucket_intake_open(struct service *service, char why[WHY_SIZE])
{
	const struct bucket_settings *settings = service_settings(service);
	struct bucket *bucket = service_state(service);

	if (settings->history != 0 &&
	    (bucket->history = history_new(settings->history)) == NULL)
		return why_set(why, "out of memory");
	if (settings->decode == BUCKET_DECODE_NETCONSOLE &&
	    (bucket->netconsole = netconsole_new()) == NULL)
		return why_set(why, "out of memory");
	if (bucket_filter_open(&bucket->filter, &settings->filter, why) == -1)
		return -1;
	return bucket_outputs_open(
	    &bucket->outputs, &settings->outputs, service_name(service), why);
}

void
bucket_intake_close(struct service *service)
{
	struct bucket *bucket = service_state(service);

	bucket_outputs_close(&bucket->outputs);
	bucket_filter_close(&bucket->filter);
	netconsole_free(bucket->netconsole);
	history_free(bucket->history);
	bucket->netconsole = NULL;
	bucket->history = NULL;
}

struct bucket *
bucket_shown(struct service *service)
{
	struct service *successor = service_successor(service);

	return service_state(successor != NULL ? successor : service);
}

static void
show_loss(struct service *service, uint64_t count, const char *what)
{
	struct bucket *bucket = bucket_shown(service);

	if (bucket->history == NULL)
		return;
	bucket_history_add_loss(bucket->history, clock_now_ns(), count, what);
	bucket->is_history_new = true;
}

static void
show_record(struct service *service, const struct record *record)
{
	struct bucket *bucket = bucket_shown(service);

	if (bucket->history == NULL)
		return;
	bucket_history_add(bucket->history, record);
	bucket->is_history_new = true;
}

/* That so many are missing here of what this peer sent. */
static void
add_word(struct service *service, const struct bucket_arrival *arrival,
    uint64_t count, const char *what)
{
	struct bucket *bucket = service_state(service);

	bucket_sinks_add_word(
	    &bucket->sinks, arrival->peer, arrival->peer_len, count, what);
	show_loss(service, count, what);
}

static void
add_record(struct service *service, const struct bucket_arrival *arrival,
    struct record *record)
{
	struct bucket *bucket = service_state(service);

	if (!bucket_filter_wants(&bucket->filter, record_message(record)))
		return;
	record->sequence = ++bucket_shown(service)->sequence;
	bucket->sequence = record->sequence;
	bucket_sinks_add(
	    &bucket->sinks, arrival->peer, arrival->peer_len, record);
	bucket_outputs_add(&bucket->outputs, record);
	if (bucket->netconsole == NULL)
		bucket_outputs_forward(&bucket->outputs, record->data);
	show_record(service, record);
}

/* An arrival of a sender that is known by its address alone. */
static struct bucket_arrival
arrival_of(const char *source, struct sockaddr_storage *peer)
{
	return (struct bucket_arrival){
		.peer = (struct sockaddr *)peer,
		.peer_len = address_parse_host(peer, source),
		.source = { source, strlen(source) },
		.time_ns = clock_now_ns(),
	};
}

/* Fragments that were put together may be longer than a record may be. */
static bool
cut_fields(struct creosote_fields *fields, uint64_t max)
{
	bool is_cut = fields->text.len + fields->dictionary.len > max;

	if (fields->text.len > max)
		fields->text.len = max;
	if (is_cut)
		fields->dictionary.len = max - fields->text.len;
	return is_cut;
}

static void
take_decoded(void *arg, const struct creosote_fields *fields,
    const struct netconsole_note *note)
{
	struct passage *passage = arg;
	const struct bucket_settings *settings =
	    service_settings(passage->service);
	struct creosote_fields taken = *fields;
	struct sockaddr_storage peer;
	struct bucket_arrival arrival;
	struct record record = {
		.fields = &taken,
		.wire_len = note->total,
		.is_late = note->late,
	};

	if (passage->arrival != NULL &&
	    strcmp(passage->source, note->source) == 0)
		arrival = *passage->arrival;
	else
		arrival = arrival_of(note->source, &peer);
	if (note->lost > 0)
		add_word(passage->service, &arrival, note->lost,
		    "netconsole messages lost here on the way");
	record.time_ns = arrival.time_ns;
	record.source = arrival.source;
	record.is_cut = cut_fields(&taken, settings->max_record);
	record.data = taken.text;
	if (note->total == 0) {
		record.wire_len = arrival.true_len;
		record.is_cut = arrival.true_len > arrival.data.len;
	}
	add_record(passage->service, &arrival, &record);
}

static struct slice
cut(struct slice data, uint64_t max)
{
	return (struct slice){ data.data, data.len < max ? data.len : max };
}

static void
take_netconsole(struct service *service, const struct bucket_arrival *arrival)
{
	const struct bucket_settings *settings = service_settings(service);
	struct bucket *bucket = service_state(service);
	struct bucket_arrival taken = *arrival;
	struct passage passage = { .service = service, .arrival = &taken };

	taken.data = cut(arrival->data, settings->max_record);
	bucket_outputs_forward(&bucket->outputs, taken.data);
	(void)address_format_host(
	    passage.source, arrival->peer, arrival->peer_len);
	netconsole_take(bucket->netconsole, passage.source, taken.data.data,
	    taken.data.len, arrival->time_ns, take_decoded, &passage);
}

/* False: it is one too many of its sender. */
static bool
is_admitted(struct service *service, const struct bucket_arrival *arrival)
{
	struct bucket *bucket = service_state(service);
	char what[RECORD_WHAT_SIZE], host[ADDRESS_TEXT_SIZE];
	uint64_t missing;

	if (!bucket_filter_admits(
		&bucket->filter, arrival->peer, arrival->peer_len, &missing))
		return false;
	if (missing == 0)
		return true;
	(void)address_format_host(host, arrival->peer, arrival->peer_len);
	snprintf(what, sizeof(what),
	    "messages of %s suppressed here (above its rate)", host);
	add_word(service, arrival, missing, what);
	return true;
}

void
bucket_take(struct service *service, const struct bucket_arrival *arrival)
{
	const struct bucket_settings *settings = service_settings(service);
	struct creosote_fields fields;
	struct record record;

	if (!is_admitted(service, arrival))
		return;
	if (settings->decode == BUCKET_DECODE_NETCONSOLE) {
		take_netconsole(service, arrival);
		return;
	}
	record = (struct record){
		.time_ns = arrival->time_ns,
		.source = arrival->source,
		.data = cut(arrival->data, settings->max_record),
		.wire_len = arrival->true_len,
	};
	record.is_cut = record.wire_len > record.data.len;
	if (settings->decode == BUCKET_DECODE_SYSLOG) {
		syslog_decode(&fields, record.data.data, record.data.len);
		record.fields = &fields;
	}
	add_record(service, arrival, &record);
}

void
bucket_take_drops(struct service *service, const char *local, uint64_t count)
{
	struct bucket *bucket = service_state(service);
	struct bucket_loss loss = { 0 };
	char what[RECORD_WHAT_SIZE];

	bucket_sinks_add_drops(&bucket->sinks, local, count);
	bucket_loss_add_drops(&loss, local, count);
	(void)bucket_loss_describe(&loss, what);
	show_loss(service, count, what);
}

int64_t
bucket_intake_work(struct service *service, bool last)
{
	struct bucket *bucket = service_state(service);
	struct passage passage = { .service = service };
	struct bucket_arrival nobody = { .peer = NULL };
	int64_t expire_ms = -1, send_ms;
	uint64_t untold = bucket_filter_take_untold(&bucket->filter, last);

	if (untold > 0)
		add_word(service, &nobody, untold,
		    "messages suppressed (above the rates of senders that were "
		    "not heard again)");
	if (bucket->netconsole != NULL && last)
		netconsole_flush(bucket->netconsole, take_decoded, &passage);
	else if (bucket->netconsole != NULL)
		expire_ms = netconsole_expire(
		    bucket->netconsole, clock_now_ns(), take_decoded, &passage);
	send_ms = bucket_outputs_flush(&bucket->outputs);
	return expire_ms == -1 || (send_ms != -1 && send_ms < expire_ms)
	    ? send_ms
	    : expire_ms;
}
