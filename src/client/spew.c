/* SPDX-License-Identifier: ISC */
/*
 * netlab spew: text into a creosote bucket, after Jeff Bauer's creosote.py. It
 * may stand behind a program's pipe, so whatever happens to the network it goes
 * on reading. It waits for nobody but a bucket that takes no more for now.
 */
#include "client/spew.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "client/connect.h"
#include "client/output.h"

#define CREOSOTE_PORT 7739

static const struct target_rules rules = {
	.command = &spew_command,
	.transports = TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM,
	.usual = TRANSPORT_UDP,
	.default_port = CREOSOTE_PORT,
	.hint = "the first word is the host: netlab spew HOST TEXT",
};

static const struct way {
	const char *what; /* it sends */
	void (*send)(struct spew *spew, struct input *input);
	void (*end)(struct spew *spew);
} datagrams = { "datagrams", spew_datagrams, spew_datagrams_end },
  lines = { "lines", spew_lines, spew_lines_end };

void
spew_complain(const struct spew *spew, int error, int timeout_ms)
{
	connect_complain(
	    &spew->target, spew->target.transports, error, timeout_ms);
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
report(const struct spew *spew, const char *what)
{
	if (spew->lost > 0 && spew->sent > 1)
		log_error("%s%s: at least %" PRIu64 " of %" PRIu64
			  " %s were lost",
		    spew->target.name, target_suffix(spew->target.transports),
		    spew->lost, spew->sent, what);
	return spew->lost > 0 || spew->has_failed ? STATUS_FAILED : STATUS_OK;
}

static enum status
spew_input(struct spew *spew)
{
	const struct arguments *arguments = spew->arguments;
	const struct way *way =
	    (spew->target.transports & TRANSPORTS_STREAM) != 0 ? &lines
							       : &datagrams;
	int words = arguments->count > 1 ? arguments->count - 1 : 0;
	struct input input;
	enum status status;

	if (input_open(&input, arguments->operands + 1, words) == -1)
		return STATUS_FAILED;
	way->send(spew, &input);
	while (!input.end) {
		size_t len = input_read(&input);

		if (spew->is_tee)
			write_tee(spew, input.data + input.len - len, len);
		way->send(spew, &input);
	}
	way->end(spew);
	status = report(spew, way->what);
	if (spew->fd != -1)
		close(spew->fd);
	return input_close(&input) == -1 ? STATUS_FAILED : status;
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
	if (arguments->size != 0 &&
	    (spew.target.transports & TRANSPORTS_STREAM) != 0) {
		target_free(&spew.target);
		return command_refuse(&spew_command,
		    "--size is of datagrams, and lines over %s%s stay whole",
		    spew.target.name, target_suffix(spew.target.transports));
	}
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
	.usage = "[ADDRESS [TEXT...]]",
	.summary = "send text, or a program's output, to a creosote bucket",
	.help =
	    "Sends the words of TEXT, or each line of standard input as it "
	    "comes, to a\ncreosote bucket. ADDRESS, always the first word, is "
	    "HOST[:PORT][/udp|/tcp],\nunix:/path or unixgram:/path; without "
	    "it localhost; by default 7739 and /udp.\nOver /tcp and unix: "
	    "a bucket that takes no more is waited for. A program whose\n"
	    "output is piped into spew runs to its end even when nobody "
	    "listens.",
	.awaited = "a connection",
	.options = "sTt",
	.run = spew_run,
};
