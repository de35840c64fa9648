/* SPDX-License-Identifier: ISC */
/* Service chargen: RFC 864's pattern, line by line. */
#include "check_main.h"
#include "check_service.h"

#define LINE 74

/* The first lines, and those where the ring closes. */
static const struct {
	unsigned number;
	const char *text;
} lines[] = {
	{ 0,
	    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefg\r\n" },
	{ 1,
	    "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefgh\r\n" },
	{ 2,
	    "\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefghi\r\n" },
	{ 23,
	    "789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\r\n" },
	{ 24,
	    "89:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~ \r\n" },
	{ 94,
	    "~ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdef\r\n" },
	{ 95,
	    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefg\r\n" },
	{ 190,
	    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "[\\]^_`abcdefg\r\n" },
};

static struct service *
make_chargen(void)
{
	struct service *service = make_service("chargen", NULL);
	char why[WHY_SIZE];

	ck_assert_int_eq(service_type(service)->start(service, why), 0);
	return service;
}

START_TEST(test_datagram)
{
	static const struct {
		size_t asked, answered;
	} table[] = { { 0, 0 }, { 1, 1 }, { 74, 74 }, { 75, 75 }, { 511, 511 },
		{ 512, 512 }, { 513, 512 }, { 600, 512 }, { 65507, 512 } };
	static char asked[65507];
	struct service *service = make_chargen();
	char pattern[10 * LINE];

	for (unsigned i = 0; i < 10; i++)
		for (unsigned j = 0; j < LINE; j++)
			pattern[i * LINE + j] = j == 72 ? '\r'
			    : j == 73                   ? '\n'
							: (char)(32 + i + j);
	ck_assert_mem_eq(pattern, lines[0].text, LINE);
	ck_assert_mem_eq(pattern + LINE, lines[1].text, LINE);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct question question;

		ck_assert(
		    ask_datagram(service, &question, asked, table[i].asked, 0));
		expect_answer(&question, pattern, table[i].answered);
	}
	service_free(service);
}
END_TEST

/* What may be longer than the question is, up to what RFC 864 has. */
START_TEST(test_room)
{
	static const struct {
		size_t size, answered;
	} table[] = { { 0, 0 }, { 28, 28 }, { 511, 511 }, { 512, 512 },
		{ 532, 512 } };
	struct service *service = make_chargen();

	for (size_t i = 0; i < COUNT(table); i++) {
		struct question question;

		question_set(&question, "", 0, table[i].size, 0);
		ck_assert(service_type(service)->datagram(
		    service, &question.datagram));
		ck_assert_uint_eq(question.datagram.len, table[i].answered);
		free(question.memory);
	}
	service_free(service);
}
END_TEST

/* Reads so much of the stream, while it is served. */
static char *
read_stream(struct served *served, int client, size_t size)
{
	char *out = malloc(size);
	size_t len = 0;

	ck_assert_ptr_nonnull(out);
	while (len < size) {
		ssize_t n = recv(client, out + len, size - len, 0);

		ck_assert_int_ne(n, 0);
		if (n > 0)
			len += (size_t)n;
		else
			event_base_loop(served->base, EVLOOP_ONCE);
	}
	return out;
}

/* Cycles of 95 lines, far over what is written at once. */
START_TEST(test_stream)
{
	const size_t cycle = 95 * LINE, size = 50 * cycle;
	struct served served;
	char *out;
	int client;

	serve(&served, make_service("chargen", NULL));
	client = serve_connect(&served);
	out = read_stream(&served, client, size);
	for (size_t i = 0; i < COUNT(lines); i++) {
		ck_assert_uint_eq(strlen(lines[i].text), LINE);
		ck_assert_mem_eq(
		    out + lines[i].number * LINE, lines[i].text, LINE);
	}
	for (size_t line = 0; line < 95; line++)
		for (size_t column = 0; column < 72; column++)
			if (out[line * LINE + column] !=
			    (char)(32 + (line + column) % 95))
				ck_abort_msg("line %zu, %zu", line, column);
	for (size_t line = 0; line < 95; line++)
		ck_assert_mem_eq(out + line * LINE + 72, "\r\n", 2);
	ck_assert_mem_eq(out, out + cycle, size - cycle);
	free(out);
	close(client);
	serve_end(&served);
}
END_TEST

/* Who does not read costs no memory, and is sent the rest when he does. */
START_TEST(test_stream_unread)
{
	const size_t cycle = 95 * LINE, size = 50 * cycle;
	static const struct timeval quiet = { .tv_usec = 100000 };
	const uint64_t *written;
	uint64_t before;
	struct served served;
	char *out;
	int client;

	serve(&served,
	    make_service("chargen", "listen", "127.0.0.1:0/tcp", NULL));
	net_set_buffer(served.fd, SO_SNDBUF, 16384);
	client = serve_connect(&served);
	written = &served.service->streams.written_bytes;
	do {
		before = *written;
		event_base_loopexit(served.base, &quiet);
		event_base_dispatch(served.base);
	} while (*written == 0 || *written > before);
	ck_assert_uint_eq(served.pool.output, 0);
	out = read_stream(&served, client, size);
	ck_assert_mem_eq(out, lines[0].text, LINE);
	ck_assert_mem_eq(out, out + cycle, size - cycle);
	free(out);
	close(client);
	serve_end(&served);
}
END_TEST

/* Input is thrown away and changes nothing; the end of it is the end. */
START_TEST(test_stream_input)
{
	struct served served;
	char *out;
	bool ends;
	int client;

	serve(&served, make_service("chargen", NULL));
	client = serve_connect(&served);
	serve_send(&served, client, "hello\r\n\r\n", 9);
	ck_assert_uint_eq(served.service->streams.read_bytes, 9);
	out = read_stream(&served, client, 2 * LINE);
	ck_assert_mem_eq(out, lines[0].text, LINE);
	ck_assert_mem_eq(out + LINE, lines[1].text, LINE);
	free(out);
	shutdown(client, SHUT_WR);
	out = malloc(1 << 20);
	do {
		event_base_loop(served.base, EVLOOP_NONBLOCK);
		(void)serve_read(client, out, 1 << 20, &ends);
	} while (!ends);
	free(out);
	serve_end(&served);
}
END_TEST

CHECK_MAIN("chargen", test_datagram, test_room, test_stream, test_stream_unread,
    test_stream_input)
