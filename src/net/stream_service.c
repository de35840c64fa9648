/* SPDX-License-Identifier: ISC */
/* What services ask of their connections, beside input and output. */
#include "net/stream.h"

#include "net/socket.h"
#include "net/stream_private.h"

void
stream_hold(struct stream *stream, bool hold)
{
	if (stream->held == hold)
		return;
	stream->held = hold;
	stream_touch(stream);
}

void
stream_pull(struct stream *stream)
{
	if (stream->pulls)
		return;
	stream->pulls = true;
	stream_touch(stream);
}

void
stream_stay(struct stream *stream)
{
	struct event *event = &stream->event;

	stream->stays = true;
	/* An event keeps its time-out until it is assigned. */
	event_del(event);
	event_assign(event, event_get_base(event), event_get_fd(event),
	    EV_PERSIST, event_get_callback(event),
	    event_get_callback_arg(event));
	stream_touch(stream);
}

int
stream_peer_uid(const struct stream *stream, uid_t *uid)
{
	int fd = event_get_fd(&stream->event);
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	/* Of another socket, it would be nobody's. */
	if (socket_transport(fd) != TRANSPORT_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) == -1)
		return -1;
	*uid = credentials.uid;
	return 0;
}

socklen_t
stream_peer(const struct stream *stream, struct sockaddr_storage *peer)
{
	socklen_t len = sizeof(*peer);

	if (getpeername(event_get_fd(&stream->event), (struct sockaddr *)peer,
		&len) == -1)
		return 0;
	return len;
}

void *
stream_state(struct stream *stream)
{
	return stream->state;
}

void *
stream_owner(const struct stream *stream)
{
	return stream_listener(stream)->config.owner;
}

const char *
stream_reason_name(enum stream_reason reason)
{
	static const char *const names[STREAM_REASONS] = {
		[STREAM_SERVED] = "served",
		[STREAM_PEER] = "end-of-input",
		[STREAM_RESET] = "reset",
		[STREAM_IDLE] = "idle",
		[STREAM_LINE_LIMIT] = "line-limit",
		[STREAM_OUTPUT_LIMIT] = "output-limit",
		[STREAM_MEMORY] = "out-of-memory",
		[STREAM_STOP] = "stop",
		[STREAM_DENIED] = "denied",
	};

	return names[reason];
}
