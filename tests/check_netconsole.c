/* SPDX-License-Identifier: ISC */
/* netconsole: both formats, a kernel's stream, and what only looks like one. */
#include "services/creosote_netconsole.h"

#include "check_netconsole.h"

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

/* What is said on a datagram. */
static const char *
take(const char *source, const char *datagram)
{
	said_feed(
	    &said, netconsole, source, datagram, strlen(datagram), 1000 * MS);
	return said_take(&said);
}

struct row {
	const char *datagram;
	const char *said;
};

/* A datagram that is text as a whole. */
#define PLAIN(datagram)                        \
	{                                      \
		datagram, "\"" datagram "\"\n" \
	}

static const struct row rows[] = {
	/* basic */
	PLAIN(""),
	PLAIN("hello"),
	{ "[    1.5] e1000: up\n", "\"[    1.5] e1000: up\"\n" },
	{ "two\nlines\n\n", "\"two\nlines\n\"\n" },
	/* extended */
	{ "6,416,1758426,-;the first", "0.6 416@1758426 \"the first\"\n" },
	{ "6,416,1758426,-;the first\n", "0.6 416@1758426 \"the first\"\n" },
	{ "13,0,0,-;\n", "1.5 0@0 \"\"\n" },
	{ "0,1,2,-;", "0.0 1@2 \"\"\n" },
	{ "4,1,2,c;begins\n", "0.4 1@2 c \"begins\"\n" },
	{ "4,1,2,+;goes on\n", "0.4 1@2 + \"goes on\"\n" },
	{ "6.1.0-9,6,1,2,-;x\n", "0.6 1@2 release=6.1.0-9 \"x\"\n" },
	{ "6,1,2,-,caller=T12;x\n", "0.6 1@2 process=T12 \"x\"\n" },
	{ "6,1,2,-,new=,caller=C1,thing;x\n", "0.6 1@2 process=C1 \"x\"\n" },
	{ "6,1,2,-;a;b,c\n", "0.6 1@2 \"a;b,c\"\n" },
	{ "6,1,2,-;x\n SUBSYSTEM=pci\n DEVICE=+pci:0\n",
	    "0.6 1@2 \"x\" SUBSYSTEM=pci| DEVICE=+pci:0 \n" },
	{ "2047,18446744073709551615,18446744073709551615,-;x",
	    "255.7 18446744073709551615@18446744073709551615 \"x\"\n" },
	/* escapes */
	{ "6,1,2,-;a\\x5cb\\x09c\\xc3\\xbc\n",
	    "0.6 1@2 \"a\\b\tc\xc3\xbc\"\n" },
	{ "6,1,2,-;\\x5cx41\\x\\x4\\xg1\\x4A\\",
	    "0.6 1@2 \"\\x41\\x\\x4"
	    "\\xg1\\x4A\\\"\n" },
	{ "6,1,2,-;x\n V=\\x41\n", "0.6 1@2 \"x\" V=\\x41 \n" },
	/* a message that is one fragment */
	{ "6,1,2,-,ncfrag=0/6;all\\x\n", "-0/6 0.6 1@2 \"all\\x\"\n" },
	/* which only looks like one */
	PLAIN(";"),
	PLAIN("6,1,2;x"),
	PLAIN("6,1,2,;x"),
	PLAIN("6,1,2,x;x"),
	PLAIN("6,1,2,--;x"),
	PLAIN(",1,2,-;x"),
	PLAIN("6,,2,-;x"),
	PLAIN("6,1,,-;x"),
	PLAIN("-6,1,2,-;x"),
	PLAIN("6,+1,2,-;x"),
	PLAIN("6, 1,2,-;x"),
	PLAIN("2048,1,2,-;x"),
	PLAIN("6,18446744073709551616,2,-;x"),
	PLAIN("6,1,99999999999999999999999,-;x"),
	PLAIN("6,1,2,-"),
	PLAIN("6.1,1,2,-;x"),
	PLAIN("6 .1,6,1,2,-;x"),
	PLAIN("nodot,6,1,2,-;x"),
	/* fragments that fit nowhere */
	PLAIN("6,1,2,-,ncfrag=;x"),
	PLAIN("6,1,2,-,ncfrag=0;x"),
	PLAIN("6,1,2,-,ncfrag=0/;x"),
	PLAIN("6,1,2,-,ncfrag=/9;x"),
	PLAIN("6,1,2,-,ncfrag=0/9/9;x"),
	PLAIN("6,1,2,-,ncfrag=0/9;"),
	PLAIN("6,1,2,-,ncfrag=0/0;x"),
	PLAIN("6,1,2,-,ncfrag=0/0;"),
	PLAIN("6,1,2,-,ncfrag=9/9;x"),
	PLAIN("6,1,2,-,ncfrag=8/9;xx"),
	PLAIN("6,1,2,-,ncfrag=10/9;x"),
	PLAIN("6,1,2,-,ncfrag=-1/9;x"),
	PLAIN("6,1,2,-,ncfrag=0/65537;x"),
	PLAIN("6,1,2,-,ncfrag=4294967295/4294967296;x"),
	PLAIN("6,1,2,-,ncfrag=18446744073709551615/1;x"),
	PLAIN("6,1,2,-,ncfrag=18446744073709551616/18446744073709551617;x"),
	PLAIN("6,1,2,-,ncfrag=0/9,ncfrag=0/9;x"),
};

