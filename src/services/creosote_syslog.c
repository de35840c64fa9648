/* SPDX-License-Identifier: ISC */
/* Reads syslog's messages: RFC 5424, and RFC 3164 as it is found. */
#include "services/creosote_syslog.h"

#include <string.h>

#include "services/creosote_syslog_private.h"

#define PRIORITY_MAX 191
#define HOST_MAX_LEN 255

/* <0> to <191> */
static bool
take_priority(struct cursor *cursor, struct creosote_fields *fields)
{
	struct cursor try = *cursor;
	int value = 0;
	size_t digits = 0;

	if (!cursor_take(&try, '<'))
		return false;
	for (; digits < 3 && cursor_take_digits(&try, 1); digits++)
		value = value * 10 + (try.at[-1] - '0');
	if (digits == 0 || value > PRIORITY_MAX ||
	    (digits > 1 && cursor->at[1] == '0') || !cursor_take(&try, '>'))
		return false;
	fields->facility = value / 8;
	fields->severity = value % 8;
	*cursor = try;
	return true;
}

/* --- RFC 3164 */

/* The time of RFC 3164's messages, in either form. */
static bool
take_time(struct cursor *cursor, struct slice *time)
{
	struct cursor bsd = *cursor, iso = *cursor;
	const char *begin = cursor->at;
	bool is_bsd = cursor_take_bsd(&bsd);
	struct cursor *found = is_bsd ? &bsd : &iso;
	const char *end;

	if (!is_bsd && !cursor_take_rfc3339(&iso))
		return false;
	end = found->at;
	(void)cursor_take(found, ':');
	if (!cursor_take_gap(found))
		return false;
	*time = syslog_slice(begin, end);
	*cursor = *found;
	return true;
}

static bool
is_host(struct slice text)
{
	if (text.len == 0 || text.len > HOST_MAX_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!syslog_is_letter(text.data[i]) &&
		    !syslog_is_digit(text.data[i]) &&
		    memchr(".-_:%/", text.data[i], 6) == NULL)
			return false;
	return true;
}

static bool
take_host(struct cursor *cursor, struct slice *host)
{
	struct slice text = cursor_word(cursor);

	if (!is_host(text))
		return false;
	*host = text;
	cursor->at += text.len;
	(void)cursor_take_gap(cursor);
	return true;
}

/* "[42]" */
static bool
take_process(struct cursor *cursor, struct slice *process)
{
	struct cursor try = *cursor;
	const char *begin;

	if (!cursor_take(&try, '['))
		return false;
	begin = try.at;
	while (
	    cursor_left(&try) > 0 && syslog_is_word(*try.at) && *try.at != ']')
		try.at++;
	*process = syslog_slice(begin, try.at);
	if (!cursor_take(&try, ']'))
		return false;
	*cursor = try;
	return true;
}

/* "prog: ", "prog[42]: ", "prog[42] " */
static bool
take_tag(struct cursor *cursor, struct creosote_fields *fields)
{
	struct cursor try = *cursor;
	struct slice name, process = { 0 };
	bool has_process;

	while (cursor_left(&try) > 0 && syslog_is_word(*try.at) &&
	    *try.at != '[' && *try.at != ':')
		try.at++;
	name = syslog_slice(cursor->at, try.at);
	has_process = take_process(&try, &process);
	if (name.len == 0 || (!cursor_take(&try, ':') && !has_process) ||
	    !cursor_take_gap(&try))
		return false;
	fields->program = name;
	fields->process = process;
	*cursor = try;
	return true;
}

static void
read_rfc3164(struct cursor *cursor, struct creosote_fields *fields)
{
	if (!take_time(cursor, &fields->time)) {
		(void)take_tag(cursor, fields);
		return;
	}
	if (!take_tag(cursor, fields) && take_host(cursor, &fields->host))
		(void)take_tag(cursor, fields);
}

/* --- RFC 5424 */

/* A field and the blank behind it; "-" is one that is not told. */
static bool
take_field(struct cursor *cursor, struct slice *field)
{
	struct slice text = cursor_word(cursor);

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	cursor->at += text.len;
	if (text.len != 1 || *text.data != '-')
		*field = text;
	return cursor_take_gap(cursor);
}

static bool
is_rfc3339(struct slice time)
{
	struct cursor try;

	if (time.len == 0)
		return true;
	try = (struct cursor){ time.data, time.data + time.len };
	return cursor_take_rfc3339(&try) && cursor_left(&try) == 0;
}

/* "value", in which \ takes away what the next character would mean. */
static bool
take_value(struct cursor *cursor)
{
	if (!cursor_take(cursor, '"'))
		return false;
	for (; cursor_left(cursor) > 0; cursor->at++) {
		if (cursor_take(cursor, '"'))
			return true;
		if (*cursor->at == '\\' && cursor_left(cursor) > 1)
			cursor->at++;
	}
	return false;
}

/* A name of structured data. */
static bool
take_name(struct cursor *cursor)
{
	const char *begin = cursor->at;

	while (cursor_left(cursor) > 0 && syslog_is_word(*cursor->at) &&
	    memchr("=]\"", *cursor->at, 3) == NULL)
		cursor->at++;
	return cursor->at > begin;
}

/* [name name="value" name="value"] */
static bool
take_element(struct cursor *cursor)
{
	if (!cursor_take(cursor, '[') || !take_name(cursor))
		return false;
	while (cursor_take(cursor, ' '))
		if (!take_name(cursor) || !cursor_take(cursor, '=') ||
		    !take_value(cursor))
			return false;
	return cursor_take(cursor, ']');
}

/* "-" or elements, and a blank; if they are broken, nothing is read. */
static void
take_structured(struct cursor *cursor, struct slice *structured)
{
	struct cursor try = *cursor;
	const char *end;

	if (cursor_take(&try, '-')) {
		if (cursor_take_gap(&try))
			*cursor = try;
		return;
	}
	while (cursor_left(&try) > 0 && *try.at == '[')
		if (!take_element(&try))
			return;
	end = try.at;
	if (end == cursor->at || !cursor_take_gap(&try))
		return;
	*structured = syslog_slice(cursor->at, end);
	*cursor = try;
}

static bool
read_rfc5424(struct cursor *cursor, struct creosote_fields *fields)
{
	struct creosote_fields read = *fields;
	struct cursor try = *cursor;

	if (!cursor_take(&try, '1') || !cursor_take(&try, ' ') ||
	    !take_field(&try, &read.time) || !is_rfc3339(read.time) ||
	    !take_field(&try, &read.host) || !take_field(&try, &read.program) ||
	    !take_field(&try, &read.process) ||
	    !take_field(&try, &read.message_id) || cursor_left(&try) == 0)
		return false;
	take_structured(&try, &read.structured);
	if (cursor_left(&try) >= 3 && memcmp(try.at, "\xef\xbb\xbf", 3) == 0)
		try.at += 3;
	*fields = read;
	*cursor = try;
	return true;
}

void
syslog_decode(struct creosote_fields *fields, const char *data, size_t len)
{
	struct cursor cursor;

	*fields = (struct creosote_fields){ .facility = -1, .severity = -1 };
	if (data == NULL)
		data = "";
	if (len > 0 && data[len - 1] == '\0')
		len--;
	if (len > 0 && data[len - 1] == '\n')
		len--;
	cursor = (struct cursor){ data, data + len };
	if (take_priority(&cursor, fields) && !read_rfc5424(&cursor, fields))
		read_rfc3164(&cursor, fields);
	fields->text = syslog_slice(cursor.at, cursor.end);
}
