/* SPDX-License-Identifier: ISC */
/* Entries for the journal, as it reads them: fields, and nothing a sender adds.
 */
#include "services/creosote_journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>

#include "check_main.h"
#include "check_net.h"

#define TIME_NS INT64_C(1795415460123456000)

/* One entry as the protocol says it is read. */
struct read_entry {
	size_t fields;
	struct slice names[16], values[16];
};

static void
read_fields(struct read_entry *entry, const char *data, size_t len)
{
	const char *end = data + len;

	entry->fields = 0;
	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *equals;
		struct slice *name = &entry->names[entry->fields];
		struct slice *value = &entry->values[entry->fields];

		ck_assert_ptr_nonnull(newline);
		ck_assert_uint_lt(entry->fields++, 16);
		equals = memchr(data, '=', (size_t)(newline - data));
		if (equals != NULL) {
			*name = (struct slice){ data, (size_t)(equals - data) };
			*value = (struct slice){ equals + 1,
				(size_t)(newline - equals) - 1 };
			data = newline + 1;
		} else {
			uint64_t size;

			*name =
			    (struct slice){ data, (size_t)(newline - data) };
			ck_assert_int_ge(end - newline, 10);
			memcpy(&size, newline + 1, 8);
			size = le64toh(size);
			ck_assert_uint_lt(size, (size_t)(end - newline) - 9);
			*value = (struct slice){ newline + 9, size };
			data = newline + 9 + size;
			ck_assert_int_eq(*data++, '\n');
		}
	}
}

/* It has this field once, with this value. */
static void
expect_field(
    const struct read_entry *entry, const char *name, struct slice expected)
{
	size_t found = 0;

	for (size_t i = 0; i < entry->fields; i++) {
		if (entry->names[i].len != strlen(name) ||
		    memcmp(entry->names[i].data, name, strlen(name)) != 0)
			continue;
		found++;
		ck_assert_uint_eq(entry->values[i].len, expected.len);
		if (expected.len > 0)
			ck_assert_mem_eq(
			    entry->values[i].data, expected.data, expected.len);
	}
	ck_assert_msg(found == 1, "%s: %zu times", name, found);
}

static void
expect_text(
    const struct read_entry *entry, const char *name, const char *expected)
{
	expect_field(entry, name, (struct slice){ expected, strlen(expected) });
}

/* A journal that is asked what came. */
static int
open_journal(struct relay **relay)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	char path[NET_PATH_SIZE], why[WHY_SIZE] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	strcpy(local.sun_path, net_path(path, "", "journal"));
	unlink(path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	*relay = journal_new(path, why);
	ck_assert_msg(*relay != NULL, "%s", why);
	return fd;
}

/* A record as the journal gets it; good until the next one. */
static struct read_entry
send_record(const struct record *record)
{
	static char data[1 << 20];
	struct relay *relay;
	int fd = open_journal(&relay);
	struct read_entry got;
	ssize_t n;

	journal_add(relay, "bucket", record);
	ck_assert_int_eq(relay_flush(relay), -1);
	n = recv(fd, data, sizeof(data), 0);
	ck_assert_int_gt(n, 0);
	read_fields(&got, data, (size_t)n);
	relay_free(relay);
	close(fd);
	return got;
}

static void
check_entry(struct slice message, int facility, int severity)
{
	struct creosote_fields fields = {
		.facility = facility, .severity = severity, .text = message
	};
	struct record record = { .source = { "192.0.2.7:40123", 15 },
		.fields = &fields,
		.sequence = 4711,
		.time_ns = TIME_NS };
	struct read_entry got = send_record(&record);
	char text[8];

	ck_assert_uint_eq(got.fields, facility >= 0 ? 8 : 7);
	expect_field(&got, "MESSAGE", message);
	snprintf(text, sizeof(text), "%d",
	    severity == 0      ? 1
		: severity > 0 ? severity
			       : 6);
	expect_text(&got, "PRIORITY", text);
	expect_text(&got, "SYSLOG_IDENTIFIER", "creosote-bucket");
	snprintf(text, sizeof(text), "%d", facility);
	if (facility >= 0)
		expect_text(&got, "SYSLOG_FACILITY", text);
	expect_text(&got, "SENDER", "192.0.2.7:40123");
	expect_text(&got, "NETLABD_BUCKET", "bucket");
	expect_text(&got, "NETLABD_SEQUENCE", "4711");
	expect_text(&got, "NETLABD_TIME", "2026-11-23T06:31:00.123456Z");
}

START_TEST(test_entries)
{
	static char longest[65507];
	static const struct slice messages[] = {
		{ "disk nearly full", 16 },
		{ "", 0 },
		{ "a=b", 3 },
		{ "one\ntwo", 7 },
		{ "\n", 1 },
		{ "end\n", 4 },
		{ "\0\xff\033[2J", 6 },
		/* A sender that would like to be somebody else. */
		{ "hi\nPRIORITY=0\nSENDER=10.0.0.1:1\n\nMESSAGE=x", 43 },
		{ "hi\n\x01\0\0\0\0\0\0\0x\n_UID=0", 19 },
		{ longest, sizeof(longest) },
	};

	memset(longest, '\n', sizeof(longest));
	for (size_t i = 0; i < COUNT(messages); i++) {
		check_entry(messages[i], -1, -1);
		check_entry(messages[i], 0, 0);
		check_entry(messages[i], 23, 7);
	}
}
END_TEST

