/* SPDX-License-Identifier: ISC */
/* What a bucket takes: by pattern, by rate, put together by netconsole. */
#include <poll.h>

#include "check_creosote_log.h"
#include "check_main.h"

static void
expect_refused(const char *name, const char *value, const char *why)
{
	struct service *service = make_service(
	    "creosote", "listen", "localhost:0", name, value, NULL);
	char text[WHY_SIZE] = "";

	ck_assert_int_eq(service_check(service, text), -1);
	ck_assert_msg(strstr(text, why) != NULL, "%s", text);
	service_free(service);
}

START_TEST(test_check)
{
	expect_refused("match", "a(", "match: at character 3 of the pattern");
	expect_refused("ignore", "[", "ignore: at character ");
	expect_refused("history", "1K", "history is too small");
	expect_refused("max-record", "1M", "max-record is more than a 32th");
}
END_TEST

START_TEST(test_patterns)
{
	struct bucket_lab lab;

	bucket_open(&lab, "format", "raw", "match", "error", "match", "^warn",
	    "ignore", "known", NULL);
	bucket_spew_line(&lab, "an error");
	bucket_spew_line(&lab, "a known error");
	bucket_spew_line(&lab, "nothing");
	bucket_spew_line(&lab, "warning");
	bucket_spew_line(&lab, "a warning");
	bucket_flush(&lab);
	bucket_expect(&lab, "an error\nwarning\n");
	ck_assert_uint_eq(bucket_figure(&lab, "records"), 2);
	ck_assert_uint_eq(bucket_figure(&lab, "messages-ignored"), 3);
	bucket_close(&lab);
}
END_TEST

/* Of what is decoded, the text alone matters. */
START_TEST(test_patterns_and_decoder)
{
	struct bucket_lab lab;

	bucket_open(
	    &lab, "format", "raw", "decode", "syslog", "match", "^text$", NULL);
	bucket_spew_line(&lab, "<13>prog: text");
	bucket_spew_line(&lab, "<13>text: prog");
	bucket_flush(&lab);
	bucket_expect(&lab, "<13>prog: text\n");
	bucket_close(&lab);
}
END_TEST

static unsigned
count_suppressed(const char *text)
{
	unsigned count = 0, sum = 0;

	for (const char *at = text; at != NULL && *at != '\0';
	     at = strchr(at, '\n') + 1)
		if (sscanf(at, "netlabd: %u messages", &count) == 1 &&
		    strstr(at, "suppressed") != NULL)
			sum += count;
	return sum;
}

/* One sender too many, the other not; all is told in the end. */
START_TEST(test_rate)
{
	struct bucket_lab lab;
	const char *text;

	bucket_open(&lab, "format", "raw", "rate", "100", "burst", "10", NULL);
	for (int i = 0; i < 500; i++)
		bucket_spew(&lab, "192.0.2.7", "flood", 5);
	for (int i = 0; i < 10; i++)
		bucket_spew(&lab, "192.0.2.8", "quiet", 5);
	poll(NULL, 0, 30); /* in which three more are earned */
	bucket_spew(&lab, "192.0.2.7", "again", 5);
	for (int i = 0; i < 100; i++)
		bucket_spew(&lab, "192.0.2.7", "flood", 5);
	bucket_flush(&lab);
	text = bucket_text(&lab, NULL);
	ck_assert_ptr_nonnull(strstr(text,
	    " messages of 192.0.2.7 suppressed here (above its rate)\nagain"));
	ck_assert_ptr_null(strstr(text, "192.0.2.8"));
	service_type(lab.service)->stop(lab.service);
	text = bucket_text(&lab, NULL);
	ck_assert_ptr_nonnull(
	    strstr(text, "senders that were not heard again"));
	ck_assert_uint_eq(
	    count_suppressed(text), bucket_figure(&lab, "messages-suppressed"));
	ck_assert_uint_eq(bucket_figure(&lab, "messages-suppressed") +
		bucket_figure(&lab, "records"),
	    611);
	bucket_free(&lab);
}
END_TEST

