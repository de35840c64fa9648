/* SPDX-License-Identifier: ISC */
/*
 * Connections. Each step (read, write, end of time) only notes what became of
 * the connection; settle() alone decides what it waits for next, or frees it.
 * So a service may write to, hold and close a connection from any slot of any
 * connection: outside its own, settle() runs once they have returned.
 */
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/stream_private.h"

/* At a stop, what has been received is read in so many steps at most. */
#define STOP_READS 64

/* A connection we ended is read this often at most while its peer goes on. */
#define LINGER_READS 16

/*
 * At a stop: what comes within this time of what came before was on its way,
 * and how often it is looked whether a peer has got everything.
 */
#define STOP_LOOK_MS 20

static const struct timeval stop_look = { .tv_usec = STOP_LOOK_MS * 1000 };

static const struct stream_handler *
handler_of(const struct stream *stream)
{
	return stream_listener(stream)->config.handler;
}

static void
stream_free(struct stream *stream)
{
	struct stream_config *config = &stream_listener(stream)->config;

	if (handler_of(stream)->close != NULL)
		handler_of(stream)->close(stream);
	config->observer->closed(config->owner, stream->id, stream->reason);
	config->counters->closed[stream->reason]++;
	admission_leave(config->admission, stream->ticket);
	config->counters->open--;
	config->pool->output -= stream_output_waiting(stream);
	stream_listener(stream)->open--;
	stream_pool_remove(config->pool, event_get_fd(&stream->event));
	event_del(&stream->event);
	close(event_get_fd(&stream->event));
	stream_backlog_free(stream->backlog);
	free(stream);
}

void
stream_touch(struct stream *stream)
{
	if (!stream->busy)
		event_active(&stream->event, 0, 0);
}

/* Notes why it ends; the first reason counts. */
static void
stream_end(struct stream *stream, enum stream_reason reason)
{
	if (stream->ended || stream->broken)
		return;
	stream->ended = true;
	stream->reason = (uint8_t)reason;
	stream_touch(stream);
}

void
stream_break(struct stream *stream, enum stream_reason reason)
{
	stream_end(stream, reason);
	stream->broken = true;
}

/* Waits for these events alone; a time-out of NULL waits for ever. */
static void
wait_for(struct stream *stream, short events, const struct timeval *timeout)
{
	struct event *event = &stream->event;

	events |= EV_PERSIST;
	if ((event_get_events(event) & (EV_READ | EV_WRITE | EV_PERSIST)) !=
	    events) {
		event_del(event);
		event_assign(event, event_get_base(event), event_get_fd(event),
		    events, event_get_callback(event),
		    event_get_callback_arg(event));
	} else if (event_pending(event, EV_READ | EV_WRITE, NULL)) {
		return;
	}
	if (event_add(event, timeout) == -1)
		stream_break(stream, STREAM_MEMORY);
}

/* Reads what has come in: -1: nothing more is there now, 0: its end is. */
static ssize_t
drain_input(struct stream *stream)
{
	ssize_t len = 1;

	for (int i = 0; i < LINGER_READS && len > 0; i++)
		len = stream_input_discard(stream);
	return len;
}

/*
 * True when closing cannot take anything from the peer: its system has all that
 * was sent, and nothing that it sent is left unread.
 */
static bool
is_delivered(struct stream *stream)
{
	ssize_t len = drain_input(stream);

	return len == 0 ||
	    (len == -1 && socket_unsent(event_get_fd(&stream->event)) == 0);
}

/* At a stop nobody is waited for but who has not got everything yet. */
static void
linger_at_stop(struct stream *stream)
{
	if (is_delivered(stream)) {
		stream->broken = true;
		return;
	}
	event_del(&stream->event); /* its time-out changes */
	wait_for(stream, EV_READ, &stop_look);
}

/*
 * Output is sent and we have ended. To close now, with input unread or on its
 * way, would reset the connection and may take the answer from the peer; so our
 * end is told, and what still comes is thrown away for a while.
 */
static void
linger(struct stream *stream)
{
	if (stream->finished && drain_input(stream) <= 0) {
		stream->broken = true;
		return;
	}
	if (!stream->lingers) {
		stream->lingers = true;
		stream->linger_reads = LINGER_READS;
		(void)shutdown(event_get_fd(&stream->event), SHUT_WR);
		event_del(&stream->event); /* its time-out changes */
	}
	if (stream->at_end || stream->linger_reads == 0)
		stream->broken = true;
	else if (stream_listener(stream)->stopped)
		linger_at_stop(stream);
	else
		wait_for(stream, EV_READ, stream_listener(stream)->linger_time);
}

/* True when its input is left where it is. */
static bool
is_held(const struct stream *stream)
{
	return stream->held && !stream->ended &&
	    !stream_listener(stream)->stopped;
}

