/* SPDX-License-Identifier: ISC */
/* The extended format of netconsole's datagrams. */
#include "services/creosote_netconsole_private.h"

#include <string.h>

#define HEADER_MAX_LEN 512  /* up to the ; */
#define LEVEL_MAX      2047 /* the kernel has 8 bits for the facility */

/* A piece of the header, which is read from its beginning on. */
struct header {
	const char *at, *end;
};

static struct slice
slice_to(const char *begin, const char *end)
{
	return (struct slice){ begin, (size_t)(end - begin) };
}

/* Reads up to this character, and the character; to the end without one. */
static struct slice
take_until(struct header *header, char c)
{
	size_t len = (size_t)(header->end - header->at);
	const char *found = len > 0 ? memchr(header->at, c, len) : NULL;
	const char *end = found != NULL ? found : header->end;
	struct slice field = slice_to(header->at, end);

	header->at = found != NULL ? found + 1 : end;
	return field;
}

/* Decimal digits and nothing else, up to max. */
static bool
parse_number(struct slice text, uint64_t max, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit = (uint64_t)(text.data[i] - '0');

		if (text.data[i] < '0' || text.data[i] > '9' ||
		    *value > (max - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return text.len > 0;
}

static bool
is_release(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] == 0x7f)
			return false;
	return text.len > 0 && memchr(text.data, '.', text.len) != NULL;
}

/* [RELEASE,]LEVEL, */
static bool
parse_level(struct header *header, struct creosote_fields *fields)
{
	struct slice field = take_until(header, ',');
	uint64_t level;

	if (is_release(field)) {
		fields->release = field;
		field = take_until(header, ',');
	}
	if (!parse_number(field, LEVEL_MAX, &level))
		return false;
	fields->facility = (int)(level / 8);
	fields->severity = (int)(level % 8);
	return true;
}

/* FLAG, after which comes a comma or the end */
static bool
parse_flag(struct header *header, struct creosote_fields *fields)
{
	struct slice field = take_until(header, ',');

	if (field.len != 1 || *field.data == '\0' ||
	    strchr("-c+", *field.data) == NULL)
		return false;
	fields->continued = *field.data == '-' ? '\0' : *field.data;
	return true;
}

/* OFFSET/TOTAL */
static bool
parse_fragment(struct slice value, struct netconsole_datagram *datagram)
{
	struct header header = { value.data, value.data + value.len };
	struct slice first = take_until(&header, '/');
	uint64_t offset, total;

	if (!parse_number(first, NETCONSOLE_MESSAGE_SIZE, &offset) ||
	    !parse_number(slice_to(header.at, header.end),
		NETCONSOLE_MESSAGE_SIZE, &total))
		return false;
	if (datagram->total != 0 || datagram->body.len == 0 || offset > total ||
	    datagram->body.len > total - offset)
		return false;
	datagram->offset = (size_t)offset;
	datagram->total = (size_t)total;
	return true;
}

/* KEY=VALUE; keys that are not known say nothing. */
static bool
parse_key(struct slice field, struct netconsole_datagram *datagram)
{
	struct header header = { field.data, field.data + field.len };
	struct slice key = take_until(&header, '=');
	struct slice value = slice_to(header.at, header.end);

	if (key.len == 6 && memcmp(key.data, "ncfrag", 6) == 0)
		return parse_fragment(value, datagram);
	if (key.len == 6 && memcmp(key.data, "caller", 6) == 0)
		datagram->fields.process = value;
	return true;
}

bool
netconsole_parse(
    struct netconsole_datagram *datagram, const char *data, size_t len)
{
	struct creosote_fields *fields = &datagram->fields;
	size_t look = len < HEADER_MAX_LEN ? len : HEADER_MAX_LEN;
	const char *semicolon = look > 0 ? memchr(data, ';', look) : NULL;
	struct header header = { data, semicolon };

	*datagram = (struct netconsole_datagram){ 0 };
	if (semicolon == NULL || !parse_level(&header, fields) ||
	    !parse_number(
		take_until(&header, ','), UINT64_MAX, &fields->sequence) ||
	    !parse_number(
		take_until(&header, ','), UINT64_MAX, &fields->uptime_us) ||
	    !parse_flag(&header, fields))
		return false;
	fields->has_sequence = true;
	datagram->body = slice_to(semicolon + 1, data + len);
	while (header.at < header.end)
		if (!parse_key(take_until(&header, ','), datagram))
			return false;
	return true;
}

bool
netconsole_find_msgid(struct slice dictionary, uint32_t *msgid)
{
	struct header lines;
	bool found = false;

	if (dictionary.len == 0)
		return false;
	lines = (struct header){ dictionary.data,
		dictionary.data + dictionary.len };
	while (lines.at < lines.end) {
		struct slice line = take_until(&lines, '\n');
		uint64_t number;

		if (line.len > 7 && memcmp(line.data, " msgid=", 7) == 0 &&
		    parse_number(slice_to(line.data + 7, line.data + line.len),
			UINT32_MAX, &number)) {
			*msgid = (uint32_t)number;
			found = true;
		}
	}
	return found;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t
netconsole_unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && len - i >= 4 && text[i + 1] == 'x' &&
		    hex_value(text[i + 2]) >= 0 &&
		    hex_value(text[i + 3]) >= 0) {
			text[out++] = (char)(hex_value(text[i + 2]) * 16 +
			    hex_value(text[i + 3]));
			i += 3;
			continue;
		}
		text[out++] = text[i];
	}
	return out;
}