/* It is counted also when the bucket has stopped. */
START_TEST(test_matches_given_up)
{
	struct bucket_lab lab;
	char record[2000];

	memset(record, 'a', sizeof(record));
	bucket_open(&lab, "ignore", "(a+)+[bc]", NULL);
	bucket_spew(&lab, "192.0.2.7", record, sizeof(record));
	bucket_spew(&lab, "192.0.2.7", record, sizeof(record));
	ck_assert_uint_eq(bucket_figure(&lab, "matches-given-up"), 2);
	service_type(lab.service)->stop(lab.service);
	ck_assert_uint_eq(bucket_figure(&lab, "matches-given-up"), 2);
	ck_assert_uint_eq(bucket_figure(&lab, "records"), 2);
	bucket_free(&lab);
}
END_TEST

START_TEST(test_netconsole)
{
	static const struct {
		const char *format, *messages[3], *records;
	} table[] = {
		{ "text", { "plain text\n" },
		    T "192.0.2.7:40123 plain text\n" },
		{ "text", { "6.1.0,3,416,5000001,-;disk full\n" },
		    T "192.0.2.7:40123 kern.err 6.1.0 disk full\n" },
		{ "text",
		    { "3,416,1,-,ncfrag=0/9;disk",
			"3,416,1,-,ncfrag=4/9; full" },
		    T "192.0.2.7:40123 kern.err disk full\n" },
		{ "raw", { "3,416,5000001,-;disk full\n" }, "disk full\n" },
		{ "json", { "3,416,5000001,-;disk full\n" },
		    J "192.0.2.7:40123\",\"bytes\":26,\"facility\":\"kern\","
		      "\"severity\":\"err\",\"kernel_sequence\":416,"
		      "\"uptime\":5.000001,\"message\":\"disk full\"}\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct bucket_lab lab;

		bucket_open(&lab, "format", table[i].format, "decode",
		    "netconsole", NULL);
		for (size_t j = 0; j < 3 && table[i].messages[j] != NULL; j++)
			bucket_spew_line(&lab, table[i].messages[j]);
		bucket_flush(&lab);
		bucket_expect(&lab, table[i].records);
		bucket_close(&lab);
	}
}
END_TEST

/* What the receive call, or max-record, left of one says how long it was. */
START_TEST(test_netconsole_cut)
{
	static const char message[] = "3,416,5000001,-;disk full";
	struct bucket_lab lab;
	char longer[1000], expected[400];

	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "3,1,1,-;", 8);
	bucket_open(&lab, "format", "raw", "decode", "netconsole", "max-record",
	    "256", NULL);
	bucket_spew_full(&lab, "192.0.2.7", message, sizeof(message) - 1, 70000,
	    BUCKET_TIME_NS);
	bucket_spew(&lab, "192.0.2.7", longer, sizeof(longer));
	bucket_flush(&lab);
	snprintf(expected, sizeof(expected),
	    "disk full [cut: 70000 bytes]\n%.248s [cut: 1000 bytes]\n",
	    longer + 8);
	bucket_expect(&lab, expected);
	bucket_close(&lab);
}
END_TEST

/* What fragments add up to is limited as well, with its dictionary. */
START_TEST(test_netconsole_fragments_cut)
{
	static const char *const parts[] = { "3,1,1,-,ncfrag=0/600;",
		"3,1,1,-,ncfrag=200/600;", "3,1,1,-,ncfrag=400/600;" };
	char part[300], expected[400];
	struct bucket_lab lab;

	bucket_open(&lab, "format", "raw", "decode", "netconsole", "max-record",
	    "256", NULL);
	for (size_t i = 0; i < COUNT(parts); i++) {
		memset(part, 'x', sizeof(part));
		memcpy(part, parts[i], strlen(parts[i]));
		bucket_spew(&lab, "192.0.2.7", part, strlen(parts[i]) + 200);
	}
	bucket_flush(&lab);
	memset(part, 'x', 256);
	snprintf(expected, sizeof(expected), "%.256s [cut: 600 bytes]\n", part);
	bucket_expect(&lab, expected);
	bucket_close(&lab);
}
END_TEST

