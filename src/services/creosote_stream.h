/* SPDX-License-Identifier: ISC */
/*
 * Connections to a bucket: each line is a record. Where datagrams would find no
 * room, connections are not read until there is some: their senders wait, and
 * lose nothing.
 */
#ifndef SERVICES_CREOSOTE_STREAM_H
#define SERVICES_CREOSOTE_STREAM_H

#include "services/creosote_bucket.h"
#include "services/creosote_framing.h"

/* The longest record may be such a part of the queue. */
#define BUCKET_QUEUE_SHARE 32

/* A connection. */
struct bucket_stream {
	struct stream *stream;
	LIST_ENTRY(bucket_stream) entry;
	struct framing framing;
	char *rest; /* was read, and waits for room; NULL: nothing */
	size_t rest_len;
	struct sockaddr_storage peer;
	socklen_t peer_len;
	size_t source_len;
	char source[ADDRESS_TEXT_SIZE];
};

#define BUCKET_STREAM_SIZE sizeof(struct bucket_stream)

/* The slots of the service type. */
void bucket_stream_open(struct stream *stream);
void bucket_stream_data(struct stream *stream, char *data, size_t len);
void bucket_stream_end(struct stream *stream);
void bucket_stream_close(struct stream *stream);

/*
 * Lets the connections go on if there is room again. true: what had been read
 * of them has brought more to write.
 */
bool bucket_streams_release(struct service *service);

#endif