/* What was decoded has fields of its own, whatever is in it. */
START_TEST(test_decoded)
{
	static char host[60000];
	struct creosote_fields fields = { .facility = -1,
		.severity = -1,
		.text = { "text", 4 },
		.host = { host, sizeof(host) },
		.program = { "prog\nSENDER_HOST=x", 18 },
		.process = { "42", 2 },
		.message_id = { "ID", 2 },
		.release = { "6.1.0", 5 } };
	struct record record = { .source = { "unnamed", 7 },
		.data = { "<13>text", 8 },
		.fields = &fields };
	struct read_entry got;

	memset(host, 'h', sizeof(host));
	got = send_record(&record);
	ck_assert_uint_eq(got.fields, 12);
	expect_text(&got, "MESSAGE", "text");
	expect_text(&got, "SYSLOG_IDENTIFIER", "creosote-bucket");
	expect_field(&got, "SENDER_HOST", fields.host);
	expect_field(&got, "SENDER_PROGRAM", fields.program);
	expect_text(&got, "SENDER_PROCESS", "42");
	expect_text(&got, "SENDER_MESSAGE_ID", "ID");
	expect_text(&got, "SENDER_RELEASE", "6.1.0");
}
END_TEST

/* That it is not all of the message, or came late. */
START_TEST(test_marks)
{
	struct record record = { .source = { "unnamed", 7 },
		.data = { "a\n", 2 },
		.wire_len = 70000,
		.is_cut = true,
		.is_late = true };
	struct read_entry got = send_record(&record);

	ck_assert_uint_eq(got.fields, 9);
	expect_text(&got, "MESSAGE", "a");
	expect_text(&got, "NETLABD_CUT", "70000");
	expect_text(&got, "NETLABD_LATE", "1");
}
END_TEST

/* What came, out of the file in memory if it was too long; -1: nothing. */
static ssize_t
receive(int fd, char *data, size_t size)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = { .iov_base = data, .iov_len = size };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, 0);
	int file;

	ck_assert(n >= 0 || errno == EAGAIN);
	if (n == -1 || CMSG_FIRSTHDR(&message) == NULL)
		return n;
	ck_assert_int_eq(n, 0);
	memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(file));
	n = pread(file, data, size, 0);
	close(file);
	return n;
}

/* More than the socket takes comes too, in its turn. */
START_TEST(test_long)
{
	static char data[1 << 20], got[sizeof(data) + 4096];
	static const size_t sizes[] = { 10, sizeof(data), 20 };
	struct relay *relay;
	int fd = open_journal(&relay);
	struct record record = { .source = { "unnamed", 7 } };

	memset(data, 'd', sizeof(data));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		record.data = (struct slice){ data, sizes[i] };
		journal_add(relay, "bucket", &record);
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct read_entry fields;
		ssize_t n;

		/* There may be no room for all three at once. */
		do
			(void)relay_flush(relay);
		while ((n = receive(fd, got, sizeof(got))) == -1);
		read_fields(&fields, got, (size_t)n);
		expect_field(
		    &fields, "MESSAGE", (struct slice){ data, sizes[i] });
	}
	ck_assert_uint_eq(relay_counters(relay)->sent, 3);
	relay_free(relay);
	close(fd);
}
END_TEST

/* The journal is away: counted, told once, found again. */
START_TEST(test_away)
{
	struct relay *relay;
	int fd = open_journal(&relay);
	struct record record = { .data = { "a", 1 },
		.source = { "unnamed", 7 } };
	char why[WHY_SIZE];

	close(fd);
	for (int i = 0; i < 10; i++) {
		journal_add(relay, "bucket", &record);
		ck_assert_int_eq(relay_flush(relay), -1);
		ck_assert_int_eq(relay_take_news(relay, why),
		    i == 0 ? RELAY_FAILS : RELAY_NO_NEWS);
	}
	ck_assert_ptr_nonnull(strstr(why, "/journal: Connection refused"));
	ck_assert_uint_eq(relay_counters(relay)->lost[RELAY_NOBODY], 10);
	relay_free(relay);
}
END_TEST

START_TEST(test_paths)
{
	static const char *const bad[] = { "", "relative", "unix:/x" };
	char why[WHY_SIZE], path[200];

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_ptr_null(journal_new(bad[i], why));
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_ptr_null(journal_new(path, why));
	path[108] = '\0';
	ck_assert_ptr_null(journal_new(path, why));
}
END_TEST

CHECK_MAIN("creosote_journal", test_entries, test_decoded, test_marks,
    test_long, test_away, test_paths)
