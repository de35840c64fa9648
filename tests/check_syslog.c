/* SPDX-License-Identifier: ISC */
/* Syslog: messages as they are found, and each rule where it does not hold. */
#include "services/creosote_syslog.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

struct row {
	const char *message;
	size_t len; /* 0: up to the NUL */
	int facility, severity;
	const char *time, *host, *program, *process, *id, *structured, *text;
};

/* A message without a header. */
#define PLAIN(message)                                              \
	{                                                           \
		message, 0, -1, -1, "", "", "", "", "", "", message \
	}

static const struct row rows[] = {
	/* RFC 5424, the examples of its section 6.5 */
	{ "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
	  "\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8",
	    0, 4, 2, "2003-10-11T22:14:15.003Z", "mymachine.example.com", "su",
	    "", "ID47", "", "'su root' failed for lonvick on /dev/pts/8" },
	{ "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - "
	  "%% It's time to make the do-nuts.",
	    0, 20, 5, "2003-08-24T05:14:15.000003-07:00", "192.0.2.1", "myproc",
	    "8710", "", "", "%% It's time to make the do-nuts." },
	{ "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - "
	  "ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"Application\" "
	  "eventID=\"1011\"][examplePriority@32473 class=\"high\"]",
	    0, 20, 5, "2003-10-11T22:14:15.003Z", "mymachine.example.com",
	    "evntslog", "", "ID47",
	    "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" "
	    "eventID=\"1011\"][examplePriority@32473 class=\"high\"]",
	    "" },
	/* and its escapes, nil values, ends */
	{ "<0>1 - - - - - -", 0, 0, 0, "", "", "", "", "", "", "" },
	{ "<191>1 - - - - - - ", 0, 23, 7, "", "", "", "", "", "", "" },
	{ "<13>1 - - - - -  two blanks", 0, 1, 5, "", "", "", "", "", "",
	    " two blanks" },
	{ "<13>1 - h p 1 i [a k=\"\\\"]\\]\\\\\" q=\"]\"] text", 0, 1, 5, "",
	    "h", "p", "1", "i", "[a k=\"\\\"]\\]\\\\\" q=\"]\"]", "text" },
	{ "<13>1 - h p 1 i [a k=\"\\x\\\"\"][b] [text", 0, 1, 5, "", "h", "p",
	    "1", "i", "[a k=\"\\x\\\"\"][b]", "[text" },
	{ "<13>1 - - \xc3\xbc - - - \xef\xbb\xbf\xef\xbb\xbfx\n", 0, 1, 5, "",
	    "", "\xc3\xbc", "", "", "", "\xef\xbb\xbfx" },
	{ "<13>1 - - - - - - \xef\xbb", 0, 1, 5, "", "", "", "", "", "",
	    "\xef\xbb" },
	{ "<13>1 - -h -- p- ID- - x", 0, 1, 5, "", "-h", "--", "p-", "ID-", "",
	    "x" },
	/* whose structured data is broken */
	{ "<13>1 - h p - - [a k=\"x] text", 0, 1, 5, "", "h", "p", "", "", "",
	    "[a k=\"x] text" },
	{ "<13>1 - h p - - [a k=\"x\\", 0, 1, 5, "", "h", "p", "", "", "",
	    "[a k=\"x\\" },
	{ "<13>1 - h p - - [a k=\"x\"]text", 0, 1, 5, "", "h", "p", "", "", "",
	    "[a k=\"x\"]text" },
	{ "<13>1 - h p - - [a k=x] t", 0, 1, 5, "", "h", "p", "", "", "",
	    "[a k=x] t" },
	{ "<13>1 - h p - - [] t", 0, 1, 5, "", "h", "p", "", "", "", "[] t" },
	{ "<13>1 - h p - - [a", 0, 1, 5, "", "h", "p", "", "", "", "[a" },
	{ "<13>1 - h p - - -text", 0, 1, 5, "", "h", "p", "", "", "", "-text" },
	{ "<13>1 - h p - - text", 0, 1, 5, "", "h", "p", "", "", "", "text" },
	/* and what only looks like it */
	{ "<13>1 - - - -", 0, 1, 5, "", "", "", "", "", "", "1 - - - -" },
	{ "<13>1 - - - - -", 0, 1, 5, "", "", "", "", "", "", "1 - - - - -" },
	{ "<13>1  - - - - - x", 0, 1, 5, "", "", "", "", "", "",
	    "1  - - - - - x" },
	{ "<13>1 2003-10-11 h p - - - x", 0, 1, 5, "", "", "", "", "", "",
	    "1 2003-10-11 h p - - - x" },
	{ "<13>1 2003-10-11T22:14:15 h p - - - x", 0, 1, 5, "", "", "", "", "",
	    "", "1 2003-10-11T22:14:15 h p - - - x" },
	{ "<13>1 - h\tp q - - - x", 0, 1, 5, "", "", "", "", "", "",
	    "1 - h\tp q - - - x" },
	{ "<13>2 - - - - - - x", 0, 1, 5, "", "", "", "", "", "",
	    "2 - - - - - - x" },
	/* RFC 3164 */
	{ "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", 0, 4, 2,
	    "Oct 11 22:14:15", "mymachine", "su", "", "", "",
	    "'su root' failed" },
	{ "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", 0, 1, 5,
	    "Feb  5 17:32:18", "10.0.0.99", "", "", "", "", "Use the BFG!" },
	{ "<86>Oct  1 22:14:15 h sshd[4721]: Accepted for root", 0, 10, 6,
	    "Oct  1 22:14:15", "h", "sshd", "4721", "", "",
	    "Accepted for root" },
	{ "<22>Oct 11 22:14:15 fe80::1%eth0 postfix/smtpd[9]: x\n", 0, 2, 6,
	    "Oct 11 22:14:15", "fe80::1%eth0", "postfix/smtpd", "9", "", "",
	    "x" },
	{ "<13>2026-11-23T06:31:00.123456+01:00 h p[1]: x", 0, 1, 5,
	    "2026-11-23T06:31:00.123456+01:00", "h", "p", "1", "", "", "x" },
	{ "<189>Oct 11 22:14:15.331: %SYS-5-CONFIG_I: Configured", 0, 23, 5,
	    "Oct 11 22:14:15.331", "", "%SYS-5-CONFIG_I", "", "", "",
	    "Configured" },
	{ "<166>Oct 11 2003 22:14:15 asa : %ASA-6-302013: Built", 0, 20, 6,
	    "Oct 11 2003 22:14:15", "asa", "", "", "", "",
	    ": %ASA-6-302013: Built" },
	{ "<13>Oct 11 22:14:15 h", 0, 1, 5, "Oct 11 22:14:15", "h", "", "", "",
	    "", "" },
	{ "<13>Oct 11 22:14:15", 0, 1, 5, "Oct 11 22:14:15", "", "", "", "", "",
	    "" },
	{ "<13>Oct 11 22:14:15 (none) kernel: x", 0, 1, 5, "Oct 11 22:14:15",
	    "", "", "", "", "", "(none) kernel: x" },
	{ "<13>Oct 11 22:14:15 h p [1]: x", 0, 1, 5, "Oct 11 22:14:15", "h", "",
	    "", "", "", "p [1]: x" },
	/* as written to /dev/log */
	{ "<13>Oct 11 22:14:15 root: hello", 0, 1, 5, "Oct 11 22:14:15", "",
	    "root", "", "", "", "hello" },
	{ "<30>Oct 11 22:14:15 systemd[1]: Started.", 0, 3, 6,
	    "Oct 11 22:14:15", "", "systemd", "1", "", "", "Started." },
	/* without a time */
	{ "<34>su: 'su root' failed", 0, 4, 2, "", "", "su", "", "", "",
	    "'su root' failed" },
	{ "<14>prog[42] text: x", 0, 1, 6, "", "", "prog", "42", "", "",
	    "text: x" },
	{ "<14>prog[]: x", 0, 1, 6, "", "", "prog", "", "", "", "x" },
	{ "<14>prog:", 0, 1, 6, "", "", "prog", "", "", "", "" },
	{ "<14>prog:message", 0, 1, 6, "", "", "", "", "", "", "prog:message" },
	{ "<14>http://[::1]/ is up", 0, 1, 6, "", "", "", "", "", "",
	    "http://[::1]/ is up" },
	{ "<14>host prog: x", 0, 1, 6, "", "", "", "", "", "", "host prog: x" },
	{ "<14>a[b\x01]: x", 0, 1, 6, "", "", "", "", "", "", "a[b\x01]: x" },
	{ "<14>[1]: x", 0, 1, 6, "", "", "", "", "", "", "[1]: x" },
	{ "<14>: x", 0, 1, 6, "", "", "", "", "", "", ": x" },
	{ "<14>", 0, 1, 6, "", "", "", "", "", "", "" },
	/* whose time is none */
	{ "<13>Okt 11 22:14:15 h p: x", 0, 1, 5, "", "", "", "", "", "",
	    "Okt 11 22:14:15 h p: x" },
	{ "<13>Oct 11 22:14 h p: x", 0, 1, 5, "", "", "", "", "", "",
	    "Oct 11 22:14 h p: x" },
	{ "<13>Oct 11 22:14:15h x", 0, 1, 5, "", "", "", "", "", "",
	    "Oct 11 22:14:15h x" },
	/* Without a priority, or with one that is none. */
	PLAIN(""),
	PLAIN("hello"),
	PLAIN("<"),
	PLAIN("<1"),
	PLAIN("<>x"),
	PLAIN("<192>x"),
	PLAIN("<1911>x"),
	PLAIN("<9999999999>x"),
	PLAIN("<013>x"),
	PLAIN("<00>x"),
	PLAIN("<-1>x"),
	PLAIN("< 1>x"),
	PLAIN("Oct 11 22:14:15 h p: x"),
	/* Ends that are not text. */
	{ "<14>a\n\0", 6, 1, 6, "", "", "", "", "", "", "a" },
	{ "<14>a\r\n\n", 0, 1, 6, "", "", "", "", "", "", "a\r\n" },
	{ "<14>p: \0", 8, 1, 6, "", "", "p", "", "", "", "" },
	{ "\n", 0, -1, -1, "", "", "", "", "", "", "" },
};

