/* SPDX-License-Identifier: ISC */
/* netlab send: text to any text service, and what it answers. */
#include "client/send.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "client/ask.h"
#include "client/connect.h"

static const struct target_rules rules = {
	.command = &send_command,
	.transports = TRANSPORTS_STREAM | TRANSPORTS_DATAGRAM,
	.default_port = ADDRESS_NO_PORT,
	.hint = "write an address, or a name that ping finds",
};

/* Waits for the next line and takes its length without the newline. */
static bool
next_line(struct input *input, size_t *len, size_t *taken)
{
	while (input_line(input) == 0) {
		if (input->end)
			return false;
		input_read(input);
	}
	*taken = *len = input_line(input);
	if (input->data[*len - 1] == '\n')
		(*len)--;
	return true;
}

/*
 * By UDP nobody knows whether a silent server is there at all; over a path it
 * has taken what was sent, and may be one that never answers.
 */
static void
format_error(char text[CONNECT_ERROR_SIZE], const struct send *send,
    const struct ask *ask, int error)
{
	double timeout_s = send->timeout_ms / 1000.0;

	if (error != ETIMEDOUT || ask->answered || !ask->delivered)
		connect_format_error(
		    text, send->target, error, send->timeout_ms);
	else if (ask->transport == TRANSPORT_UDP)
		snprintf(text, CONNECT_ERROR_SIZE,
		    "no answer in %g s (no server, a firewall, one that "
		    "refuses this machine, or a service that never answers, "
		    "such as creosote: see netlab spew; -t waits longer)",
		    timeout_s);
	else
		snprintf(text, CONNECT_ERROR_SIZE,
		    "delivered, but no answer in %g s (for a service that "
		    "never answers, such as creosote: netlab spew; -t waits "
		    "longer)",
		    timeout_s);
}

/* `tcp_refused`: no transport was written, so TCP was tried before. */
static enum status
complain(const struct send *send, const struct ask *ask, bool tcp_refused)
{
	char text[CONNECT_ERROR_SIZE];

	format_error(text, send, ask, errno);
	if (!tcp_refused || ask->answered)
		return target_complain(
		    send->target, ask->transport, "%s", text);
	return target_complain(send->target, TRANSPORT_TCP,
	    "connection refused, and over udp: %s", text);
}

/* Each line is a datagram, and each is answered by one. */
static enum status
ask_lines(const struct send *send, struct ask *ask, bool tcp_refused)
{
	static char answer[ASK_ANSWER_SIZE];
	size_t len, taken;

	while (next_line(send->input, &len, &taken)) {
		bool is_first = !ask->answered;
		ssize_t n = ask_datagram(
		    ask, send->input->data, len, answer, sizeof(answer));

		if (n == -1)
			return complain(send, ask, tcp_refused);
		if (is_first && tcp_refused)
			log_notice("%s/udp answers, as tcp is refused (add "
				   "/udp or /tcp to have just one tried)",
			    send->target->name);
		input_take(send->input, taken);
		send->output->mid_line = true;
		if (output_write(send->output, answer, (size_t)n) == -1 ||
		    output_end_line(send->output) == -1)
			return output_complain(errno);
	}
	return STATUS_OK;
}

/* Somebody who types should know where it goes, and how to end it. */
static bool
is_interactive(const struct send *send)
{
	return !send->input->end && isatty(STDIN_FILENO) == 1 &&
	    isatty(STDERR_FILENO) == 1;
}

/* Names the peer, as it tells which of a name's addresses accepted. */
static void
greet_stream(const struct send *send, int fd)
{
	char peer[ADDRESS_TEXT_SIZE];
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (!is_interactive(send) ||
	    getpeername(fd, (struct sockaddr *)&address, &len) == -1)
		return; /* it has closed again, which is told soon */
	address_format(peer, (struct sockaddr *)&address, len);
	log_notice("connected to %s%s; ^D ends, and an empty line may", peer,
	    target_suffix(send->target->transports & TRANSPORTS_STREAM));
}

/* Whether a server is there shows only when a datagram was sent. */
static void
greet_datagram(const struct send *send, bool tcp_refused)
{
	unsigned transports = send->target->transports & TRANSPORTS_DATAGRAM;

	if (!is_interactive(send))
		return;
	if (tcp_refused)
		log_notice("%s/tcp: connection refused, so each line is a "
			   "datagram over udp; ^D ends",
		    send->target->name);
	else
		log_notice("%s%s: each line is a datagram; ^D ends",
		    send->target->name, target_suffix(transports));
}

static enum status
send_datagrams(const struct send *send, bool tcp_refused)
{
	struct ask ask;
	enum status status;

	greet_datagram(send, tcp_refused);
	ask_open(&ask, send->target, send->timeout_ms);
	status = ask_lines(send, &ask, tcp_refused);
	ask_close(&ask);
	return status;
}

/* Without a written transport: TCP, and if nothing listens there, UDP. */
static enum status
talk(const struct send *send)
{
	unsigned transports = send->target->transports;
	int fd;

	if ((transports & TRANSPORTS_STREAM) == 0)
		return send_datagrams(send, false);
	fd = connect_stream(send->target, send->timeout_ms);
	if (fd != -1) {
		greet_stream(send, fd);
		return send_stream(send, fd);
	}
	if (errno == ECONNREFUSED && (transports & TRANSPORT_UDP) != 0)
		return send_datagrams(send, true);
	return connect_complain(send->target, transports & TRANSPORTS_STREAM,
	    errno, send->timeout_ms);
}

static enum status
send_run(const struct arguments *arguments)
{
	struct target target;
	struct input input;
	struct output output;
	struct send send = { &target, &input, &output, arguments->timeout_ms };
	enum status status;

	if (arguments->count == 0)
		return command_refuse(&send_command,
		    "no address (write netlab send HOST:PORT TEXT)");
	status = target_find(
	    &target, &rules, arguments->operands[0], send.timeout_ms);
	if (status != STATUS_OK)
		return status;
	output_open(&output);
	if (input_open(&input, arguments->operands + 1, arguments->count - 1) ==
	    -1) {
		target_free(&target);
		return STATUS_FAILED;
	}
	status = talk(&send);
	if (output_close(&output) == -1 && status == STATUS_OK)
		status = output_complain(errno);
	if (input_close(&input) == -1)
		status = STATUS_FAILED;
	target_free(&target);
	return status;
}

const struct command send_command = {
	.name = "send",
	.usage = "ADDRESS [TEXT...]",
	.summary =
	    "send text, or lines of standard input, and print the answer",
	.help =
	    "Sends the words of TEXT, or each line of standard input, to a "
	    "service and\nprints what comes back. ADDRESS is "
	    "[HOST:]PORT[/udp|/tcp], unix:/path or\nunixgram:/path; without "
	    "HOST it is localhost, and without /udp or /tcp it is\nTCP, or UDP "
	    "if TCP is refused. When lines are typed, ^D ends, and over TCP "
	    "an\nempty line may, if the server takes it so.",
	.awaited = "an answer",
	.options = "t",
	.run = send_run,
};
