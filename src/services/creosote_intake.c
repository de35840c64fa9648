/* SPDX-License-Identifier: ISC */
/* The way of a message into a bucket: cut, decoded, numbered, kept. */
#include "base/clock.h"
#include "services/creosote_bucket.h"
#include "services/creosote_history.h"
#include "services/creosote_syslog.h"

static void
add(struct service *service, const struct bucket_arrival *arrival,
    struct record *record)
{
	struct bucket *bucket = service_state(service);

	record->sequence = ++bucket->sequence;
	bucket_sinks_add(
	    &bucket->sinks, arrival->peer, arrival->peer_len, record);
	if (bucket->history != NULL) {
		bucket_history_add(bucket->history, record);
		bucket->is_history_new = true;
	}
}

void
bucket_take(struct service *service, const struct bucket_arrival *arrival)
{
	const struct bucket_settings *settings = service_settings(service);
	struct creosote_fields fields;
	struct record record = {
		.time_ns = arrival->time_ns,
		.source = arrival->source,
		.data = arrival->data,
		.wire_len = arrival->true_len,
	};

	if (record.data.len > settings->max_record)
		record.data.len = settings->max_record;
	record.is_cut = record.wire_len > record.data.len;
	if (settings->decode == BUCKET_DECODE_SYSLOG) {
		syslog_decode(&fields, record.data.data, record.data.len);
		record.fields = &fields;
	}
	add(service, arrival, &record);
}

void
bucket_take_drops(struct service *service, const char *local, uint64_t count)
{
	struct bucket *bucket = service_state(service);

	bucket_sinks_add_drops(&bucket->sinks, local, count);
	if (bucket->history != NULL) {
		struct bucket_loss loss = { 0 };
		char what[RECORD_WHAT_SIZE];

		bucket_loss_add_drops(&loss, local, count);
		(void)bucket_loss_describe(&loss, what);
		bucket_history_add_loss(
		    bucket->history, clock_now_ns(), count, what);
		bucket->is_history_new = true;
	}
}
