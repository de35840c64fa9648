/* SPDX-License-Identifier: ISC */
/* Services echo, echo-upper and discard, byte by byte. */
#include "check_main.h"
#include "check_service.h"

/* All bytes, as they come back from echo-upper. */
static void
all_bytes(char bytes[256], char upper[256])
{
	for (int i = 0; i < 256; i++) {
		bytes[i] = (char)i;
		upper[i] = (char)(i >= 0x61 && i <= 0x7a ? i - 0x20 : i);
	}
}

START_TEST(test_datagram)
{
	static const struct {
		const char *type, *question, *answer;
	} table[] = {
		{ "echo", "", "" },
		{ "echo", "Hello, world\r\n", "Hello, world\r\n" },
		{ "echo-upper", "", "" },
		{ "echo-upper", "Hello, world\r\n", "HELLO, WORLD\r\n" },
		{ "echo-upper", "\r\n", "\r\n" },
		{ "echo-upper", "@az[`{09", "@AZ[`{09" },
		{ "echo-upper", "na\xc3\xafve \xc3\x9f",
		    "NA\xc3\xafVE \xc3\x9f" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct service *service = make_service(table[i].type, NULL);
		struct question question;

		ck_assert(ask_datagram(service, &question, table[i].question,
		    strlen(table[i].question), 0));
		expect_answer(
		    &question, table[i].answer, strlen(table[i].answer));
		service_free(service);
	}
}
END_TEST

START_TEST(test_datagram_bytes)
{
	struct service *upper_case = make_service("echo-upper", NULL);
	struct service *echo = make_service("echo", NULL);
	char bytes[256], upper[256], *large = malloc(65507);
	struct question question;

	all_bytes(bytes, upper);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		ck_assert(ask_datagram(upper_case, &question, bytes, len, 0));
		expect_answer(&question, upper, len);
	}
	ck_assert(ask_datagram(echo, &question, bytes, sizeof(bytes), 0));
	expect_answer(&question, bytes, sizeof(bytes));
	memset(large, 'q', 65507);
	ck_assert(ask_datagram(upper_case, &question, large, 65507, 0));
	memset(large, 'Q', 65507);
	expect_answer(&question, large, 65507);
	free(large);
	service_free(echo);
	service_free(upper_case);
}
END_TEST

/* Conversations with echo-upper; `ends`: by the service, before the client. */
static const struct {
	const char *input, *expected;
	bool ends;
} sessions[] = {
	{ "", "", false },
	{ "a", "A", false },
	{ "abc\r\n", "ABC\r\n", false },
	{ "a\nb\nc", "A\nB\nC", false },
	{ "\n", "", true },
	{ "\r\n", "", true },
	{ "\r", "\r", false },
	{ "\r\r", "\r\r", false },
	{ "\r\r\n", "\r\r\n", false },
	{ "\r\r\n\n", "\r\r\n", true },
	{ "\r\r\n\r\nx", "\r\r\n", true },
	{ "\ra\n", "\rA\n", false },
	{ "a\r", "A\r", false },
	{ "a\r\r\nb", "A\r\r\nB", false },
	{ "a\n\nb", "A\n", true },
	{ "a\n\r\nb", "A\n", true },
	{ "a\r\n\nb", "A\r\n", true },
	{ "a\r\n\r\nb", "A\r\n", true },
	{ "a\r\n\r", "A\r\n\r", false },
	{ "a\n\rb\n\n", "A\n\rB\n", true },
	{ "a\n \n\n", "A\n \n", true },
	{ "\n\n\n", "", true },
	{ "ab\ncd\n\n", "AB\nCD\n", true },
};

/* However the input is cut apart, the same comes back. */
START_TEST(test_sessions)
{
	struct served served;

	serve(&served, make_service("echo-upper", NULL));
	for (size_t i = 0; i < COUNT(sessions); i++) {
		const char *input = sessions[i].input;
		size_t len = strlen(input);

		for (unsigned cuts = 0; cuts < 1u << (len > 0 ? len - 1 : 0);
		     cuts++) {
			char out[64];
			bool ends;
			size_t got = converse(
			    &served, input, len, cuts, out, sizeof(out), &ends);

			ck_assert_msg(got == strlen(sessions[i].expected) &&
				memcmp(out, sessions[i].expected, got) == 0 &&
				ends == sessions[i].ends,
			    "row %zu cut at %x", i, cuts);
		}
	}
	serve_end(&served);
}
END_TEST

