/* SPDX-License-Identifier: ISC */
/*
 * A conversation over a connection. Services differ in when they close: some
 * answer line after line (echo), some one line (timestamp), some are not asked
 * at all (time), some never end (chargen), and none says which it is. So the
 * first line goes alone, and only when the server has answered it and did not
 * close does the rest follow. If it did close, each line gets a connection.
 */
#include "client/send.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/connect.h"

/*
 * The first line is given a fourth of the time-out to be answered, and an
 * eighth from its answer on to be followed by the server's close.
 */
#define ANSWER_SHARE 4
#define CLOSE_SHARE  8

#define ANSWER_SIZE 65536

enum phase {
	FIRST, /* the first line is awaited, or not sent whole */
	HELD,  /* it is sent, and the rest held back */
	FREE,  /* all that comes is sent */
	LAST   /* all is sent; the last answers are awaited */
};

enum outcome {
	GOES_ON,
	NEXT_LINE, /* the server wants one line a connection */
	DONE,
	FAILED /* and it is logged */
};

struct session {
	const struct send *send;
	struct input *input;
	int fd;
	enum phase phase;
	bool received;      /* anything at all */
	bool sent_first;    /* the whole first line */
	bool answered;      /* something after it */
	bool sent_more;     /* something after the first line */
	int64_t since_ms;   /* when anything was last sent or received */
	int64_t release_ms; /* the end of HELD */
};

static unsigned
transport_of(const struct session *session)
{
	return session->send->target->transports & TRANSPORTS_STREAM;
}

static enum outcome
complain(const struct session *session, const char *what)
{
	target_complain(
	    session->send->target, transport_of(session), "%s", what);
	return FAILED;
}

/* How many bytes may be sent now. */
static size_t
sendable(const struct session *session)
{
	switch (session->phase) {
	case FIRST:
		return input_line(session->input);
	case FREE:
		return session->input->len;
	default:
		return 0;
	}
}

static int64_t
deadline(const struct session *session)
{
	if (session->phase == HELD)
		return session->release_ms;
	if (session->phase == LAST || sendable(session) > 0)
		return session->since_ms + session->send->timeout_ms;
	return DEADLINE_NEVER;
}

/* At the end of input the server is told so, and may still answer. */
static void
begin_last(struct session *session)
{
	session->phase = LAST;
	shutdown(session->fd, SHUT_WR);
	session->since_ms = clock_monotonic_ms();
}

static void
note_sent(struct session *session, bool is_whole)
{
	session->since_ms = clock_monotonic_ms();
	if (session->phase == FREE) {
		session->sent_more = true;
	} else if (is_whole) {
		session->sent_first = true;
		session->phase = HELD;
		session->release_ms = session->since_ms +
		    session->send->timeout_ms / ANSWER_SHARE;
	}
}

static void
note_received(struct session *session)
{
	session->received = true;
	session->since_ms = clock_monotonic_ms();
	if (!session->sent_first || session->answered)
		return;
	session->answered = true;
	session->release_ms =
	    session->since_ms + session->send->timeout_ms / CLOSE_SHARE;
}

static void
send_some(struct session *session)
{
	size_t len = sendable(session);
	ssize_t n = send(session->fd, session->input->data, len, MSG_NOSIGNAL);

	if (n >= 0) {
		input_take(session->input, (size_t)n);
		note_sent(session, (size_t)n == len);
	} else if (errno != EAGAIN && errno != EINTR) {
		/* What the server said before it closed is still to be read. */
		session->phase = LAST;
	}
}

/* The server closed: for good, or after the one line that it wants? */
static enum outcome
end_of_answer(const struct session *session)
{
	const struct input *input = session->input;
	bool has_more = input->len > 0 || !input->end;

	if (session->answered && !session->sent_more && has_more)
		return NEXT_LINE;
	if (input->len > 0 && session->phase != FIRST)
		return complain(
		    session, "cut off: the server closed before all was sent");
	if (session->received)
		return DONE;
	return complain(session,
	    "the server closed the connection without an answer (for a "
	    "service that never answers, such as creosote: netlab spew)");
}

static enum outcome
receive(struct session *session)
{
	char answer[ANSWER_SIZE];
	ssize_t n = recv(session->fd, answer, sizeof(answer), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return GOES_ON;
	if (n == -1) {
		connect_complain(session->send->target, transport_of(session),
		    errno, session->send->timeout_ms);
		return FAILED;
	}
	if (n == 0)
		return end_of_answer(session);
	if (output_write(session->send->output, answer, (size_t)n) == -1)
		return output_complain(errno) == STATUS_OK ? DONE : FAILED;
	note_received(session); /* after the time that the reader took */
	return GOES_ON;
}

static enum outcome
time_over(struct session *session)
{
	if (session->phase == HELD) {
		session->phase = FREE;
		return GOES_ON;
	}
	if (session->phase == LAST && session->input->len > 0)
		return complain(session, "cut off: not all could be sent");
	if (session->phase == LAST && session->received)
		return DONE;
	target_complain(session->send->target, transport_of(session),
	    "no answer in %g s (it is connected, but %s; -t waits longer)",
	    session->send->timeout_ms / 1000.0,
	    session->phase == LAST
		? "says nothing; for a service that never answers, such as "
		  "creosote: netlab spew"
		: "takes no more");
	return FAILED;
}

/* Waits for input, an answer, room to send or the deadline. */
static enum outcome
step(struct session *session)
{
	struct input *input = session->input;
	bool reads =
	    !input->end && session->phase != LAST && input_has_room(input);
	struct pollfd fds[] = {
		{ .fd = session->fd, .events = POLLIN },
		{ .fd = reads ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int64_t end_ms = deadline(session), left_ms;

	if (sendable(session) > 0)
		fds[0].events |= POLLOUT;
	left_ms = end_ms - clock_monotonic_ms();
	if (left_ms < 0)
		left_ms = 0;
	if (poll(fds, 2, end_ms == DEADLINE_NEVER ? -1 : (int)left_ms) == 0)
		return time_over(session);
	if ((fds[0].revents & POLLOUT) != 0)
		send_some(session);
	if (fds[1].revents != 0)
		input_read(input);
	if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		return receive(session);
	return GOES_ON;
}

static enum outcome
converse(const struct send *send, int fd)
{
	struct session session = { .send = send,
		.input = send->input,
		.fd = fd,
		.since_ms = clock_monotonic_ms() };
	enum outcome outcome = GOES_ON;

	while (outcome == GOES_ON) {
		if (session.phase != LAST && session.input->end &&
		    session.input->len == 0)
			begin_last(&session);
		outcome = step(&session);
	}
	return outcome;
}

enum status
send_stream(const struct send *send, int fd)
{
	enum outcome outcome;

	for (;;) {
		outcome = converse(send, fd);
		close(fd);
		if (outcome != NEXT_LINE)
			return outcome == DONE ? STATUS_OK : STATUS_FAILED;
		while (input_line(send->input) == 0 && !send->input->end)
			input_read(send->input);
		if (input_line(send->input) == 0)
			return STATUS_OK;
		fd = connect_stream(send->target, send->timeout_ms);
		if (fd == -1)
			return connect_complain(send->target,
			    send->target->transports & TRANSPORTS_STREAM, errno,
			    send->timeout_ms);
	}
}
