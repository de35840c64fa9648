/* SPDX-License-Identifier: ISC */
/* netconsole's fragments: any order, any contradiction, and the bounds. */
#include "services/creosote_netconsole.h"

#include "check_netconsole.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static size_t fails; /* malloc() does, for this size */

void *
__wrap_malloc(size_t size)
{
	return size == fails ? NULL : __real_malloc(size);
}

static struct netconsole *netconsole;
static struct said said;

static void
begin(void)
{
	netconsole = netconsole_new();
	ck_assert_ptr_nonnull(netconsole);
	said_open(&said);
}

/* All that was emitted was looked at. */
static void
finish(void)
{
	ck_assert_str_eq(said_take(&said), "");
	fclose(said.file);
	free(said.text);
	netconsole_free(netconsole);
}

/* A fragment of the message of this number: its text from offset on. */
static void
feed(const char *source, unsigned sequence, size_t offset, size_t total,
    const char *text, int64_t now_ms)
{
	char datagram[1200];
	int len = sprintf(datagram, "6,%u,9,-,ncfrag=%zu/%zu;%s", sequence,
	    offset, total, text);

	said_feed(
	    &said, netconsole, source, datagram, (size_t)len, now_ms * MS);
}

static int64_t
expire(int64_t now_ms)
{
	return netconsole_expire(netconsole, now_ms * MS, said_note, &said);
}

#define EXPECT(text) ck_assert_str_eq(said_take(&said), text)

struct piece {
	size_t offset, len;
};

struct order {
	struct piece pieces[6];
	const char *said;
};

#define ALL "-0/10 0.6 1@9 \"0123456789\"\n"

/* Pieces of 0123456789, and what is said when the last one has come. */
static const struct order orders[] = {
	{ { { 0, 10 } }, ALL },
	{ { { 0, 5 }, { 5, 5 } }, ALL },
	{ { { 5, 5 }, { 0, 5 } }, ALL },
	{ { { 9, 1 }, { 3, 6 }, { 0, 3 } }, ALL },
	{ { { 0, 5 }, { 0, 5 }, { 5, 5 } }, ALL },
	{ { { 0, 5 }, { 5, 5 }, { 5, 5 }, { 0, 5 } }, ALL },
	{ { { 0, 6 }, { 4, 6 } }, ALL },
	{ { { 2, 3 }, { 6, 3 }, { 0, 10 } }, ALL },
	{ { { 0, 10 }, { 0, 10 } }, ALL },
	{ { { 0, 1 }, { 2, 1 }, { 4, 1 }, { 1, 1 }, { 3, 1 }, { 4, 6 } }, ALL },
};

START_TEST(test_order)
{
	for (size_t i = 0; i < COUNT(orders); i++) {
		begin();
		for (size_t j = 0; j < 6 && orders[i].pieces[j].len > 0; j++) {
			struct piece piece = orders[i].pieces[j];
			char text[11] = "";

			memcpy(text, &"0123456789"[piece.offset], piece.len);
			feed("a", 1, piece.offset, 10, text, 1000);
		}
		EXPECT(orders[i].said);
		ck_assert_int_eq(expire(1000), -1);
		finish();
	}
}
END_TEST

/* A byte that has come stays. */
START_TEST(test_overlap)
{
	begin();
	feed("a", 1, 2, 8, "BBBB", 0);
	feed("a", 1, 0, 8, "aaaaaa", 0);
	feed("a", 1, 4, 8, "cccc", 0);
	EXPECT("-0/8 0.6 1@9 \"aaBBBBcc\"\n");
	finish();
}
END_TEST

/* Only what has the same sender, number and time is one message. */
START_TEST(test_apart)
{
	static const char other_time[] = "6,1,10,-,ncfrag=2/4;TT";

	begin();
	feed("a", 1, 0, 4, "aa", 0);
	feed("b", 1, 2, 4, "BB", 0);
	feed("a", 2, 2, 4, "22", 0);
	said_feed(&said, netconsole, "a", other_time, strlen(other_time), 0);
	EXPECT("");
	feed("a", 1, 2, 4, "AA", 0);
	EXPECT("-0/4 0.6 1@9 \"aaAA\"\n");
	feed("b", 1, 0, 4, "bb", 0);
	EXPECT("-0/4 0.6 1@9 \"bbBB\"\n");
	netconsole_flush(netconsole, said_note, &said);
	EXPECT("-2/4 0.6 2@9 \"[2 bytes missing]22\"\n"
	       "-2/4 0.6 1@10 \"[2 bytes missing]TT\"\n");
	finish();
}
END_TEST