START_TEST(test_sessions_without_end)
{
	struct served served;

	serve(&served,
	    make_service("echo-upper", "end-on-empty-line", "no", NULL));
	for (size_t i = 0; i < COUNT(sessions); i++) {
		size_t len = strlen(sessions[i].input);

		for (unsigned cuts = 0; cuts < 1u << (len > 0 ? len - 1 : 0);
		     cuts++) {
			char out[64], expected[64];
			bool ends;
			size_t got = converse(&served, sessions[i].input, len,
			    cuts, out, sizeof(out), &ends);

			for (size_t at = 0; at < len; at++)
				expected[at] = sessions[i].input[at] >= 'a'
				    ? (char)(sessions[i].input[at] - 32)
				    : sessions[i].input[at];
			ck_assert_uint_eq(got, len);
			ck_assert_mem_eq(out, expected, len);
			ck_assert(!ends);
		}
	}
	serve_end(&served);
}
END_TEST

START_TEST(test_session_bytes)
{
	char bytes[256], upper[256], out[512];
	struct served served;
	bool ends;

	all_bytes(bytes, upper);
	serve(&served, make_service("echo-upper", NULL));
	for (unsigned cut = 0; cut < 31; cut++) {
		ck_assert_uint_eq(converse(&served, bytes, 256, 1u << cut, out,
				      sizeof(out), &ends),
		    256);
		ck_assert_mem_eq(out, upper, 256);
		ck_assert(!ends);
	}
	ck_assert_uint_eq(
	    converse(&served, "a\0b\n\0\n", 6, 0, out, sizeof(out), &ends), 6);
	ck_assert_mem_eq(out, "A\0B\n\0\n", 6);
	ck_assert(!ends);
	serve_end(&served);
}
END_TEST

/* A CR that may begin an empty line is held, but not lost at a stop. */
START_TEST(test_held_at_stop)
{
	struct served served;
	char out[16];
	bool ends;
	int client;

	serve(&served, make_service("echo-upper", NULL));
	client = serve_connect(&served);
	serve_send(&served, client, "a\r\n\r", 4);
	ck_assert_uint_eq(serve_read(client, out, sizeof(out), &ends), 3);
	service_stop_listening(served.service, false);
	while (service_connections(served.service) > 0)
		event_base_loop(served.base, EVLOOP_ONCE);
	ck_assert_uint_eq(serve_read(client, out, sizeof(out), &ends), 1);
	ck_assert_int_eq(out[0], '\r');
	ck_assert(ends);
	serve_end(&served);
}
END_TEST

/* Sessions know nothing of each other. */
START_TEST(test_two_sessions)
{
	struct served served;
	char out[16];
	bool ends;
	int one, two;

	serve(&served, make_service("echo-upper", NULL));
	one = serve_connect(&served);
	two = serve_connect(&served);
	serve_send(&served, one, "a\n\r", 3);
	serve_send(&served, two, "\nb", 2);
	serve_send(&served, one, "c\n", 2);
	ck_assert_uint_eq(serve_read(one, out, sizeof(out), &ends), 5);
	ck_assert_mem_eq(out, "A\n\rC\n", 5);
	ck_assert(!ends);
	ck_assert_uint_eq(serve_read(two, out, sizeof(out), &ends), 0);
	ck_assert(ends);
	serve_end(&served);
}
END_TEST

START_TEST(test_echo_session)
{
	char bytes[256], upper[256], out[512];
	struct served served;
	bool ends;

	all_bytes(bytes, upper);
	serve(&served, make_service("echo", NULL));
	ck_assert_uint_eq(
	    converse(&served, bytes, 256, 0x5a5a, out, sizeof(out), &ends),
	    256);
	ck_assert_mem_eq(out, bytes, 256);
	ck_assert_uint_eq(
	    converse(&served, "\r\n\n", 3, 1, out, sizeof(out), &ends), 3);
	ck_assert_mem_eq(out, "\r\n\n", 3);
	ck_assert(!ends);
	serve_end(&served);
}
END_TEST

START_TEST(test_discard)
{
	struct service *service = make_service("discard", NULL);
	struct question question;
	struct served served;
	char out[16];
	bool ends;

	ck_assert(!ask_datagram(service, &question, "hello", 5, 0));
	free(question.memory);
	ck_assert(service_type(service)->one_way);
	serve(&served, service);
	ck_assert_uint_eq(
	    converse(&served, "a\n\nb", 4, 7, out, sizeof(out), &ends), 0);
	ck_assert(!ends);
	ck_assert_uint_eq(service->streams.read_bytes, 4);
	serve_end(&served);
}
END_TEST

CHECK_MAIN("echo", test_datagram, test_datagram_bytes, test_sessions,
    test_sessions_without_end, test_session_bytes, test_held_at_stop,
    test_two_sessions, test_echo_session, test_discard)