static void
check_slice(const struct row *row, const char *name, struct slice slice,
    const char *expected)
{
	ck_assert_msg(slice.len == strlen(expected) &&
		(slice.len == 0 ||
		    memcmp(slice.data, expected, slice.len) == 0),
	    "'%s': %s is '%.*s' instead of '%s'", row->message, name,
	    (int)slice.len, slice.len > 0 ? slice.data : "", expected);
}

static void
check_row(const struct row *row, const struct creosote_fields *fields)
{
	check_slice(row, "time", fields->time, row->time);
	check_slice(row, "host", fields->host, row->host);
	check_slice(row, "program", fields->program, row->program);
	check_slice(row, "process", fields->process, row->process);
	check_slice(row, "message_id", fields->message_id, row->id);
	check_slice(row, "structured", fields->structured, row->structured);
	check_slice(row, "text", fields->text, row->text);
	ck_assert_msg(fields->facility == row->facility &&
		fields->severity == row->severity,
	    "'%s': priority %d, %d", row->message, fields->facility,
	    fields->severity);
	ck_assert_ptr_nonnull(fields->text.data);
	ck_assert(!fields->has_sequence && fields->release.len == 0 &&
	    fields->dictionary.len == 0);
}

START_TEST(test_messages)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len =
		    rows[i].len != 0 ? rows[i].len : strlen(rows[i].message);
		char *copy = malloc(len); /* exactly, for the sanitizer */
		struct creosote_fields fields;

		memset(&fields, 0xff, sizeof(fields));
		memcpy(copy, rows[i].message, len);
		syslog_decode(&fields, copy, len);
		check_row(&rows[i], &fields);
		free(copy);
	}
}
END_TEST

/* However it is cut, it is read no further than that, and text remains. */
START_TEST(test_cut)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t len = 0; len <= strlen(rows[i].message); len++) {
			char *copy = malloc(len);
			struct creosote_fields fields;

			memcpy(copy, rows[i].message, len);
			syslog_decode(&fields, copy, len);
			ck_assert(fields.text.data != NULL);
			ck_assert_uint_le(fields.text.len, len);
			free(copy);
		}
}
END_TEST

/* Bytes that no text should have stay in it, for the escaper. */
START_TEST(test_bytes)
{
	static const char message[] = "<14>p: a\0b\x1b[2J\xff";
	struct creosote_fields fields;

	syslog_decode(&fields, message, sizeof(message) - 1);
	ck_assert_uint_eq(fields.text.len, 8);
	ck_assert_mem_eq(fields.text.data, "a\0b\x1b[2J\xff", 8);
	syslog_decode(&fields, NULL, 0);
	ck_assert_uint_eq(fields.text.len, 0);
	ck_assert_ptr_nonnull(fields.text.data);
}
END_TEST

CHECK_MAIN("syslog", test_messages, test_cut, test_bytes)