START_TEST(test_contradiction)
{
	begin();
	feed("a", 1, 0, 4, "aa", 0);
	feed("a", 1, 2, 6, "bbbb", 0);
	EXPECT("-2/4 0.6 1@9 \"aa[2 bytes missing]\"\n");
	feed("a", 1, 0, 6, "BB", 0);
	EXPECT("-0/6 0.6 1@9 \"BBbbbb\"\n");
	finish();
}
END_TEST

/* What is given up shows where something is missing. */
START_TEST(test_holes)
{
	begin();
	feed("a", 1, 1, 20, "b", 0);
	feed("a", 1, 5, 20, "fg\n k", 0);
	feed("a", 1, 12, 20, "=v\n", 0);
	ck_assert_int_eq(expire(NETCONSOLE_WAIT_MS), -1);
	EXPECT("-11/20 0.6 1@9 \"[1 bytes missing]b[3 bytes missing]fg\" "
	       "k[2 bytes missing]=v|[5 bytes missing] \n");
	finish();
}
END_TEST

/* A number with a hole in it is none; a whole one counts. */
START_TEST(test_hole_in_msgid)
{
	begin();
	feed("a", 1, 0, 30, "x\n msgid=1", 0);
	feed("a", 1, 12, 30, "3\n", 0);
	netconsole_flush(netconsole, said_note, &said);
	ck_assert_ptr_nonnull(strstr(said_take(&said), "1[2 bytes missing]3"));
	feed("a", 2, 4, 30, "\n msgid=5\n", 0);
	feed("a", 3, 0, 30, "x\n msgid=7\n", 0);
	netconsole_flush(netconsole, said_note, &said);
	ck_assert_ptr_nonnull(strstr(said_take(&said), "lost 1 -19/30"));
	finish();
}
END_TEST

/* Many holes, of which some are marked. */
START_TEST(test_many_holes)
{
	size_t marks = 0;

	begin();
	for (size_t i = 1; i < NETCONSOLE_MESSAGE_SIZE; i += 2)
		feed("a", 1, i, NETCONSOLE_MESSAGE_SIZE, "x", 0);
	netconsole_flush(netconsole, said_note, &said);
	for (const char *at = said_take(&said);
	     (at = strstr(at, "[1 bytes missing]")) != NULL; at++)
		marks++;
	ck_assert_uint_eq(marks, NETCONSOLE_MARKS);
	finish();
}
END_TEST

START_TEST(test_time)
{
	begin();
	ck_assert_int_eq(expire(0), -1);
	feed("a", 1, 0, 4, "aa", 1000);
	ck_assert_int_eq(expire(1000), NETCONSOLE_WAIT_MS);
	feed("a", 2, 0, 4, "bb", 1400);
	ck_assert_int_eq(expire(1401), NETCONSOLE_WAIT_MS - 401);
	ck_assert_int_eq(expire(1000 + NETCONSOLE_WAIT_MS - 1), 1);
	EXPECT("");
	ck_assert_int_eq(expire(1000 + NETCONSOLE_WAIT_MS), 400);
	EXPECT("-2/4 0.6 1@9 \"aa[2 bytes missing]\"\n");
	ck_assert_int_eq(expire(1400 + NETCONSOLE_WAIT_MS), -1);
	EXPECT("-2/4 0.6 2@9 \"bb[2 bytes missing]\"\n");
	/* Its rest, too late, is a message that waits in its turn. */
	feed("a", 1, 2, 4, "AA", 9000);
	ck_assert_int_eq(expire(9000), NETCONSOLE_WAIT_MS);
	/* The clock is set back by an hour. */
	feed("a", 3, 2, 4, "cc", 3600000);
	ck_assert_int_eq(expire(0), NETCONSOLE_WAIT_MS);
	ck_assert_int_eq(expire(NETCONSOLE_WAIT_MS), -1);
	EXPECT("-2/4 0.6 1@9 \"[2 bytes missing]AA\"\n"
	       "-2/4 0.6 3@9 \"[2 bytes missing]cc\"\n");
	finish();
}
END_TEST

/* A part of a millisecond is waited for as a whole one. */
START_TEST(test_time_rounds_up)
{
	begin();
	feed("a", 1, 0, 4, "aa", 0);
	ck_assert_int_eq(netconsole_expire(netconsole,
			     NETCONSOLE_WAIT_MS * MS - 1, said_note, &said),
	    1);
	EXPECT("");
	expire(NETCONSOLE_WAIT_MS);
	EXPECT("-2/4 0.6 1@9 \"aa[2 bytes missing]\"\n");
	finish();
}
END_TEST

