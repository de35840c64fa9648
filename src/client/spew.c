/* SPDX-License-Identifier: ISC */
/*
 * netlab spew: text into a creosote bucket, after Jeff Bauer's creosote.py. It
 * may stand behind a program's pipe, so whatever happens to the network it goes
 * on reading, and never waits for it longer than a moment.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/connect.h"
#include "client/input.h"
#include "client/output.h"
#include "client/utf8.h"

#define CREOSOTE_PORT 7739

/* How long a refusal is awaited, and a full send queue. */
#define MOMENT_MS 100

/* A send may report that an earlier one was refused, and do nothing else. */
#define SEND_TRIES 4

struct spew {
	const struct arguments *arguments;
	struct target target;
	size_t next;     /* the address to try next */
	int fd;          /* -1: none, all is lost */
	int error;       /* of the addresses tried and left */
	bool is_settled; /* no refusal can be on its way any more */
	bool is_tee;     /* standard output is still written */
	bool has_failed; /* for another reason than a lost datagram */
	uint64_t sent, lost;
};

static const struct target_rules rules = {
	.command = &spew_command,
	.transports = TRANSPORT_UDP,
	.default_port = CREOSOTE_PORT,
	.hint = "the first word is the host: netlab spew HOST TEXT",
};

/* Connects to the next address there is, if any. */
static void
open_next(struct spew *spew)
{
	const struct address_list *list = &spew->target.list;

	if (spew->fd != -1)
		close(spew->fd);
	spew->fd = -1;
	while (spew->fd == -1 && spew->next < list->count) {
		spew->fd = connect_address(&list->items[spew->next++], 0);
		if (spew->fd == -1)
			spew->error = connect_choose_error(spew->error, errno);
	}
}

/* Says why the first one was lost; report() tells how many were. */
static void
note_lost(struct spew *spew, int error, unsigned count)
{
	if (spew->lost == 0)
		connect_complain(
		    &spew->target, TRANSPORT_UDP, error, MOMENT_MS);
	spew->lost += count;
}

/* Waits a moment for a refusal, and returns it or 0. */
static int
take_refusal(struct spew *spew)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect_wait(spew->fd, 0, clock_monotonic_ms() + MOMENT_MS) != 0)
		getsockopt(spew->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	spew->is_settled = true;
	return error;
}

/* Returns 0 when the datagram left, or why it did not. */
static int
send_once(struct spew *spew, const char *data, size_t len)
{
	int64_t end_ms = clock_monotonic_ms() + MOMENT_MS;

	spew->is_settled = false;
	while (send(spew->fd, data, len, MSG_NOSIGNAL) == -1) {
		if (errno != EAGAIN)
			return errno;
		if (connect_wait(spew->fd, POLLOUT, end_ms) == 0)
			return ENOBUFS;
	}
	return 0;
}

/*
 * Of a name with several addresses, localhost for one, the first datagram finds
 * the one that does not refuse. If all do, the first is as good as any.
 */
static void
send_first(struct spew *spew, const char *data, size_t len)
{
	while (spew->fd != -1) {
		int now = send_once(spew, data, len);

		if (now == 0)
			now = take_refusal(spew);
		if (now == 0)
			return;
		spew->error = connect_choose_error(spew->error, now);
		open_next(spew);
	}
	note_lost(spew, spew->error, 1);
	spew->next = 0;
	open_next(spew);
}

static void
send_piece(struct spew *spew, const char *data, size_t len)
{
	unsigned tries = 0;
	const struct address_list *list = &spew->target.list;
	int error = 0, last = 0;

	if (spew->sent++ == 0 && list->count > 1) {
		send_first(spew, data, len);
		return;
	}
	if (spew->fd == -1) {
		if (list->count > 0) /* or it is told that there is no host */
			note_lost(spew, spew->error, 1);
		return;
	}
	do {
		last = error;
		error = send_once(spew, data, len);
	} while (error != 0 && ++tries < SEND_TRIES);
	if (error != 0)
		note_lost(spew, error, 1);
	else if (tries > 0)
		note_lost(spew, last, tries); /* so many before it */
}

static void
send_pieces(struct spew *spew, struct input *input)
{
	size_t piece, taken;

	while (utf8_cut_line(input->data, input->len, input->end,
	    spew->arguments->size, &piece, &taken)) {
		send_piece(spew, input->data, piece);
		input_take(input, taken);
	}
}

/* Standard output gets all; when it fails, the network still does. */
static void
write_tee(struct spew *spew, const char *data, size_t len)
{
	if (output_write_all(STDOUT_FILENO, data, len) == 0)
		return;
	spew->is_tee = false;
	if (errno == EPIPE)
		return;
	spew->has_failed = true;
	log_error("standard output: %s", strerror(errno));
}

static enum status
report(struct spew *spew)
{
	int error = spew->fd != -1 && !spew->is_settled && spew->sent > 0
	    ? take_refusal(spew)
	    : 0;

	if (error != 0)
		note_lost(spew, error, 1);
	if (spew->lost > 0 && spew->sent > 1)
		log_error("%s/udp: at least %" PRIu64 " of %" PRIu64
			  " datagrams were lost",
		    spew->target.name, spew->lost, spew->sent);
	return spew->lost > 0 || spew->has_failed ? STATUS_FAILED : STATUS_OK;
}

static enum status
spew_input(struct spew *spew)
{
	const struct arguments *arguments = spew->arguments;
	int words = arguments->count > 1 ? arguments->count - 1 : 0;
	struct input input;
	enum status status;

	if (input_open(&input, arguments->operands + 1, words) == -1)
		return STATUS_FAILED;
	open_next(spew);
	send_pieces(spew, &input);
	while (!input.end) {
		size_t len = input_read(&input);

		if (spew->is_tee)
			write_tee(spew, input.data + input.len - len, len);
		send_pieces(spew, &input);
	}
	status = report(spew);
	if (spew->fd != -1)
		close(spew->fd);
	input_close(&input);
	return status;
}

static enum status
spew_run(const struct arguments *arguments)
{
	struct spew spew = {
		.arguments = arguments, .fd = -1, .is_tee = arguments->tee
	};
	const char *text =
	    arguments->count > 0 ? arguments->operands[0] : "localhost";
	enum status status;

	if (arguments->tee && arguments->count > 1)
		return command_refuse(&spew_command,
		    "--tee passes standard input on: leave the text out");
	status = target_find(&spew.target, &rules, text, arguments->timeout_ms);
	if (status == STATUS_USAGE)
		return status;
	if (status == STATUS_FAILED) {
		if (arguments->count > 1 || isatty(STDIN_FILENO) == 1)
			return status;
		/* A program's output is still to be read to its end. */
		spew.has_failed = true;
	}
	status = spew_input(&spew);
	target_free(&spew.target);
	return status;
}

const struct command spew_command = {
	.name = "spew",
	.usage = "[HOST[:PORT] [TEXT...]]",
	.summary = "send text, or a program's output, to a creosote bucket",
	.help =
	    "Sends the words of TEXT, or each line of standard input as it "
	    "comes, to a\ncreosote bucket by UDP. The first word is always the "
	    "host: without one it is\nlocalhost; PORT is 7739. A program whose "
	    "output is piped into spew runs to its\nend even when nobody "
	    "listens.",
	.awaited = "HOST's address",
	.options = "sTt",
	.run = spew_run,
};