/* Waits for what an open connection without output to send may bring. */
static void
wait_for_input(struct stream *stream)
{
	const struct timeval *idle_time = stream_listener(stream)->idle_time;
	bool generates = handler_of(stream)->drain != NULL;

	if (stream->pulls) {
		wait_for(stream, EV_WRITE, idle_time);
		return;
	}
	if (stream->stays && !stream_listener(stream)->stopped)
		idle_time = NULL;
	if (is_held(stream) && !generates)
		event_del(&stream->event);
	else if (is_held(stream))
		wait_for(stream, EV_WRITE, idle_time);
	else if (generates)
		wait_for(stream, EV_READ | EV_WRITE, idle_time);
	else
		wait_for(stream, EV_READ,
		    stream_listener(stream)->stopped ? &stop_look : idle_time);
}

/* Decides what the connection waits for; frees it when it is over. */
static void
settle(struct stream *stream)
{
	const struct stream_config *config = &stream_listener(stream)->config;
	bool generates = handler_of(stream)->drain != NULL, fed;

	stream->busy = false;
	if (stream->at_end && !stream->ended && !stream->pulls)
		stream_end(stream, STREAM_PEER);
	if (!stream->broken) {
		if (stream_output_waiting(stream) > 0 &&
		    (!generates || stream->ended))
			wait_for(stream, EV_WRITE,
			    stream_listener(stream)->idle_time);
		else if (stream->ended)
			linger(stream);
		else
			wait_for_input(stream);
	}
	fed = stream->fed;
	stream->fed = false;
	if (stream->broken)
		stream_free(stream);
	if (fed && config->observer->batch_end != NULL)
		config->observer->batch_end(config->owner);
}

/* Nothing has moved: too long, or, at a stop, long enough. */
static void
take_silence(struct stream *stream)
{
	const struct stream_handler *handler = handler_of(stream);
	bool stopped = stream_listener(stream)->stopped;

	if (stopped && stream->lingers)
		return; /* settle() looks again */
	if (is_held(stream) && stream_output_waiting(stream) == 0)
		return; /* since this very wake-up */
	if (!stopped || stream->ended || stream_output_waiting(stream) > 0) {
		stream_break(stream, STREAM_IDLE);
		return;
	}
	stream->fed = true;
	if (handler->end != NULL)
		handler->end(stream);
	if (!stream->pulls) /* otherwise it has something to say yet */
		stream_end(stream, STREAM_STOP);
}

/* A slot of another connection may have changed that in this very wake-up. */
static bool
may_read(const struct stream *stream)
{
	if (stream->ended)
		return true;
	return !is_held(stream) && !stream->pulls &&
	    (handler_of(stream)->drain != NULL ||
		stream_output_waiting(stream) == 0);
}

/* All output is sent. */
static void
take_room(struct stream *stream)
{
	const struct stream_handler *handler = handler_of(stream);
	bool pulls = stream->pulls;

	stream->pulls = false;
	if (pulls && stream_is_deserted(stream))
		stream_break(stream, STREAM_RESET);
	else if (pulls && handler->pull != NULL)
		handler->pull(stream);
	if (handler->drain != NULL)
		handler->drain(stream);
}

static void
event_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stream_listener *listener = arg;
	struct stream *stream = listener->config.pool->by_fd[fd];
	bool looks = stream->lingers && listener->stopped;

	stream->busy = true;
	if ((what & EV_TIMEOUT) != 0)
		take_silence(stream);
	if ((what & EV_READ) != 0 && may_read(stream)) {
		(void)stream_input_read(stream);
		if (stream->lingers && !looks)
			stream->linger_reads--;
	}
	if ((what & EV_WRITE) != 0 && stream_output_send(stream) &&
	    !stream->ended)
		take_room(stream);
	settle(stream);
}

void
stream_close(struct stream *stream)
{
	stream_end(stream, STREAM_SERVED);
}

void
stream_stop(struct stream *stream)
{
	stream->busy = true;
	event_del(&stream->event);             /* its time-out changes */
	if (handler_of(stream)->drain != NULL) /* it would never fall silent */
		stream_end(stream, STREAM_STOP);
	for (int i = 0; i < STOP_READS && !stream->ended && !stream->broken &&
	     !stream->pulls && stream_output_waiting(stream) == 0;
	     i++)
		if (!stream_input_read(stream))
			break;
	settle(stream);
}

void
stream_begin(struct stream_listener *listener, int fd,
    const struct sockaddr *peer, socklen_t peer_len)
{
	struct stream_config *config = &listener->config;
	struct event_base *base = event_get_base(&listener->accept_event);
	struct stream *stream = malloc(sizeof(*stream) + config->state_size);

	if (stream == NULL || stream_pool_add(config->pool, fd, stream) == -1) {
		config->counters->closed[STREAM_MEMORY]++;
		free(stream);
		close(fd);
		return;
	}
	*stream = (struct stream){
		.ticket = admission_enter(config->admission, peer),
		.id = (unsigned)++config->counters->accepted,
		.busy = true,
	};
	memset(stream->state, 0, config->state_size);
	event_assign(
	    &stream->event, base, fd, EV_READ | EV_PERSIST, event_cb, listener);
	listener->open++;
	config->counters->open++;
	config->observer->opened(config->owner, stream->id, peer, peer_len);
	if (config->handler->open != NULL)
		config->handler->open(stream);
	if (listener->stopped)
		stream_stop(stream);
	else
		settle(stream);
}

void
stream_abort(struct stream *stream)
{
	stream_break(stream, STREAM_STOP);
	settle(stream);
}