START_TEST(test_datagrams)
{
	begin();
	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_str_eq(
		    take("192.0.2.7", rows[i].datagram), rows[i].said);
	ck_assert_int_eq(
	    netconsole_expire(netconsole, 0, said_note, &said), -1);
	finish();
}
END_TEST

/* A header ends within its bound, or is none. */
START_TEST(test_long_header)
{
	char datagram[1000];

	begin();
	memset(datagram, 'k', sizeof(datagram));
	memcpy(datagram, "6,1,2,-,", 8);
	datagram[511] = ';';
	said_feed(&said, netconsole, "a", datagram, 512, 0);
	ck_assert_str_eq(said_take(&said), "0.6 1@2 \"\"\n");
	datagram[511] = 'k';
	datagram[512] = ';';
	said_feed(&said, netconsole, "a", datagram, 513, 0);
	ck_assert_uint_eq(strlen(said_take(&said)), 513 + strlen("\"\"\n"));
	finish();
}
END_TEST

/* Longer than any datagram of UDP is: stays as it came. */
START_TEST(test_long_text)
{
	static char datagram[200000] = "6,1,2,-;";

	begin();
	memset(datagram + 8, '\\', sizeof(datagram) - 8);
	said_feed(&said, netconsole, "a", datagram, sizeof(datagram), 0);
	ck_assert_uint_eq(strlen(said_take(&said)),
	    sizeof(datagram) - 8 + strlen("0.6 1@2 \"\"\n"));
	finish();
}
END_TEST

static char *
read_file(const char *path, size_t *len)
{
	static char text[65536];
	FILE *file = fopen(path, "rb");

	ck_assert_msg(file != NULL, "%s", path);
	*len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[*len] = '\0';
	return text;
}

/* Datagrams that stand between lines of a form feed, and what is said. */
static const char *const streams[] = {
	/*
	 * What a kernel sends while it boots and dies, with the release before
	 * each message and msgid after it: two are missing, two have changed
	 * places, fragments come in disorder.
	 */
	"netconsole",
	/*
	 * What a kernel did send to two targets at once, of the extended and
	 * of the basic format: the texts of both come to the same, though a
	 * fragment of the first ends in the middle of an escape. It was
	 * Debian's user-mode Linux; netconsole's interface was one of two of
	 * veth.
	 */
	"netconsole-6.1",
	"netconsole-6.1-basic",
};

static void
check_stream(const char *name)
{
	char actual[65536], path[256];
	char *at, *end, *expected, *next;
	size_t len;

	snprintf(path, sizeof(path), TEST_DATA "/corpus/%s.txt", name);
	at = read_file(path, &len);
	end = at + len;
	begin();
	for (; at < end; at = next) {
		char *stop = strstr(at, "\f\n");

		next = stop != NULL ? stop + 2 : end;
		stop = stop != NULL ? stop : end;
		said_feed(&said, netconsole, "192.0.2.7", at,
		    (size_t)(stop - at), 1000 * MS);
	}
	strcpy(actual, said_take(&said));
	snprintf(path, sizeof(path), TEST_DATA "/corpus/%s.out", name);
	expected = read_file(path, &len);
	for (len = 0; actual[len] != '\0' && actual[len] == expected[len];)
		len++;
	ck_assert_msg(strcmp(actual, expected) == 0,
	    "%s differs at byte %zu: \"%.60s\"", name, len, actual + len);
	ck_assert_int_eq(
	    netconsole_expire(netconsole, 1000 * MS, said_note, &said), -1);
	finish();
}

START_TEST(test_stream)
{
	for (size_t i = 0; i < COUNT(streams); i++)
		check_stream(streams[i]);
}
END_TEST

