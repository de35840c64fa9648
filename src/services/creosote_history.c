/* SPDX-License-Identifier: ISC */
/*
 * A bucket's records in the history. What an item cannot hold by itself lies
 * packed in its extra: a struct, and of a decoded record the fields, and the
 * bytes of their slices one after another.
 */
#include "services/creosote_history.h"

#include <string.h>

/* Of a longer message, the fields are left out. */
#define EXTRA_SIZE 16384

struct extra {
	uint64_t sequence; /* of the bucket */
	uint64_t count; /* bytes as it was sent; of a word, how many are lost */
	bool is_word;   /* on a loss */
	bool is_decoded, is_cut, is_late;
};

/* Appends the slices; returns the length, 0: there is no room. */
static size_t
pack_slices(char *out, size_t size, const struct creosote_fields *fields)
{
	size_t len = 0;

	for (unsigned i = 0; i < CREOSOTE_FIELDS_SLICES; i++) {
		const struct slice *slice =
		    creosote_fields_slice_const(fields, i);

		if (slice->len > size - len)
			return 0;
		if (slice->len > 0)
			memcpy(out + len, slice->data, slice->len);
		len += slice->len;
	}
	return len;
}

static void
forget_slices(struct creosote_fields *fields)
{
	for (unsigned i = 0; i < CREOSOTE_FIELDS_SLICES; i++)
		creosote_fields_slice(fields, i)->len = 0;
}

/* The fields, whose slices hold lengths alone, and the slices. */
static size_t
pack(char *out, const struct creosote_fields *fields)
{
	struct creosote_fields packed = *fields;
	size_t len = pack_slices(out + sizeof(packed), EXTRA_SIZE, fields);

	if (len == 0)
		forget_slices(&packed);
	memcpy(out, &packed, sizeof(packed));
	return sizeof(packed) + len;
}

static void
unpack(struct creosote_fields *fields, const char *data)
{
	memcpy(fields, data, sizeof(*fields));
	data += sizeof(*fields);
	for (unsigned i = 0; i < CREOSOTE_FIELDS_SLICES; i++) {
		struct slice *slice = creosote_fields_slice(fields, i);

		slice->data = data;
		data += slice->len;
	}
}

void
bucket_history_add(struct history *history, const struct record *record)
{
	static struct {
		struct extra extra;
		char fields[sizeof(struct creosote_fields) + EXTRA_SIZE];
	} packed;
	struct history_item item = {
		.time_ns = record->time_ns,
		.source = record->source,
		.message = record_message(record),
		.extra = { (const char *)&packed, sizeof(packed.extra) },
	};

	packed.extra = (struct extra){
		.sequence = record->sequence,
		.count = record->wire_len,
		.is_decoded = record->fields != NULL,
		.is_cut = record->is_cut,
		.is_late = record->is_late,
	};
	if (record->fields != NULL)
		item.extra.len += pack(packed.fields, record->fields);
	(void)history_add(history, &item);
}

void
bucket_history_add_loss(
    struct history *history, int64_t time_ns, uint64_t count, const char *what)
{
	struct extra extra = { .count = count, .is_word = true };
	struct history_item item = {
		.time_ns = time_ns,
		.source = { "netlabd", 7 },
		.message = { what, strlen(what) },
		.extra = { (const char *)&extra, sizeof(extra) },
	};

	(void)history_add(history, &item);
}

static size_t
format_loss(char *out, const struct record_style *style,
    const struct history_item *item, uint64_t lost)
{
	char what[RECORD_WHAT_SIZE] = "";
	size_t len = item->message.len;

	memcpy(what, item->message.data,
	    len < sizeof(what) ? len : sizeof(what) - 1);
	return record_format_loss(out, style, item->time_ns, lost, what);
}

static size_t
format_record(char *out, size_t size, const struct record_style *style,
    const struct history_item *item, const struct extra *extra)
{
	struct creosote_fields fields;
	struct record record = {
		.sequence = extra->sequence,
		.time_ns = item->time_ns,
		.source = item->source,
		.data = item->message,
		.wire_len = extra->count,
		.is_cut = extra->is_cut,
		.is_late = extra->is_late,
	};

	if (extra->is_decoded) {
		unpack(&fields, item->extra.data + sizeof(*extra));
		fields.text = item->message;
		record.fields = &fields;
	}
	return record_room(&record) <= size ? record_format(out, style, &record)
					    : 0;
}

size_t
bucket_history_format(const struct history_item *item,
    const struct record_style *style, char *out, size_t size)
{
	static char line[2 * RECORD_MAX * RECORD_GROWTH];
	struct record_style json = { RECORD_JSON, style->escape };
	struct extra extra;
	size_t len;

	memcpy(&extra, item->extra.data, sizeof(extra));
	len = extra.is_word
	    ? format_loss(line, &json, item, extra.count)
	    : format_record(line, sizeof(line), &json, item, &extra);
	if (len == 0 || len - 1 > size)
		return 0;
	memcpy(out, line, len - 1);
	return len - 1;
}
