/* SPDX-License-Identifier: ISC */
/* Escapes by many bytes at once are what they are byte by byte. */
#include "base/escape.h"

#include <stdint.h>
#include <string.h>

#include "check_main.h"

typedef size_t (*escape_function)(char *, const char *, size_t);

/* The obvious way, which looks at every byte, or character, by itself. */
static size_t
escape_slowly(escape_function escape, char *out, const char *data, size_t len)
{
	size_t used = 0, taken = 1;

	for (size_t i = 0; i < len; i += taken)
		used += escape == escape_utf8
		    ? escape_utf8_one(out + used, data + i, len - i, &taken)
		    : escape(out + used, data + i, 1);
	return used;
}

#define LONG_SIZE 150

static void
check_one(escape_function escape, const char *data, size_t len)
{
	char out[LONG_SIZE * ESCAPE_GROWTH + 1];
	char expected[LONG_SIZE * ESCAPE_GROWTH];
	size_t room = len * ESCAPE_GROWTH;
	size_t expected_len = escape_slowly(escape, expected, data, len);

	out[room] = '#';
	ck_assert_uint_eq(escape(out, data, len), expected_len);
	ck_assert_mem_eq(out, expected, expected_len);
	ck_assert_int_eq(out[room], '#');
}

static void
check_all(const char *data, size_t len)
{
	check_one(escape_repr, data, len);
	check_one(escape_utf8, data, len);
	check_one(escape_json, data, len);
}

/* Every byte at every place of plain texts of every length. */
START_TEST(test_one_in_plain)
{
	char data[LONG_SIZE];

	for (size_t len = 1; len <= 72; len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned byte = 0; byte < 256; byte++) {
				memset(data, 'a', len);
				data[at] = (char)byte;
				check_all(data, len);
			}
}
END_TEST

/* Texts of which from none to all bytes may be any. */
START_TEST(test_any_in_plain)
{
	uint32_t state = 1;
	char data[LONG_SIZE];

	for (unsigned round = 0; round < 40000; round++) {
		size_t len = round % (LONG_SIZE + 1);

		for (size_t i = 0; i < len; i++) {
			state = state * 1664525 + 1013904223;
			data[i] = (char)((state >> 24) % 20 < round % 21
				? state >> 16
				: ' ' + (state >> 16) % 60);
		}
		check_all(data, len);
	}
}
END_TEST

CHECK_MAIN("escape_plain", test_one_in_plain, test_any_in_plain)