struct msgid_row {
	const char *source;
	unsigned id;
	unsigned uptime_s;
	const char *said; /* before the message */
};

/* Which numbers tell of a loss. */
static const struct msgid_row msgid_rows[] = {
	{ "a", 7, 100, "" }, /* whatever comes first */
	{ "a", 8, 100, "" },
	{ "a", 11, 100, "lost 2 " },
	{ "b", 900, 100, "" }, /* somebody else */
	{ "a", 10, 100, "late " },
	{ "a", 10, 100, "" }, /* doubled */
	{ "a", 11, 100, "" },
	{ "a", 5, 100, "" }, /* before the first: nothing was told */
	{ "a", 9, 100, "late " },
	{ "a", 12, 101, "" },
	{ "a", 75, 101, "lost 62 " },
	{ "a", 13, 101, "late " },
	{ "a", 12, 101, "" },
	{ "a", 176, 101, "lost 100 " },
	{ "a", 3, 95, "" }, /* counts anew */
	{ "a", 5, 102, "lost 1 " },
	{ "a", 100, 1, "" }, /* booted anew */
	{ "a", 101, 1, "" },
	{ "a", 103, 2, "lost 1 " },
	{ "a", 4, 0, "" }, /* anew by number */
	{ "a", 6, 11, "lost 1 " },
	{ "a", 7, 0, "" }, /* anew by uptime */
	{ "w", 4294967294, 1, "" },
	{ "w", 1, 1, "lost 2 " }, /* modulo 2^32 */
	{ "w", 4294967295, 1, "late " },
	{ "w", 0, 1, "late " },
	{ "w", 2, 1, "" },
};

START_TEST(test_msgid)
{
	begin();
	for (size_t i = 0; i < COUNT(msgid_rows); i++) {
		const struct msgid_row *row = &msgid_rows[i];
		char datagram[128], expected[128];

		sprintf(datagram, "6,1,%u000000,-;x\n msgid=%u\n",
		    row->uptime_s, row->id);
		sprintf(expected, "%s0.6 1@%llu \"x\" msgid=%u \n", row->said,
		    row->uptime_s * 1000000ULL, row->id);
		ck_assert_msg(
		    strcmp(take(row->source, datagram), expected) == 0,
		    "row %zu", i);
	}
	finish();
}
END_TEST

/* The kernel's own line is the last; others are what users appended. */
START_TEST(test_msgid_lines)
{
	static const char *const datagrams[] = {
		"6,1,2,-;x\n msgid=5\n",
		"6,1,2,-;x\n msgid=900\n cpu=1\n msgid=6\n",
		"6,1,2,-;x\n msgid=7",
		"6,1,2,-;x msgid=70\n",
		"6,1,2,-;x\n msgid=70a\n msgid=\n msgid\n xmsgid=71\nmsgid=9\n",
		"6,1,2,-;x\n msgid=4294967296\n",
		"6,1,2,-;x\n msgid=8\n",
	};

	begin();
	for (size_t i = 0; i < COUNT(datagrams); i++)
		ck_assert_int_eq(*take("a", datagrams[i]), '0');
	ck_assert_int_eq(*take("a", "6,1,2,-;x\n msgid=10\n"), 'l');
	finish();
}
END_TEST

/* Newcomers do not push out whom they hear of; who is silent makes room. */
START_TEST(test_many_senders)
{
	char source[32];

	begin();
	ck_assert_int_eq(*take("first", "6,1,2,-;x\n msgid=1\n"), '0');
	for (int i = 0; i < 20000; i++) {
		sprintf(source, "10.0.%d.%d", i / 256, i % 256);
		ck_assert_int_eq(*take(source, "6,1,2,-;x\n msgid=1\n"), '0');
	}
	ck_assert_int_eq(*take("first", "6,1,2,-;x\n msgid=3\n"), 'l');
	ck_assert_int_eq(*take("late", "6,1,2,-;x\n msgid=1\n"), '0');
	ck_assert_int_eq(*take("late", "6,1,2,-;x\n msgid=9\n"), '0');
	for (int i = 1; i <= 9; i += 8) {
		sprintf(source, "6,1,2,-;x\n msgid=%d\n", i);
		said_feed(&said, netconsole, "late", source, strlen(source),
		    (NETCONSOLE_SILENT_MS + 1001) * MS);
	}
	ck_assert_ptr_nonnull(strstr(said_take(&said), "lost 7 "));
	finish();
}
END_TEST

CHECK_MAIN("netconsole", test_datagrams, test_long_header, test_long_text,
    test_stream, test_msgid, test_msgid_lines, test_many_senders)