START_TEST(test_netconsole_dictionary_cut)
{
	char part[300], expected[400];
	struct bucket_lab lab;

	bucket_open(&lab, "format", "json", "decode", "netconsole",
	    "max-record", "256", NULL);
	bucket_spew_line(&lab, "3,1,1,-,ncfrag=0/300;text\n A=1\n");
	memset(part, 'x', sizeof(part));
	memcpy(part, "3,1,1,-,ncfrag=10/300;", 22);
	bucket_spew(&lab, "192.0.2.7", part, 22 + 230);
	bucket_spew_line(&lab,
	    "3,1,1,-,ncfrag=240/300;"
	    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
	bucket_flush(&lab);
	memset(part, 'x', sizeof(part));
	snprintf(expected, sizeof(expected),
	    "\"bytes\":300,\"cut\":true,\"facility\":\"kern\"");
	ck_assert_ptr_nonnull(strstr(bucket_text(&lab, NULL), expected));
	snprintf(expected, sizeof(expected),
	    "\"dictionary\":\" A=1\\\\n%.230s%s\",\"message\":\"text\"", part,
	    "yyyyyyyyyyyyyyyyy");
	ck_assert_msg(strstr(bucket_text(&lab, NULL), expected) != NULL, "%s",
	    bucket_text(&lab, NULL));
	bucket_close(&lab);
}
END_TEST

/* A gap in msgid is told; what waits for fragments comes at a stop. */
START_TEST(test_netconsole_loss)
{
	struct bucket_lab lab;

	bucket_open(&lab, "format", "raw", "decode", "netconsole", NULL);
	bucket_spew_line(&lab, "3,1,1,-;one\n msgid=1\n");
	bucket_spew_line(&lab, "3,2,2,-;five\n msgid=5\n");
	bucket_spew_line(&lab, "3,3,3,-;three\n msgid=3\n");
	bucket_spew_line(&lab, "3,4,4,-,ncfrag=0/9;part");
	bucket_flush(&lab);
	service_type(lab.service)->stop(lab.service);
	bucket_expect(&lab,
	    "one\n"
	    "netlabd: 3 netconsole messages lost here on the way\n"
	    "five\n"
	    "three [late]\n"
	    "part[5 bytes missing]\n");
	bucket_free(&lab);
}
END_TEST

START_TEST(test_netconsole_late)
{
	struct bucket_lab lab;
	const char *text;

	bucket_open(&lab, "format", "json", "decode", "netconsole", NULL);
	bucket_spew_line(&lab, "3,1,1,-;one\n msgid=1\n");
	bucket_spew_line(&lab, "3,2,2,-;five\n msgid=5\n");
	bucket_spew_line(&lab, "3,3,3,-;three\n msgid=3\n");
	bucket_flush(&lab);
	text = bucket_text(&lab, NULL);
	ck_assert_ptr_nonnull(strstr(text, "\"bytes\":22,\"facility\":"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\"bytes\":23,\"late\":true,\"facility\":"));
	bucket_close(&lab);
}
END_TEST

/* Each message goes on to a socket, as it came. */
START_TEST(test_forward)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char text[64], got[64];
	struct bucket_lab lab;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	getsockname(fd, (struct sockaddr *)&in, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(in.sin_port));
	bucket_open(
	    &lab, "format", "raw", "ignore", "not", "forward", text, NULL);
	bucket_spew_line(&lab, "on\n");
	bucket_spew_line(&lab, "not on");
	bucket_flush(&lab);
	ck_assert_int_eq(recv(fd, got, sizeof(got), 0), 3);
	ck_assert_mem_eq(got, "on\n", 3);
	ck_assert_int_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
	ck_assert_uint_eq(bucket_figure(&lab, "forwarded"), 1);
	close(fd);
	bucket_spew_line(&lab, "to nobody");
	bucket_flush(&lab);
	bucket_spew_line(&lab, "nor this");
	service_type(lab.service)->stop(lab.service);
	ck_assert_uint_eq(bucket_figure(&lab, "forwarded") +
		bucket_figure(&lab, "forward-lost-nobody-there"),
	    3);
	bucket_free(&lab);
}
END_TEST

CHECK_MAIN("creosote_intake", test_check, test_patterns,
    test_patterns_and_decoder, test_rate, test_matches_given_up,
    test_netconsole, test_netconsole_cut, test_netconsole_fragments_cut,
    test_netconsole_dictionary_cut, test_netconsole_loss, test_netconsole_late,
    test_forward)