/* A fragment that comes twice begins nothing anew. */
START_TEST(test_doubled_late)
{
	begin();
	feed("a", 1, 0, 4, "aa", 0);
	feed("a", 1, 2, 4, "AA", 0);
	EXPECT("-0/4 0.6 1@9 \"aaAA\"\n");
	feed("a", 1, 2, 4, "AA", 1);
	ck_assert_int_eq(expire(1), -1);
	finish();
}
END_TEST

/* A sender's messages beyond its share push out its own. */
START_TEST(test_share)
{
	begin();
	feed("b", 1, 0, 4, "bb", 0);
	for (unsigned i = 0; i < NETCONSOLE_MESSAGES_SENDER; i++)
		feed("a", i, 0, 4, "aa", 0);
	EXPECT("");
	feed("a", 99, 0, 4, "cc", 0);
	EXPECT("-2/4 0.6 0@9 \"aa[2 bytes missing]\"\n");
	feed("b", 1, 2, 4, "BB", 0);
	EXPECT("-0/4 0.6 1@9 \"bbBB\"\n");
	netconsole_flush(netconsole, said_note, &said);
	said_take(&said);
	/* By bytes: as many as are announced. */
	for (unsigned i = 0; i < 4; i++)
		feed("a", i, 0, NETCONSOLE_BYTES_SENDER / 4, "aa", 0);
	EXPECT("");
	feed("a", 4, 0, 2, "a", 0);
	ck_assert_ptr_nonnull(strstr(said_take(&said), "0.6 0@9"));
	netconsole_flush(netconsole, said_note, &said);
	said_take(&said);
	finish();
}
END_TEST

/* Where all is taken, who has the most gives up, not who came first. */
START_TEST(test_room)
{
	char source[16];

	begin();
	feed("honest", 1, 0, 4, "hh", 0);
	for (unsigned i = 0; i < 15; i++) {
		sprintf(source, "big%u", i);
		feed(source, 1, 0, NETCONSOLE_MESSAGE_SIZE, "x", 0);
	}
	EXPECT("");
	feed("last", 1, 0, NETCONSOLE_MESSAGE_SIZE, "x", 0);
	EXPECT("-65535/65536 0.6 1@9 \"x[65535 bytes missing]\"\n");
	feed("honest", 1, 2, 4, "HH", 0);
	EXPECT("-0/4 0.6 1@9 \"hhHH\"\n");
	netconsole_flush(netconsole, said_note, &said);
	said_take(&said);
	/* By number. */
	feed("honest", 2, 0, 4, "hh", 0);
	for (unsigned i = 0; i < NETCONSOLE_MESSAGES - 1; i++) {
		sprintf(source, "many%u", i / 2);
		feed(source, i, 0, 4, "mm", 0);
	}
	EXPECT("");
	feed("last", 1, 0, 4, "ll", 0);
	EXPECT("-2/4 0.6 0@9 \"mm[2 bytes missing]\"\n");
	feed("honest", 2, 2, 4, "HH", 0);
	EXPECT("-0/4 0.6 2@9 \"hhHH\"\n");
	netconsole_flush(netconsole, said_note, &said);
	said_take(&said);
	finish();
}
END_TEST

START_TEST(test_out_of_memory)
{
	static const char datagram[] = "6,1,9,-,ncfrag=2/6;aa";

	begin();
	fails = 6 + 1; /* the bytes, and a bit for each */
	netconsole_take(
	    netconsole, "a", datagram, strlen(datagram), 0, said_note, &said);
	fails = 0;
	EXPECT("-4/6 0.6 1@9 \"aa\"\n");
	ck_assert_int_eq(expire(0), -1);
	finish();
}
END_TEST

/* The release and the caller are those of the first that came. */
START_TEST(test_fields)
{
	static const char *const datagrams[] = {
		"6.1.0,4,1,9,c,caller=T5,ncfrag=3/7;b\n k",
		"6.2.0,5,1,9,-,caller=T6,ncfrag=0/7;\\x4",
	};

	begin();
	for (size_t i = 0; i < COUNT(datagrams); i++)
		said_feed(&said, netconsole, "a", datagrams[i],
		    strlen(datagrams[i]), 0);
	EXPECT("-0/7 0.4 1@9 c release=6.1.0 process=T5 \"K\" k \n");
	finish();
}
END_TEST

/* What waits goes with it. */
START_TEST(test_free)
{
	netconsole_free(NULL);
	begin();
	feed("a", 1, 0, 4, "aa", 0);
	finish();
}
END_TEST

CHECK_MAIN("netconsole_wait", test_order, test_overlap, test_apart,
    test_contradiction, test_holes, test_hole_in_msgid, test_many_holes,
    test_time, test_time_rounds_up, test_doubled_late, test_share, test_room,
    test_out_of_memory, test_fields, test_free)
